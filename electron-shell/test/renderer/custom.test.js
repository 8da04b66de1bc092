'use strict';
/** An application's own renderer: what it is given, of whom, until when; and that its mistakes are its own. */
const assert = require('assert');
const { everywhere, filming } = require('./page');

const each = everywhere();
const cameraUrl = filming();
const I420 = 1;
const BGRA32 = 3;
const RGBA32 = 5;
const BUFFER = 1;

each('the frames of a backend, read as applications do', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(async ([url, format]) => {
    const { RendererHub, canvasOf, until, view } = window.scene;
    const hub = new RendererHub({ framesUrl: () => url });
    const element = view();
    const got = [];
    hub.setCallback(0, '', 0, format, { onRenderVideoFrame: (...args) => got.push(args) });
    hub.show(0, '', 0, element);
    await until(() => got.length >= 5, 'five frames');
    const blank = canvasOf(element).getContext('2d').getImageData(0, 0, 300, 200).data.every((byte) => byte === 0);
    hub.hide(0, '', 0);
    const [user, stream, frame] = got[got.length - 1];
    const { data, width, height } = frame;
    const y = new Uint8Array(data.buffer, 0, width * height);
    return {
      user,
      stream,
      blank,
      frame: Object.assign({}, frame, { data: null, timestamp: null }),
      late: Date.now() - frame.timestamp,
      times: got.map((args) => args[2].timestamp),
      bytes: [data.byteOffset, data.buffer.byteLength, new Uint8Array(data).length],
      first: [y[0], data[width * height], data[width * height * 1.25]], // the white bar of the test card
    };
  }, [cameraUrl(), I420]);
  assert.deepStrictEqual([seen.user, seen.stream, seen.blank], ['', 0, true]);
  assert.deepStrictEqual(seen.frame, {
    videoFormat: I420, bufferType: BUFFER, data: null, length: 345600, width: 640, height: 360, timestamp: null, rotation: 0,
  });
  assert.ok(seen.late >= 0 && seen.late < 20000, `${seen.late} ms`);
  assert.ok(seen.times.every((time, index) => Number.isInteger(time) && (index === 0 || time > seen.times[index - 1])), String(seen.times));
  assert.deepStrictEqual(seen.bytes, [0, 345600, 345600]);
  [180, 128, 128].forEach((value, plane) => assert.ok(Math.abs(seen.first[plane] - value) <= 2, String(seen.first)));
});

for (const [name, format, bytes] of [
  ['I420', I420, null],
  ['BGRA32', BGRA32, { red: [0, 0, 255, 255], blue: [255, 0, 0, 255] }],
  ['RGBA32', RGBA32, { red: [255, 0, 0, 255], blue: [0, 0, 255, 255] }],
]) {
  each(`${name} of an odd size, with the turns that the picture needs`, async (t, open) => {
    const page = await open(t);
    const frame = await page.evaluate(async (pixelFormat) => {
      const { Scene } = window.scene;
      const scene = new Scene();
      let got = null;
      scene.hub.setCallback(0, 'a', null, pixelFormat, (user, stream, given) => { got = given; });
      scene.hub.show(0, 'a', 0, null);
      await scene.draw([0, 'a', 0], { width: 5, height: 3, turns: 3, colourAt: (x) => (x < 2 ? 'red' : 'blue') });
      return Object.assign({}, got, { data: Array.from(got.data), offset: got.data.byteOffset, size: got.data.buffer.byteLength });
    }, format);
    const length = bytes ? 60 : 15 + 2 * 6;
    assert.deepStrictEqual(
      [frame.videoFormat, frame.width, frame.height, frame.rotation, frame.length, frame.data.length, frame.offset, frame.size],
      [format, 5, 3, 3, length, length, 0, length],
    );
    const near = (found, wanted) => wanted.forEach((value, index) => assert.ok(Math.abs(found[index] - value) <= 3, `${found}, not ${wanted}`));
    if (bytes) {
      near(frame.data.slice(0, 4), bytes.red);
      near(frame.data.slice(56, 60), bytes.blue);
    } else assert.deepStrictEqual(frame.data, [...Array(3).fill([81, 81, 41, 41, 41]).flat(), 90, 240, 240, 90, 240, 240, 240, 110, 110, 240, 110, 110]);
  });
}

each('where a page has Buffer, the data is one', async (t, open) => {
  const page = await open(t, { head: '<script>window.Buffer = { from: (bytes) => Object.assign(new Uint8Array(bytes), { isBuffer: true }) }</script>' });
  const data = await page.evaluate(async () => {
    const { Scene } = window.scene;
    const scene = new Scene();
    let got = null;
    scene.hub.setCallback(0, 'a', null, 1, (user, stream, frame) => { got = frame.data; });
    scene.hub.show(0, 'a', 0, null);
    await scene.draw([0, 'a', 0]);
    return [got.isBuffer, got.byteOffset];
  });
  assert.deepStrictEqual(data, [true, 0]);
});

