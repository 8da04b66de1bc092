'use strict';
/** WebGL taken away, refused or used up: pictures go on, and more views than a page may have contexts are drawn. */
const assert = require('assert');
const { everywhere } = require('./page');

const each = everywhere();

/** Keeps hold of every WebGL context that is made from now on. */
function collectContexts() {
  window.contexts = [];
  const plain = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function getContext(kind, ...options) {
    const context = plain.call(this, kind, ...options);
    if (kind === 'webgl' && context && !window.contexts.includes(context)) window.contexts.push(context);
    return context;
  };
}

each('a lost context is replaced; the third time it is 2D for good', async (t, open) => {
  const page = await open(t);
  await page.evaluate(collectContexts);
  const seen = await page.evaluate(async () => {
    const { Scene, view, nameAt, until } = window.scene;
    const scene = new Scene({ softwareGl: true });
    const element = view();
    scene.hub.show(0, 'a', 0, element);
    const story = [];
    for (const colour of ['red', 'green', 'blue', 'white', 'black']) {
      await scene.draw([0, 'a', 0], { colourAt: () => colour });
      story.push([scene.hub.statistics().painter, element.firstChild.className, nameAt(element, 0, 0), window.contexts.length]);
      const context = window.contexts[window.contexts.length - 1];
      if (!context.isContextLost()) context.getExtension('WEBGL_lose_context').loseContext();
      await until(() => context.isContextLost(), 'the context is lost');
    }
    return story;
  });
  assert.deepStrictEqual(seen, [
    ['webgl', 'trtc-webgl', 'red', 1],
    ['webgl', 'trtc-webgl', 'green', 2],
    ['webgl', 'trtc-webgl', 'blue', 3],
    ['2d', 'trtc-2d', 'white', 3],
    ['2d', 'trtc-2d', 'black', 3],
  ]);
});

each('a context that is lost while a picture is drawn costs no picture', async (t, open) => {
  const page = await open(t);
  await page.evaluate(collectContexts);
  const colour = await page.evaluate(async () => {
    const { Scene, view, nameAt } = window.scene;
    const scene = new Scene({ softwareGl: true });
    const element = view();
    scene.hub.show(0, 'a', 0, element);
    await scene.draw([0, 'a', 0], { colourAt: () => 'red' });
    const [context] = window.contexts;
    const { drawArrays } = context;
    context.drawArrays = function draw(...args) {
      context.getExtension('WEBGL_lose_context').loseContext();
      drawArrays.apply(context, args);
    };
    await scene.draw([0, 'a', 0], { colourAt: () => 'green' });
    return nameAt(element, 0, 0);
  });
  assert.strictEqual(colour, 'green');
});

each('a context that other parts of the page use up is made again', async (t, open) => {
  const page = await open(t);
  const seen = await page.evaluate(async () => {
    const { Scene, view, nameAt } = window.scene;
    const scene = new Scene({ softwareGl: true });
    const element = view();
    scene.hub.show(0, 'a', 0, element);
    await scene.draw([0, 'a', 0], { colourAt: () => 'red' });
    const greedy = Array.from({ length: 20 }, () => document.createElement('canvas').getContext('webgl'));
    await scene.draw([0, 'a', 0], { colourAt: () => 'green' });
    return { colour: nameAt(element, 0, 0), others: greedy.filter((context) => !context.isContextLost()).length };
  });
  assert.strictEqual(seen.colour, 'green');
  assert.ok(seen.others >= 14, `${seen.others} contexts of the page are left`);
});

each('where WebGL is refused, or done by the CPU, it is 2D', async (t, open) => {
  const page = await open(t);
  const painters = await page.evaluate(async () => {
    const { Scene, view } = window.scene;
    const kinds = [];
    const look = (options) => {
      const scene = new Scene(options);
      scene.hub.show(0, 'a', 0, view());
      kinds.push(scene.hub.statistics().painter);
      scene.hub.hideAll(0);
    };
    look({ softwareGl: true });
    look({});
    const plain = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function getContext(kind, ...options) {
      return kind === 'webgl' ? null : plain.call(this, kind, ...options);
    };
    look({ softwareGl: true });
    return kinds;
  });
  assert.deepStrictEqual(painters, ['webgl', '2d', '2d']);
});

for (const [kind, softwareGl] of [['webgl', true], ['2d', false]]) {
  each(`${kind}: 40 streams in 60 views of a page, with one context`, async (t, open) => {
    const page = await open(t);
    await page.evaluate(collectContexts);
    const seen = await page.evaluate(async (gl) => {
      const { COLOURS, Scene, view, nameAt } = window.scene;
      const names = Object.keys(COLOURS);
      const scene = new Scene({ softwareGl: gl });
      const users = Array.from({ length: 40 }, (_, index) => ({ user: `u${index}`, views: index % 2 ? [view(40, 30), view(40, 30)] : [view(40, 30)] }));
      users.forEach(({ user, views }) => scene.hub.show(0, user, 0, views));
      const wrong = [];
      for (const round of [0, 1, 2]) {
        const colour = (index) => names[(index + round) % names.length];
        const drawn = ({ user }, index) => scene.draw([0, user, 0], { width: 16 + 2 * index, height: 16, colourAt: () => colour(index) });
        await Promise.all(users.map(drawn));
        users.forEach(({ views }, index) => views.forEach((element) => {
          if (nameAt(element, 4, 4) !== colour(index)) wrong.push([round, index, nameAt(element, 4, 4), colour(index)]);
        }));
      }
      return { wrong, contexts: window.contexts.length };
    }, softwareGl);
    assert.deepStrictEqual(seen.wrong, []);
    assert.ok(seen.contexts <= 1, `${seen.contexts} contexts`);
  });
}
