'use strict';
/** Rotation and mirror, pixel by pixel, with both painters; and what of them belongs to the picture, what to the view. */
const assert = require('assert');
const { everywhere } = require('./page');

const each = everywhere();
const PAINTERS = [['webgl', true], ['2d', false]];
const [WIDTH, HEIGHT] = [13, 7];
const AUTO = 0;
const MIRRORED = 1;
const PLAIN = 2;

/** A picture that looks like none of its turns. */
const LIT = Array.from({ length: HEIGHT }, (_, y) => Array.from({ length: WIDTH }, (__, x) => (x * x + 3 * y + x * y) % 5 < 2));

/** What it looks like after quarter turns clockwise, and then in a mirror. */
function turned(rows, turns, mirrored) {
  let now = rows;
  for (let turn = 0; turn < turns; turn++) now = now[0].map((_, x) => now.map((row) => row[x]).reverse());
  return mirrored ? now.map((row) => [...row].reverse()) : now;
}

/** Draws the picture each way; answers the rows of lit pixels, as text. */
async function drawn({ gl, user, ways, lit }) {
  const { Scene, view, canvasOf } = window.scene;
  const scene = new Scene({ softwareGl: gl });
  const element = view();
  scene.hub.show(0, user, 0, element);
  const colourAt = (x, y) => (lit[y][x] ? 'white' : 'black');
  const seen = [];
  for (const { params, turns } of ways) {
    scene.hub.setParams(0, user, 0, params);
    await scene.draw([0, user, 0], { width: lit[0].length, height: lit.length, turns, colourAt });
    const { width, height } = canvasOf(element);
    const { data } = canvasOf(element).getContext('2d').getImageData(0, 0, width, height);
    const row = (y) => Array.from({ length: width }, (_, x) => (data[(y * width + x) * 4] > 250 ? '#' : data[(y * width + x) * 4] < 5 ? '.' : '?')).join('');
    seen.push(Array.from({ length: height }, (_, y) => row(y)));
  }
  scene.hub.destroy(0);
  return seen;
}

const text = (rows) => rows.map((row) => row.map((on) => (on ? '#' : '.')).join(''));

async function check(page, gl, user, ways) {
  const seen = await page.evaluate(drawn, { gl, user, ways, lit: LIT });
  ways.forEach((way, index) => assert.deepStrictEqual(seen[index], text(turned(LIT, way.expect[0], way.expect[1])), JSON.stringify(way)));
}

for (const [kind, gl] of PAINTERS) {
  each(`${kind}: four turns, each also mirrored`, async (t, open) => {
    const ways = [0, 1, 2, 3].flatMap((rotation) => [PLAIN, MIRRORED].map((mirrorType) => (
      { params: { rotation, mirrorType }, turns: 0, expect: [rotation, mirrorType === MIRRORED] })));
    await check(await open(t), gl, 'a', ways);
  });

  each(`${kind}: the turns that a picture brings along, and those of the view on top of them`, async (t, open) => {
    const ways = [0, 1, 2, 3].flatMap((turns) => [0, 1, 2, 3].map((rotation) => (
      { params: { rotation, mirrorType: PLAIN }, turns, expect: [(turns + rotation) % 4, false] })));
    await check(await open(t), gl, 'a', ways);
  });
}

each('automatic mirroring is for the own camera, not for others, screens or a wrong value', async (t, open) => {
  const page = await open(t);
  await check(page, false, '', [{ params: { mirrorType: AUTO }, turns: 0, expect: [0, true] }]);
  await check(page, false, 'a', [{ params: { mirrorType: AUTO }, turns: 0, expect: [0, false] }]);
  await check(page, false, 'a', [{ params: { mirrorType: undefined, rotation: 'left' }, turns: 0, expect: [0, false] }]);
});

each('parameters are remembered while a stream is not shown, and until its cloud is destroyed', async (t, open) => {
  const page = await open(t);
  const sizes = await page.evaluate(async () => {
    const { Scene, view, canvasOf } = window.scene;
    const scene = new Scene();
    const element = view();
    const seen = [];
    const look = async () => {
      scene.hub.show(0, 'a', 0, element);
      await scene.draw([0, 'a', 0], { width: 20, height: 10 });
      seen.push(canvasOf(element).width);
      scene.hub.hide(0, 'a', 0);
    };
    scene.hub.setParams(0, 'a', 0, { rotation: 1 });
    await look();
    await look();
    scene.hub.setParams(0, 'a', 0, { fillMode: 0 });
    await look();
    scene.hub.destroy(0);
    await look();
    return seen;
  });
  assert.deepStrictEqual(sizes, [10, 10, 10, 20]);
});