each('a remote renderer gets all streams of its user and nobody else\'s, a local one the camera alone', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(async () => {
    const { Scene, view, nameAt } = window.scene;
    const scene = new Scene();
    const got = [];
    const note = (user, stream) => got.push(`${user}/${stream}`);
    scene.hub.setCallback(0, 'a', null, 1, note);
    scene.hub.setCallback(0, '', 0, 1, note);
    const drawn = [[0, 'b', 0], [0, '', 2], [0, '', 3], [1, 'a', 0], [1, '', 0]];
    const views = drawn.map((of) => {
      const element = view();
      scene.hub.show(...of, element);
      return element;
    });
    const handed = [[0, 'a', 0], [0, 'a', 2], [0, '', 0]];
    handed.forEach((of) => scene.hub.show(...of, null));
    for (const of of [...handed, ...drawn]) await scene.draw(of, { colourAt: () => 'green' });
    return { got, views: views.map((element) => nameAt(element, 0, 0)) };
  });
  assert.deepStrictEqual(seen.got, ['a/0', 'a/2', '/0']);
  assert.deepStrictEqual(seen.views, Array(5).fill('green'));
});

each('a renderer that throws is reported each time, and stops neither itself nor others', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(async () => {
    const { Scene, view, nameAt } = window.scene;
    const scene = new Scene();
    let calls = 0;
    scene.hub.setCallback(0, 'a', null, 1, () => { calls += 1; throw new Error('of the application'); });
    scene.hub.show(0, 'a', 0, null);
    const element = view();
    scene.hub.show(0, 'b', 0, element);
    for (const colour of ['red', 'blue']) {
      await scene.draw([0, 'a', 0]);
      await scene.draw([0, 'b', 0], { colourAt: () => colour });
    }
    return { calls, colour: nameAt(element, 0, 0) };
  });
  assert.deepStrictEqual(seen, { calls: 2, colour: 'blue' });
  assert.deepStrictEqual(await page.evaluate(() => window.scene.errors), ['of the application', 'of the application']);
});

each('null ends it: the view is drawn again, or nothing is asked for any more', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(async () => {
    const { Scene, view, nameAt, until } = window.scene;
    const scene = new Scene();
    const element = view();
    let calls = 0;
    const count = () => { calls += 1; };
    scene.hub.show(0, 'a', 0, element);
    scene.hub.show(0, 'b', 0, null);
    await scene.draw([0, 'a', 0], { colourAt: () => 'red' });
    const wantedFirst = scene.socket.wanted.map(({ user }) => user);
    for (const user of ['a', 'b']) scene.hub.setCallback(0, user, null, 1, count);
    await scene.draw([0, 'a', 0], { colourAt: () => 'green' });
    await scene.draw([0, 'b', 0]);
    const frozen = nameAt(element, 0, 0);
    for (const user of ['a', 'b']) scene.hub.setCallback(0, user, null, 1, null);
    await scene.draw([0, 'a', 0], { colourAt: () => 'blue' });
    await until(() => scene.socket.wanted.length === 1, 'only what is seen is asked for');
    return { wantedFirst, calls, frozen, now: nameAt(element, 0, 0), wanted: scene.socket.wanted.map(({ user }) => user) };
  });
  assert.deepStrictEqual(seen, { wantedFirst: ['a'], calls: 2, frozen: 'red', now: 'blue', wanted: ['a'] });
});

each('a renderer may hide its stream, or all of them, and show them again', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(async () => {
    const { Scene, view, nameAt } = window.scene;
    const scene = new Scene();
    const element = view();
    let calls = 0;
    scene.hub.setCallback(0, 'a', null, 1, () => {
      calls += 1;
      scene.hub.hideAll(0);
      if (calls === 2) scene.hub.show(0, 'b', 0, element);
    });
    for (let round = 0; round < 2; round++) {
      scene.hub.show(0, 'a', 0, null);
      scene.hub.show(0, 'b', 0, element);
      await scene.send([0, 'a', 0]);
      await window.scene.until(() => calls === round + 1, 'the renderer is called');
    }
    await scene.draw([0, 'b', 0], { colourAt: () => 'green' });
    return { calls, colour: nameAt(element, 0, 0), children: element.childElementCount };
  });
  assert.deepStrictEqual(seen, { calls: 2, colour: 'green', children: 1 });
  assert.deepStrictEqual(await page.evaluate(() => window.scene.errors), []);
});
