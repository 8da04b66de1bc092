'use strict';
/** Which view shows what: several, moved, shared, taken over, detached and come back, emptied by the page; and never blank meanwhile. */
const assert = require('assert');
const { everywhere, filming } = require('./page');

const each = everywhere();
const cameraUrl = filming();

each('one picture in several views; those no longer listed are empty', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(async () => {
    const { Scene, view, nameAt, canvasOf } = window.scene;
    const scene = new Scene();
    const [a, b, c] = [view(), view(), view()];
    scene.hub.show(0, 'a', 0, [a, b, a, null, 'no element', document.createTextNode('neither')]);
    await scene.draw([0, 'a', 0], { colourAt: () => 'red' });
    const first = [a, b].map((element) => [element.childElementCount, nameAt(element, 0, 0)]);
    scene.hub.show(0, 'a', 0, [b, c]);
    const moved = [a.innerHTML, nameAt(b, 0, 0), nameAt(c, 0, 0)];
    scene.hub.hide(0, 'a', 0);
    return { first, moved, hidden: [b.innerHTML, c.innerHTML], canvas: canvasOf(b) };
  });
  assert.deepStrictEqual(seen, { first: [[1, 'red'], [1, 'red']], moved: ['', 'red', 'red'], hidden: ['', ''], canvas: null });
});

each('a view belongs to the stream that had it last, and the other one goes on elsewhere', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(async () => {
    const { Scene, view, nameAt, until } = window.scene;
    const scene = new Scene();
    const [a, b] = [view(), view()];
    scene.hub.show(0, 'x', 0, [a, b]);
    await scene.draw([0, 'x', 0], { colourAt: () => 'red' });
    scene.hub.show(0, 'y', 0, a);
    await scene.draw([0, 'y', 0], { colourAt: () => 'blue' });
    await scene.draw([0, 'x', 0], { colourAt: () => 'green' });
    const both = [a, b].map((element) => [element.childElementCount, nameAt(element, 0, 0)]);
    scene.hub.hide(0, 'x', 0);
    const left = [nameAt(a, 0, 0), b.innerHTML];
    scene.hub.show(0, 'y', 0, [b]);
    scene.hub.show(0, 'z', 0, [b]);
    await until(() => !scene.socket.wanted.some(({ user }) => user === 'y'), 'what is in no view is not asked for');
    return { both, left, wanted: scene.socket.wanted };
  });
  assert.deepStrictEqual(seen.both, [[1, 'blue'], [1, 'green']]);
  assert.deepStrictEqual(seen.left, ['blue', '']);
  assert.deepStrictEqual(seen.wanted, [{ cloud: 0, user: 'z', stream: 0 }]);
});

each('big and small of a user share a place; screen, camera test and other clouds have their own', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(() => {
    const { Scene, view } = window.scene;
    const scene = new Scene();
    const children = (...views) => views.map((element) => element.childElementCount);
    const [big, small, sub, test, other] = [view(), view(), view(), view(), view()];
    scene.hub.show(0, 'a', 0, big);
    scene.hub.show(0, 'a', 1, small);
    scene.hub.show(0, 'a', 2, sub);
    scene.hub.show(0, '', 3, test);
    scene.hub.show(1, 'a', 0, other);
    const shown = children(big, small, sub, test, other);
    scene.hub.userLeft(0, 'a');
    const left = children(small, sub, test, other);
    scene.hub.hideAllRemote(1);
    const gone = children(test, other);
    scene.hub.show(0, 'a', 1, small);
    scene.hub.hide(0, 'a', 0);
    scene.hub.hideAll(0);
    return { shown, left, gone, end: children(small, test) };
  });
  assert.deepStrictEqual(seen, { shown: [0, 1, 1, 1, 1], left: [0, 0, 1, 1], gone: [1, 0], end: [0, 0] });
});

each('a detached view is soon not asked for, and shows pictures again when it is back', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(async () => {
    const { Scene, view, nameAt, until } = window.scene;
    const scene = new Scene();
    const element = view();
    scene.hub.show(0, 'a', 0, element);
    await scene.draw([0, 'a', 0], { colourAt: () => 'red' });
    const socket = scene.socket;
    element.remove();
    await scene.send([0, 'a', 0], {});
    await until(() => socket.readyState === 3, 'nothing is wanted: the socket is closed');
    document.body.appendChild(element);
    const back = nameAt(element, 0, 0);
    await scene.draw([0, 'a', 0], { colourAt: () => 'blue' });
    return { back, now: nameAt(element, 0, 0), sockets: scene.sockets.length };
  });
  assert.match(seen.back, /red|grey/);
  assert.deepStrictEqual([seen.now, seen.sockets], ['blue', 2]);
});

each('a view that is not in the page yet is drawn as soon as it is', async (t, open) => {
  const page = await open(t);
  const colour = await page.evaluate(async () => {
    const { Scene, view, nameAt } = window.scene;
    const scene = new Scene();
    const element = view(320, 240, null);
    scene.hub.show(0, 'a', 0, element);
    document.body.appendChild(element);
    await scene.draw([0, 'a', 0], { colourAt: () => 'green' });
    return nameAt(element, 0, 0);
  });
  assert.strictEqual(colour, 'green');
});

