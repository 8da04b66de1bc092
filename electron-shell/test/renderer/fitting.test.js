'use strict';
/** Fit and fill: how large the canvas is in its view, also of views that are resized, flat or hidden. */
const assert = require('assert');
const { everywhere } = require('./page');

const each = everywhere();
const FILL = 0;
const FIT = 1;

/** The canvas in CSS pixels, after each of `steps`: {params, view, frame}, which say what is new. */
async function measured(steps) {
  const { Scene, view, canvasOf } = window.scene;
  const scene = new Scene();
  const element = view(400, 400);
  scene.hub.show(0, 'a', 0, element);
  const seen = [];
  for (const { params, size, frame } of steps) {
    if (params) scene.hub.setParams(0, 'a', 0, params);
    if (size) Object.assign(element.style, { width: `${size[0]}px`, height: `${size[1]}px` });
    if (frame) await scene.draw([0, 'a', 0], Object.assign({ width: 640, height: 360 }, frame));
    const box = canvasOf(element).getBoundingClientRect();
    const outer = element.getBoundingClientRect();
    const centre = [box.left + box.width / 2 - outer.left - outer.width / 2, box.top + box.height / 2 - outer.top - outer.height / 2];
    seen.push({ size: [box.width, box.height], centred: centre.every((off) => Math.abs(off) <= 0.5) });
  }
  return seen;
}

async function check(opening, ...steps) {
  const page = await opening;
  const seen = await page.evaluate(measured, steps);
  seen.forEach(({ size, centred }, index) => {
    assert.deepStrictEqual(size, steps[index].expect, `step ${index}`);
    assert.ok(centred, `step ${index} is centred`);
  });
}

each('contained by default, covering when told so, at once', (t, open) => check(
  open(t),
  { expect: [400, 225] }, // what a picture is taken for until one comes
  { frame: {}, expect: [400, 225] },
  { params: { fillMode: FILL }, expect: [711, 400] },
  { frame: {}, expect: [711, 400] },
  { params: { fillMode: FIT }, expect: [400, 225] },
));

each('a turned picture has its sides exchanged', (t, open) => check(
  open(t),
  { params: { rotation: 1 }, frame: {}, expect: [225, 400] },
  { params: { fillMode: FILL }, expect: [400, 711] },
  { params: { rotation: 2 }, frame: {}, expect: [711, 400] },
  { frame: { turns: 3 }, expect: [400, 711] },
));

each('the next picture fits a view that was resized, and one of another size', (t, open) => check(
  open(t),
  { frame: {}, expect: [400, 225] },
  { size: [200, 400], frame: {}, expect: [200, 113] },
  { size: [1000, 180], frame: {}, expect: [320, 180] },
  { frame: { width: 90, height: 90 }, expect: [180, 180] },
  { params: { fillMode: FILL }, frame: { width: 90, height: 90 }, expect: [1000, 1000] },
));

each('what covers its view does not stick out of it', async (t, open) => {
  const page = await open(t);
  const outside = await page.evaluate(async () => {
    const { Scene, view } = window.scene;
    const scene = new Scene();
    const element = view(100, 100);
    element.style.margin = '50px';
    scene.hub.setParams(0, 'a', 0, { fillMode: 0 });
    scene.hub.show(0, 'a', 0, element);
    await scene.draw([0, 'a', 0], { width: 200, height: 100 });
    return [[40, 100], [160, 100], [100, 100]].map(([x, y]) => document.elementFromPoint(x, y).tagName);
  });
  assert.deepStrictEqual(outside, ['BODY', 'BODY', 'CANVAS']);
});

each('the camera test covers its view from the start', async (t, open) => {
  const page = await open(t);
  const width = await page.evaluate(async () => {
    const { Scene, view, canvasOf } = window.scene;
    const scene = new Scene();
    const element = view(400, 400);
    scene.hub.show(0, '', 3, element);
    await scene.draw([0, '', 3], { width: 640, height: 360 });
    return canvasOf(element).getBoundingClientRect().width;
  });
  assert.strictEqual(width, 711);
});

for (const [what, hide, show] of [
  ['0 px high', 'height:0', 'height:200px'],
  ['not displayed', 'display:none', 'display:block;height:200px'],
]) {
  each(`a view that is ${what} is drawn once a second, and at once when it opens`, async (t, open) => {
    const page = await open(t);
    const { closed, opened, size } = await page.evaluate(async ([hidden, visible]) => {
      const { Scene, view, canvasOf, until } = window.scene;
      const scene = new Scene();
      const element = view(400, 200);
      element.style.cssText = `width:400px;${hidden}`;
      scene.hub.show(0, 'a', 0, element);
      await scene.draw([0, 'a', 0]); // the first is drawn in any case
      const began = performance.now();
      await scene.draw([0, 'a', 0]);
      const waited = performance.now() - began;
      await scene.send([0, 'a', 0], { width: 64, height: 32 });
      element.style.cssText = `width:400px;${visible}`;
      const openedAt = performance.now();
      await until(() => scene.drawn([0, 'a', 0]) === 3, 'drawn when visible');
      const box = canvasOf(element).getBoundingClientRect();
      return { closed: waited, opened: performance.now() - openedAt, size: [box.width, box.height] };
    }, [hide, show]);
    assert.ok(closed > 900, `drawn after ${closed} ms`);
    assert.ok(opened < 900, `drawn after ${opened} ms`);
    assert.deepStrictEqual(size, [400, 200]);
  });
}
