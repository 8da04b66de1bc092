'use strict';
/** A view shows the camera of a real backend: canvas at once, a picture that moves, in the right colours, of any size. */
const assert = require('assert');
const { everywhere, filming } = require('./page');

const each = everywhere();
const cameraUrl = filming();
const PAINTERS = [['webgl', true], ['2d', false]];

/** Shows the local camera of the backend at `url`; answers what is in the view before anything else can happen. */
function showCamera([url, softwareGl]) {
  window.hub = new window.scene.RendererHub({ framesUrl: () => url, softwareGl });
  window.view = window.scene.view(640, 360);
  window.view.innerHTML = '<p>loading</p>';
  window.hub.show(0, '', 0, window.view);
  return window.view.innerHTML;
}

for (const [kind, softwareGl] of PAINTERS) {
  each(`${kind}: the camera of a backend is in the view, and moves`, async (t, open) => {
    const page = await open(t);
    const html = await page.evaluate(showCamera, [cameraUrl(), softwareGl]);
    assert.match(html, new RegExp(`^<div class="trtc-${kind}" style="[^"]*"><canvas [^>]*></canvas></div>$`));
    for (const rule of ['width: 100%', 'height: 100%', 'display: flex', 'justify-content: center', 'align-items: center']) {
      assert.ok(html.includes(rule), `${rule} in ${html}`);
    }
    const seen = await page.evaluate(async () => {
      const numbers = [];
      await window.scene.until(() => {
        const card = window.scene.readPattern(window.scene.canvasOf(window.view));
        if (card && card.number !== numbers[numbers.length - 1]) numbers.push(card.number);
        return numbers.length >= 10;
      }, 'ten pictures');
      const { width, height } = window.scene.canvasOf(window.view);
      return { numbers, width, height, painter: window.hub.statistics().painter };
    });
    assert.deepStrictEqual(seen.numbers, [...seen.numbers].sort((a, b) => a - b));
    assert.deepStrictEqual([seen.width, seen.height, seen.painter], [640, 360, kind]);
  });

  each(`${kind}: the colour bars of the test card have their colours`, async (t, open) => {
    const page = await open(t);
    await page.evaluate(showCamera, [cameraUrl(), softwareGl]);
    const bars = await page.evaluate(async () => {
      await window.scene.until(() => window.scene.readPattern(window.scene.canvasOf(window.view)), 'a picture');
      return Array.from({ length: 8 }, (_, bar) => window.scene.colourOf(window.view, bar * 80 + 40, 10));
    });
    const expected = [[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0]];
    bars.forEach((bar, index) => bar.forEach((value, channel) => {
      const wanted = expected[index][channel] * 0.75 * 255;
      assert.ok(Math.abs(value - wanted) <= 5, `bar ${index}: ${bar}, not ${expected[index].map((part) => part * 191)}`);
    }));
  });

  each(`${kind}: every pure colour`, async (t, open) => {
    const page = await open(t);
    const names = await page.evaluate(async (gl) => {
      const { Scene, COLOURS, view, nameAt } = window.scene;
      const scene = new Scene({ softwareGl: gl });
      const element = view();
      scene.hub.show(0, 'a', 0, element);
      const all = Object.keys(COLOURS);
      await scene.draw([0, 'a', 0], { width: 8 * all.length, height: 2, colourAt: (x) => all[x >> 3] });
      return all.map((name, index) => [name, nameAt(element, index * 8 + 4, 0, 3)]);
    }, softwareGl);
    names.forEach(([name, found]) => assert.strictEqual(found, name));
  });

  each(`${kind}: sizes that are odd, tiny, or change from picture to picture`, async (t, open) => {
    const page = await open(t);
    const found = await page.evaluate(async (gl) => {
      const { Scene, view, nameAt, canvasOf } = window.scene;
      const scene = new Scene({ softwareGl: gl });
      const element = view(300, 300);
      scene.hub.show(0, 'a', 0, element);
      const seen = [];
      for (const [width, height] of [[641, 361], [1, 1], [3, 5], [5, 3], [17, 2], [1920, 1080], [321, 181], [64, 48]]) {
        const [middle, centre] = [(width >> 2) * 2, (height >> 2) * 2];
        const colourAt = (x, y) => (y < centre ? (x < middle ? 'red' : 'green') : x < middle ? 'blue' : 'white');
        await scene.draw([0, 'a', 0], { width, height, colourAt });
        const canvas = canvasOf(element);
        const corners = [[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]];
        seen.push({
          asked: `${width}x${height}`,
          got: `${canvas.width}x${canvas.height}`,
          expected: corners.map(([x, y]) => colourAt(x, y)),
          corners: corners.map(([x, y]) => nameAt(element, x, y)),
        });
      }
      return seen;
    }, softwareGl);
    for (const { asked, got, expected, corners } of found) {
      assert.strictEqual(got, asked);
      assert.deepStrictEqual(corners, expected, asked);
    }
  });

  each(`${kind}: an odd picture is the even one less a column and a row`, async (t, open) => {
    const page = await open(t);
    const [even, odd] = await page.evaluate(async (gl) => {
      const { Scene, view, canvasOf } = window.scene;
      const scene = new Scene({ softwareGl: gl });
      const element = view();
      scene.hub.show(0, 'a', 0, element);
      const pixels = [];
      for (const less of [0, 1]) {
        const colourAt = (x, y) => (x < 2 ? 'red' : y < 2 ? 'blue' : 'green');
        await scene.draw([0, 'a', 0], { width: 6 - less, height: 6 - less, colourAt });
        pixels.push(Array.from(canvasOf(element).getContext('2d').getImageData(0, 0, 4, 4).data));
      }
      return pixels;
    }, softwareGl);
    even.forEach((value, index) => assert.ok(Math.abs(value - odd[index]) <= 2, `${even}\n${odd}`));
  });
}
