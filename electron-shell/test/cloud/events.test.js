'use strict';
/** Events in plain Node: never inside a call, in their order, whatever listeners do; as applications know them. */
const assert = require('assert');
const { before, after, test } = require('node:test');
const { COMMAND, rooms } = require('../tools/programs');
const { next, until } = require('../tools/wait');

const TRTCCloud = require('../../sdk');

const ends = [];
let cloud;

before(async () => {
  const service = await rooms({ after: (end) => ends.push(end) });
  Object.assign(process.env, { PYBACKEND_COMMAND: COMMAND, PYBACKEND_ROOMS: service.ready.signal });
  cloud = TRTCCloud.getTRTCShareInstance();
});
after(() => {
  cloud.destroy();
  return Promise.all(ends.map((end) => end()));
});

test('events come after the call that caused them, in their order, with a turn of its own each', async (t) => {
  const seen = [];
  const listener = (code, text) => {
    seen.push(/'(\d+)'/.exec(text)[1]);
    process.nextTick(() => seen.push('turn'));
  };
  cloud.on('onWarning', listener);
  t.after(() => cloud.off('onWarning', listener));
  for (let number = 0; number < 50; number += 1) {
    cloud.setCurrentCameraDevice(String(number));
    assert.strictEqual(cloud.getCurrentCameraDevice().deviceId, 'virtual:camera'); // it has been carried out
    assert.deepStrictEqual(seen, []);
  }
  await until(() => seen.length === 100);
  assert.deepStrictEqual(seen.filter((one) => one !== 'turn'), Array.from({ length: 50 }, (_, number) => String(number)));
  assert.ok(seen.every((one, index) => one === 'turn' || seen[index + 1] === 'turn'), seen.join());
});

test('local events, too', async () => {
  const seen = [];
  cloud.once('mine', (...args) => seen.push(args));
  cloud.fire('mine', 1, 2);
  assert.deepStrictEqual(seen, []);
  await until(() => seen.length);
  cloud.fire('mine', 3);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepStrictEqual(seen, [[1, 2]]);
});

test('a listener that throws stops neither the others nor the program', async (t) => {
  const errors = [];
  t.mock.method(console, 'error', (error) => errors.push(error));
  const seen = [];
  const listeners = [() => { throw new Error('mine'); }, () => seen.push('second'), () => seen.push('third')];
  listeners.forEach((listener) => cloud.on('onWarning', listener));
  cloud.once('onWarning', () => { throw new Error('once'); });
  cloud.setCurrentCameraDevice('a');
  cloud.setCurrentCameraDevice('b');
  await until(() => seen.length === 4);
  assert.deepStrictEqual(errors.map(({ message }) => message), ['mine', 'once', 'mine']);
  cloud.off('onWarning', listeners[1]);
  cloud.off('onWarning', () => {});
  cloud.removeListener('onWarning', listeners[0]);
  cloud.setCurrentCameraDevice('c');
  await until(() => seen.length === 5);
  assert.strictEqual(seen[4], 'third');
  cloud.removeAllListeners('onWarning');
  assert.strictEqual(cloud.listenerCount('onWarning'), 0);
});

test('an error reply to a method without a result is on the console, and a warning', async (t) => {
  const errors = [];
  t.mock.method(console, 'error', (text) => errors.push(text));
  const warned = next(cloud, 'onWarning');
  assert.strictEqual(cloud.muteLocalAudio('yes'), undefined);
  const [code, text, extra] = await warned;
  assert.strictEqual(code, -32602);
  assert.match(text, /^muteLocalAudio: .*mute/);
  assert.deepStrictEqual(extra, { method: 'muteLocalAudio' });
  assert.strictEqual(errors.length, 1);
  assert.match(errors[0], /^TRTCCloud\.muteLocalAudio: /);
});

test('enterRoom with parameters of a wrong type is answered like any other failure', async (t) => {
  t.mock.method(console, 'error', () => {});
  for (const [params, expected] of [[3, -3316], [null, -3316], [undefined, -3316], [{ sdkAppId: 'x' }, -3317], [{ sdkAppId: 1, userId: 7 }, -3319], [{ sdkAppId: 1, userId: 'a', userSig: '', roomId: 1 }, -3320]]) {
    const seen = [];
    const listeners = ['onError', 'onEnterRoom'].map((name) => {
      const listener = (code) => seen.push([name, code]);
      cloud.on(name, listener);
      return () => cloud.off(name, listener);
    });
    cloud.enterRoom(params, 0);
    await until(() => seen.length === 2, JSON.stringify([params, seen]));
    assert.deepStrictEqual(seen, [['onError', expected], ['onEnterRoom', expected]], JSON.stringify(params));
    listeners.forEach((off) => off());
  }
});

