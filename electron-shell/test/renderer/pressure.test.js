'use strict';
/** A page that draws slowly drops pictures, and does not fall behind: what it draws is as fresh at the end as at the start. */
const assert = require('assert');
const { test } = require('node:test');
const { browsing, filming, skip } = require('./page');

const open = browsing();
const I420 = 1;
const FPS_30 = ['setVideoEncoderParam', { videoResolution: 108, resMode: 0, videoFps: 30, videoBitrate: 1000 }];
const DRAWN = 60;
const cameraUrl = filming(FPS_30);

/** Blocks the page for `blockMs` with each picture; how old each one is when that begins, and its number. */
async function slowPage({ url, blockMs, drawn, custom }) {
  const { RendererHub, canvasOf, readPattern, until, view } = window.scene;
  const hub = new RendererHub({ framesUrl: () => url });
  const seen = [];
  const busy = () => { for (const end = performance.now() + blockMs; performance.now() < end;); }; // eslint-disable-line
  if (custom) {
    hub.setCallback(0, '', 0, custom, (user, stream, frame) => {
      seen.push(Date.now() - frame.timestamp);
      busy();
    });
  }
  const element = view(640, 360);
  hub.show(0, '', 0, element);
  let last = null;
  await until(() => {
    if (custom) return seen.length >= drawn;
    const card = readPattern(canvasOf(element));
    if (card && card.number !== last) {
      seen.push(card.ageMs);
      last = card.number;
      busy();
    }
    return seen.length >= drawn;
  }, `${drawn} pictures`, 60000);
  return seen;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

for (const [what, custom] of [['a custom renderer', I420], ['something else in the page', null]]) {
  test(`${what} that takes 120 ms for each picture does not make them old`, { skip }, async (t) => {
    const page = await open(t);
    const blockMs = 120;
    const ages = await page.evaluate(slowPage, { url: cameraUrl(), blockMs, drawn: DRAWN, custom });
    const steady = ages.slice(5);
    const limit = 3 * blockMs;
    assert.ok(median(steady) < limit, `median ${median(steady)} ms: ${ages}`);
    assert.ok(median(steady.slice(-20)) < median(steady.slice(0, 20)) + blockMs, `grows: ${ages}`);
  });
}

test('one stream with a slow renderer leaves the others their share', { skip }, async (t) => {
  const page = await open(t);
  const seen = await page.evaluate(async () => {
    const { Scene, idOf, message, until, view } = window.scene;
    const scene = new Scene();
    const of = { cloud: 0, user: 'slow', stream: 0 };
    scene.hub.setCallback(0, 'slow', null, 1, () => { for (const end = performance.now() + 50; performance.now() < end;); }); // eslint-disable-line
    scene.hub.show(0, 'slow', 0, null);
    scene.hub.show(0, 'quick', 0, view());
    const credit = (user) => scene.socket && scene.socket.credit.get(idOf({ cloud: 0, user, stream: 0 }));
    await until(() => credit('slow') && credit('quick'), 'credit');
    for (let round = 0; round < 10; round++) {
      for (const user of ['slow', 'quick']) await scene.draw([0, user, 0]);
    }
    const before = credit('slow');
    scene.socket.push(message({ source: idOf(of) }));
    scene.socket.push(message({ source: idOf(of), width: 32 })); // newest wins: the first is not drawn
    const drawn = scene.drawn([0, 'slow', 0]);
    await until(() => scene.drawn([0, 'slow', 0]) > drawn, 'drawn');
    return { slow: scene.drawn([0, 'slow', 0]), quick: scene.drawn([0, 'quick', 0]), granted: credit('slow') - before };
  });
  assert.deepStrictEqual(seen, { slow: 11, quick: 10, granted: 1 });
});