each('a view that the page has emptied has its canvas again when it is shown again, and what the page adds stays', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(async () => {
    const { Scene, view, nameAt, canvasOf } = window.scene;
    const scene = new Scene();
    const element = view();
    scene.hub.show(0, 'a', 0, element);
    await scene.draw([0, 'a', 0], { colourAt: () => 'red' });
    element.innerHTML = '<p>muted</p>';
    scene.hub.show(0, 'a', 0, element);
    const again = [element.childElementCount, canvasOf(element) && nameAt(element, 0, 0)];
    await scene.draw([0, 'a', 0], { colourAt: () => 'blue' });
    element.insertAdjacentHTML('beforeend', '<b>name</b>');
    scene.hub.show(0, 'a', 0, element);
    return [...again, nameAt(element, 0, 0), element.lastChild.textContent];
  });
  assert.deepStrictEqual(seen, [1, 'red', 'blue', 'name']);
});

each('views of an iframe are drawn, too', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(async () => {
    const { Scene, nameAt } = window.scene;
    const scene = new Scene();
    const frame = document.body.appendChild(document.createElement('iframe'));
    const element = frame.contentDocument.body.appendChild(frame.contentDocument.createElement('div'));
    element.style.height = '100px';
    scene.hub.show(0, 'a', 0, element);
    await scene.draw([0, 'a', 0], { colourAt: () => 'green' });
    return nameAt(element, 0, 0);
  });
  assert.strictEqual(seen, 'green');
});

each('a hidden tab is drawn once a second', async (t, open) => {
  const page = await open(t);
  const waited = await page.evaluate(async () => {
    const { Scene, view } = window.scene;
    const scene = new Scene();
    scene.hub.show(0, 'a', 0, view());
    await scene.draw([0, 'a', 0]);
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    await scene.draw([0, 'a', 0]);
    const began = performance.now();
    await scene.draw([0, 'a', 0]);
    const slow = performance.now() - began;
    await scene.send([0, 'a', 0]);
    delete document.hidden;
    document.dispatchEvent(new Event('visibilitychange'));
    const visibleAt = performance.now();
    await window.scene.until(() => scene.drawn([0, 'a', 0]) === 4, 'drawn when visible');
    return { slow, fast: performance.now() - visibleAt };
  });
  assert.ok(waited.slow > 900, `${waited.slow} ms`);
  assert.ok(waited.fast < 500, `${waited.fast} ms`);
});

/**
 * While `change(step)` moves views about, the view that it names has the camera's picture whenever anybody could look:
 * after each change, in each animation frame, and after it. Answers how often was looked, what was blank, and which canvases there were.
 */
async function watched([url, name]) {
  const { RendererHub, canvasOf, frames, readPattern, until, view } = window.scene;
  const hub = new RendererHub({ framesUrl: () => url });
  const [a, b] = [view(), view(200, 100)];
  let [current, looks, running] = [a, 0, true];
  const blanks = [];
  const canvases = new Set();
  const show = (views) => hub.show(0, '', 0, views);
  const look = (when) => {
    looks += 1;
    canvases.add(canvasOf(current));
    if (!canvasOf(current) || !readPattern(canvasOf(current))) blanks.push(when);
  };
  const changes = {
    again: () => show(a),
    resized: (step) => { a.style.width = `${300 + step}px`; },
    parameters: (step) => hub.setParams(0, '', 0, { fillMode: step % 2, mirrorType: 2 }),
    moved: (step) => { current = step % 2 ? b : a; show(current); },
    replaced: () => { const old = current; current = view(); show(current); old.remove(); },
    doubled: (step) => { current = a; show(step % 2 ? [a, b] : [b, a]); },
    reattached: () => { a.remove(); document.body.appendChild(a); },
  };
  show(a);
  await until(() => readPattern(canvasOf(a)), 'a first picture');
  const channel = new MessageChannel();
  channel.port1.onmessage = () => look('after a frame');
  const sample = () => {
    look('in a frame');
    channel.port2.postMessage(null);
    if (running) requestAnimationFrame(sample);
  };
  sample();
  const before = hub.statistics().streams[0].drawn;
  for (let step = 0; step < 25 || hub.statistics().streams[0].drawn < before + 10; step++) {
    changes[name](step);
    look('after a change');
    await frames(1 + (step % 3));
  }
  running = false;
  return { looks, blanks, canvases: canvases.size };
}

for (const [name, canvases] of [['again', 1], ['resized', 1], ['parameters', 1], ['doubled', 1], ['reattached', 1], ['moved', null], ['replaced', null]]) {
  each(`never blank: ${name}`, async (t, open) => {
    const page = await open(t);
    const seen = await page.evaluate(watched, [cameraUrl(), name]);
    assert.deepStrictEqual(seen.blanks, []);
    assert.ok(seen.looks > 100, `${seen.looks} looks`);
    if (canvases) assert.strictEqual(seen.canvases, canvases);
  });
}
