'use strict';
/** Share and sub instances: who they are, what they hear, and what is left when they are destroyed. */
const assert = require('assert');
const { before, after, test } = require('node:test');
const { COMMAND, rooms } = require('../tools/programs');
const { params, script } = require('../tools/script');

let service;
const ends = [];

before(async () => { service = await rooms({ after: (end) => ends.push(end) }); });
after(() => Promise.all(ends.map((end) => end())));

const run = (t, code) => script(t, { PYBACKEND_COMMAND: COMMAND, PYBACKEND_ROOMS: service.ready.signal }, code);

/** Runs code that asserts by itself. */
async function holds(t, code) {
  const made = run(t, `const assert = require('assert');\n${code}\nsay('done');`);
  const { code: status } = await made.ended;
  assert.ok(status === 0 && made.said.some(([word]) => word === 'done'), `${status}: ${made.errors()} ${JSON.stringify(made.said)}`);
  return made;
}

/** As Vue 3's `reactive` does: all that it is given, and all that is got from it, is behind a proxy, unless it is marked. */
const REACTIVE = `
const reactive = (object) => (typeof object !== 'object' || object === null || object.__v_skip ? object
  : new Proxy(object, { get: (target, key, proxy) => reactive(Reflect.get(target, key, proxy)) }));
`;

test('an application may keep it, and its params, in the reactive state of a framework', (t) => holds(t, `${REACTIVE}
  const share = TRTCCloud.getTRTCShareInstance();
  const state = reactive({ cloud: share, params: Object.assign(new TRTCCloud.TRTCParams(), ${params('vue', 3)}) });
  assert.strictEqual(state.cloud, share);
  assert.deepStrictEqual(Object.keys(share), []);
  const entered = new Promise((resolve) => state.cloud.once('onEnterRoom', resolve));
  state.cloud.enterRoom(state.params, 0);
  assert.ok(await entered > 0);
  assert.strictEqual(state.cloud.getCameraDevicesList().length, 1);
  state.cloud.destroy();
`));

test('there is one share instance, by whatever name', (t) => holds(t, `
  const share = new TRTCCloud({ networkProxy: {} });
  assert.strictEqual(TRTCCloud.getTRTCShareInstance(), share);
  assert.strictEqual(TRTCCloud.getTRTCShareInstance({}), share);
  assert.ok(share instanceof TRTCCloud && share instanceof TRTCCloud.default);
  const second = new TRTCCloud();
  assert.notStrictEqual(second, share);
  assert.strictEqual(second.createSubCloud(), null);
  const sub = share.createSubCloud();
  assert.ok(sub instanceof TRTCCloud);
  assert.strictEqual(sub.createSubCloud(), null);
  share.setAudioCaptureVolume(10);
  sub.setAudioCaptureVolume(20);
  assert.deepStrictEqual([share, second, sub].map((cloud) => cloud.getAudioCaptureVolume()), [10, 100, 20]);
  sub.destroy();
  assert.strictEqual(sub.getAudioCaptureVolume(), 100);
  assert.strictEqual(second.getAudioCaptureVolume(), 100);
  share.destroy();
  assert.deepStrictEqual([share, second].map((cloud) => cloud.getCameraDevicesList().length), [0, 0]);
`));

test('a destroyed share instance is replaced, as often as one likes', (t) => holds(t, `
  TRTCCloud.destroyTRTCShareInstance();
  for (let round = 0; round < 3; round += 1) {
    const share = TRTCCloud.getTRTCShareInstance();
    share.on('onWarning', () => {});
    assert.strictEqual(share.getCameraDevicesList().length, 1);
    if (round % 2) share.destroy();
    else TRTCCloud.destroyTRTCShareInstance();
    share.destroy();
    TRTCCloud.destroyTRTCShareInstance();
    const fresh = TRTCCloud.getTRTCShareInstance();
    assert.notStrictEqual(fresh, share);
    assert.strictEqual(fresh.listenerCount('onWarning'), 0);
    fresh.destroy();
  }
`));

test('a sub instance is in a room of its own; the share instance takes it along', async (t) => {
  const made = await holds(t, `
    const share = TRTCCloud.getTRTCShareInstance();
    const sub = share.createSubCloud();
    for (const [name, cloud] of [['share', share], ['sub', sub]]) {
      for (const event of ['onEnterRoom', 'onExitRoom', 'onRemoteUserEnterRoom', 'onError']) cloud.on(event, (first) => say(name, event, event === 'onEnterRoom' ? first > 0 : first));
    }
    const met = next(share, 'onRemoteUserEnterRoom');
    share.enterRoom(${params('share', 1)}, 0);
    sub.enterRoom(${params('sub', 1)}, 0);
    await met;
    const left = Promise.all([next(share, 'onExitRoom'), next(sub, 'onExitRoom')]);
    share.destroy();
    await left;
  `);
  const of = (name) => made.said.filter(([word]) => word === name).map((all) => all.slice(1));
  assert.deepStrictEqual(of('share'), [['onEnterRoom', true], ['onRemoteUserEnterRoom', 'sub'], ['onExitRoom', 0]]);
  assert.deepStrictEqual(of('sub').sort(), [['onEnterRoom', true], ['onExitRoom', 0], ['onRemoteUserEnterRoom', 'share']]);
});

test('destroyed in mid-call and made again in the same breath: each hears its own', async (t) => {
  const made = await holds(t, `
    const first = TRTCCloud.getTRTCShareInstance();
    first.startLocalPreview(null);
    first.enterRoom(${params('me', 2)}, 0);
    await next(first, 'onEnterRoom');
    first.on('onExitRoom', (reason) => say('first', reason));
    const left = next(first, 'onExitRoom');
    first.destroy();
    const second = TRTCCloud.getTRTCShareInstance();
    second.on('onExitRoom', (reason) => say('second', reason));
    second.enterRoom(${params('me', 2)}, 0);
    const [result] = await next(second, 'onEnterRoom');
    assert.ok(result > 0, String(result));
    await left;
    second.exitRoom();
    await next(second, 'onExitRoom');
    second.destroy();
  `);
  assert.deepStrictEqual(made.said, [['first', 0], ['second', 0], ['done']]);
});

test('loaded twice, there is still one share instance and one backend', (t) => holds(t, `
  const first = TRTCCloud.getTRTCShareInstance();
  Object.keys(require.cache).forEach((file) => delete require.cache[file]);
  const Again = require(${JSON.stringify(require.resolve('../../sdk'))});
  assert.notStrictEqual(Again, TRTCCloud);
  assert.strictEqual(Again.getTRTCShareInstance(), first);
  first.destroy();
`));