/** What listeners of the names get for an event of the wire. */
async function given(name, args, ...names) {
  const seen = [];
  const listeners = names.map((one) => [one, (...values) => seen.push([one, ...values])]);
  listeners.forEach(([one, listener]) => cloud.on(one, listener));
  cloud._received({ name, args, detail: {} });
  assert.deepStrictEqual(seen, [], 'not at once');
  await until(() => seen.length >= names.length, name);
  listeners.forEach(([one, listener]) => cloud.off(one, listener));
  return seen;
}

test('availability is 1 or 0', async () => {
  for (const name of ['onUserVideoAvailable', 'onUserAudioAvailable', 'onUserSubStreamAvailable']) {
    for (const [value, expected] of [[true, 1], [1, 1], [false, 0], [0, 0], [null, 0]]) {
      assert.deepStrictEqual(await given(name, ['a', value], name), [[name, 'a', expected]]);
    }
  }
});

test('the end of a screen share has both of its spellings, the older one first', async () => {
  const seen = await given('onScreenCaptureStopped', [1], 'onScreenCaptureStopped', 'onScreenCaptureStoped');
  assert.deepStrictEqual(seen, [['onScreenCaptureStoped', 1], ['onScreenCaptureStopped', 1]]);
});

test('binary and numeric values have the types that applications expect', async () => {
  const [[, user, message]] = await given('onRecvSEIMsg', ['a', Buffer.from('xy')], 'onRecvSEIMsg');
  assert.ok(user === 'a' && message instanceof ArrayBuffer && message.byteLength === 2);
  const [[, users, count, total]] = await given('onUserVoiceVolume', [[{ userId: '', volume: 5, vad: 0, pitch: 0, spectrumData: [-300, 0] }], 1, 5], 'onUserVoiceVolume');
  assert.ok(users[0].spectrumData instanceof Float32Array && users[0].spectrumData[0] === -300);
  assert.deepStrictEqual([count, total], [1, 5]);
  assert.deepStrictEqual((await given('onNetworkQuality', [{ userId: '', quality: 1 }, null], 'onNetworkQuality'))[0][2], []);
  assert.deepStrictEqual(await given('onLocalRecording', ['1000', 'a.mp4'], 'onLocalRecording'), [['onLocalRecording', 1000, 'a.mp4']]);
  assert.deepStrictEqual(await given('onWarning', [1, 'text', { a: 1 }], 'onWarning'), [['onWarning', 1, 'text', { a: 1 }]]);
});

test('callback objects are called in place of listeners; members may be missing or throw', async (t) => {
  t.mock.method(console, 'error', () => {});
  const seen = [];
  cloud.setMusicObserver({ onStart: (id, code) => seen.push(['start', id, code]), onPlayProgress: null, onComplete() { throw new Error('mine'); } });
  cloud.setAudioFrameCallback({ onCapturedAudioFrame: (frame) => seen.push(['frame', frame.length]), onPlayAudioFrame: null });
  cloud.on('onStart', () => seen.push('a listener'));
  for (const [name, args] of [['onStart', [1, 0]], ['onPlayProgress', [1, 0, 9]], ['onComplete', [1, 0]], ['onPlayAudioFrame', [{}, 'a']], ['onCapturedAudioFrame', [{ length: 9 }]]]) cloud._received({ name, args });
  await until(() => seen.length >= 2);
  assert.deepStrictEqual(seen, [['start', 1, 0], ['frame', 9]]);
  cloud.setMusicObserver(null);
  cloud.setAudioFrameCallback(null);
  cloud.removeAllListeners('onStart');
});

test('a listener can ask for the detail of its event', async () => {
  const details = [];
  const listener = () => details.push(cloud.eventDetail);
  cloud.on('onExitRoom', listener);
  cloud.exitRoom();
  await until(() => details.length);
  cloud.off('onExitRoom', listener);
  assert.deepStrictEqual(details, [{ cause: 'leave' }]);
  assert.strictEqual(cloud.eventDetail, null);
});
