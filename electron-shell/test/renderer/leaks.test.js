'use strict';
/** Nothing is left of views that are gone: no elements, listeners, timers, animation frames, sockets, no memory. */
const assert = require('assert');
const { test } = require('node:test');
const { until } = require('../tools/wait');
const { browsing, filming, skip } = require('./page');

const open = browsing();
const cameraUrl = filming();

/** After a collection: elements, listeners and heap of the page. */
async function counters(session) {
  for (let round = 0; round < 3; round += 1) await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const of = (wanted) => metrics.find(({ name }) => name === wanted).value;
  return { nodes: of('Nodes'), listeners: of('JSEventListeners'), heap: of('JSHeapUsedSize') };
}

/** Shows the camera in `count` fresh views, one after the other; every fifth waits for its picture. The last ends with a hide. */
async function cycles({ url, softwareGl, count, end }) {
  const { RendererHub, frames, until, view } = window.scene;
  window.hub = window.hub || new RendererHub({ framesUrl: () => url, softwareGl });
  const { hub } = window;
  for (let cycle = 0; cycle < count; cycle++) {
    const element = view(160, 90);
    hub.show(0, '', 0, element);
    if (cycle % 5 === 0) {
      const before = hub.statistics().streams[0].drawn;
      await until(() => hub.statistics().streams[0].drawn > before, 'drawn');
    } else await frames(1);
    if (end === 'hide' || cycle === count - 1) hub.hide(0, '', 0);
    element.remove();
  }
}

for (const [what, end, softwareGl] of [
  ['hidden', 'hide', false], ['hidden (webgl)', 'hide', true], ['exchanged for the next', 'exchange', false],
]) {
  test(`200 views, each ${what}`, { skip }, async (t) => {
    const page = await open(t);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    const url = cameraUrl();
    await page.evaluate(cycles, { url, softwareGl, count: 20, end });
    const before = await counters(session);
    await page.evaluate(cycles, { url, softwareGl, count: 200, end });
    const after = await counters(session);
    const grown = (name) => after[name] - before[name];
    assert.ok(grown('nodes') <= 10, `${grown('nodes')} nodes`);
    assert.ok(grown('listeners') <= 2, `${grown('listeners')} listeners`);
    assert.ok(grown('heap') < 300000, `${grown('heap')} bytes`);
  });
}

test('views that the page drops without a word are collected, and their stream is no longer asked for', { skip }, async (t) => {
  const page = await open(t);
  await page.evaluate(async () => {
    const { Scene, until, view } = window.scene;
    const scene = new Scene();
    window.kept = { scene, views: [] };
    const show = (number) => {
      const element = view();
      window.kept.views.push(new WeakRef(element));
      scene.hub.show(0, `user ${number}`, 0, element);
    };
    for (let number = 0; number < 10; number++) show(number);
    await Promise.all(window.kept.views.map((_, number) => scene.draw([0, `user ${number}`, 0])));
    document.body.textContent = '';
    await scene.send([0, 'user 3', 0]); // a picture that nobody sees is the occasion to look
    await until(() => scene.socket.readyState === 3, 'the socket is closed');
  });
  const session = await page.context().newCDPSession(page);
  await until(async () => {
    await session.send('HeapProfiler.collectGarbage');
    return page.evaluate(() => window.kept.views.every((reference) => !reference.deref()));
  }, 'collected');
  assert.strictEqual(await page.evaluate(() => window.kept.scene.hub.statistics().streams.length), 10); // until it is told to stop
});

test('after the last hide no timer, animation frame, listener or socket is left', { skip }, async (t) => {
  const page = await open(t);
  const left = await page.evaluate(async (url) => {
    const { RendererHub, frames, until, view } = window.scene;
    const pending = new Map();
    for (const [start, stop] of [['setTimeout', 'clearTimeout'], ['requestAnimationFrame', 'cancelAnimationFrame']]) {
      const plain = { start: window[start].bind(window), stop: window[stop].bind(window) };
      window[start] = (callback, ...rest) => {
        const id = plain.start((...args) => {
          pending.delete(`${start} ${id}`);
          callback(...args);
        }, ...rest);
        pending.set(`${start} ${id}`, String(callback));
        return id;
      };
      window[stop] = (id) => {
        pending.delete(`${start} ${id}`);
        plain.stop(id);
      };
    }
    let listeners = 0;
    for (const [name, by] of [['addEventListener', 1], ['removeEventListener', -1]]) {
      const plain = document[name];
      document[name] = (...args) => {
        listeners += by;
        plain.apply(document, args);
      };
    }
    const sockets = [];
    const openSocket = (address) => {
      sockets.push(new WebSocket(address));
      return sockets[sockets.length - 1];
    };
    const hub = new RendererHub({ framesUrl: () => url, openSocket });
    const detached = view();
    hub.show(0, '', 0, [view(), detached]);
    hub.show(0, 'nobody', 0, view());
    detached.remove();
    await until(() => hub.statistics().streams[0].drawn >= 3, 'drawn');
    const busy = pending.size;
    hub.hideAll(0);
    await until(() => sockets.every(({ readyState }) => readyState === 3), 'closed');
    await frames(2);
    await until(() => pending.size === 0, () => Array.from(pending.values()).join('\n'));
    return { busy, listeners, sockets: sockets.length };
  }, cameraUrl());
  assert.ok(left.busy > 0);
  assert.deepStrictEqual([left.listeners, left.sockets], [0, 1]);
});

test('without an endpoint the tries end with the last hide, too', { skip }, async (t) => {
  const page = await open(t);
  const asked = await page.evaluate(async () => {
    const { RendererHub, until, view } = window.scene;
    let count = 0;
    const hub = new RendererHub({ framesUrl: () => { count += 1; return null; } });
    hub.show(0, '', 0, view());
    await until(() => count === 3, 'asked three times');
    hub.hide(0, '', 0);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return count;
  });
  assert.strictEqual(asked, 3);
});
