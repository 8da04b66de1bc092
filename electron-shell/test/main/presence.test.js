'use strict';
/** What is known of a room without asking: every history of calls and events leaves exactly the answers that are owed. */
const assert = require('assert');
const { test } = require('node:test');
const { Presence } = require('../../sdk/main/presence');

const ROOM = { sdkAppId: 1, userId: 'me', roomId: 7 };

/** A presence after some steps: calls by name, events as [name, ...args]. */
function after(...steps) {
  const presence = new Presence();
  for (const step of steps) {
    if (typeof step === 'string') presence.sent(step, { params: ROOM });
    else presence.observe({ name: step[0], args: step.slice(1), detail: {} });
  }
  return presence;
}

const told = (events) => events.map(({ name, args }) => [name, args[0]]);
const ENTER_FAILED = [['onError', -3301], ['onEnterRoom', -3301]];
const IN = ['enterRoom', ['onEnterRoom', 5]];

/** steps → state, and what is owed when the backend is lost then */
const HISTORIES = [
  [[], 'idle', []],
  [['enterRoom'], 'entering', ENTER_FAILED],
  [['enterRoom', ['onEnterRoom', -100018]], 'idle', []],
  [IN, 'in', [['onError', -3301], ['onExitRoom', 1]]],
  [[...IN, 'exitRoom'], 'exiting', [['onExitRoom', 0]]],
  [[...IN, 'exitRoom', ['onExitRoom', 0]], 'idle', []],
  [[...IN, ['onExitRoom', 2]], 'idle', []],
  [['exitRoom'], 'exiting', [['onExitRoom', 0]]],
  [['destroy'], 'idle', []],
  [[...IN, 'destroy'], 'exiting', [['onExitRoom', 0]]],
  [['enterRoom', 'exitRoom'], 'exiting', [['onExitRoom', 0]]],
  [['enterRoom', 'exitRoom', ['onEnterRoom', -3308]], 'exiting', [['onExitRoom', 0]]],
  [['enterRoom', 'exitRoom', ['onEnterRoom', 5]], 'exiting', [['onExitRoom', 0]]],
  [['enterRoom', 'enterRoom'], 'entering', [...ENTER_FAILED, ...ENTER_FAILED]],
  [['enterRoom', 'enterRoom', ['onEnterRoom', -3340]], 'entering', ENTER_FAILED],
  [['enterRoom', 'enterRoom', ['onEnterRoom', -3340], ['onEnterRoom', 5]], 'in', [['onError', -3301], ['onExitRoom', 1]]],
  [[...IN, 'enterRoom', ['onEnterRoom', -3340]], 'in', [['onError', -3301], ['onExitRoom', 1]]],
  [[...IN, 'enterRoom'], 'in', [['onError', -3301], ['onExitRoom', 1], ...ENTER_FAILED]],
  [[...IN, 'enterRoom', ['onExitRoom', 1]], 'entering', ENTER_FAILED], // removed, just before
  [[...IN, 'exitRoom', 'enterRoom'], 'exiting', [['onExitRoom', 0], ...ENTER_FAILED]],
  [[...IN, 'exitRoom', 'enterRoom', ['onEnterRoom', -3320]], 'exiting', [['onExitRoom', 0]]],
  [[...IN, 'exitRoom', 'enterRoom', 'exitRoom'], 'exiting', [['onExitRoom', 0]]],
  [[...IN, 'exitRoom', 'enterRoom', ['onExitRoom', 0]], 'entering', ENTER_FAILED],
  [[...IN, 'exitRoom', 'enterRoom', ['onExitRoom', 0], ['onEnterRoom', 9]], 'in', [['onError', -3301], ['onExitRoom', 1]]],
];

for (const [steps, state, owed] of HISTORIES) {
  test(`${steps.map((step) => [].concat(step).join(' ')).join(', ') || 'nothing'}: ${state}`, () => {
    const presence = after(...steps);
    assert.strictEqual(presence.state, state);
    assert.deepStrictEqual(told(presence.backendLost('gone')), owed);
    assert.strictEqual(presence.state, 'idle');
    assert.deepStrictEqual(presence.backendLost('again'), [], 'once');
  });
}

test('devices that were in use when the backend was lost are told of, each once', () => {
  const owed = (...steps) => told(after(...steps).backendLost('gone'));
  assert.deepStrictEqual(owed('startLocalPreview', 'startCameraDeviceTest', 'startMicDeviceTest'), [['onError', -1301], ['onError', -1302]]);
  assert.deepStrictEqual(owed('startLocalPreview', 'stopLocalPreview'), []);
  assert.deepStrictEqual(owed('startLocalPreview', 'enterRoom'), [['onError', -1301], ...ENTER_FAILED]);
  assert.deepStrictEqual(owed('startLocalPreview', ...IN), [['onError', -3301], ['onExitRoom', 1]]);
  assert.deepStrictEqual(owed('startLocalPreview', ...IN, ['onExitRoom', 1]), [], 'the end of the room has closed it');
  assert.deepStrictEqual(owed(...IN, 'exitRoom', 'startLocalPreview', ['onExitRoom', 0]), [['onError', -1301]], 'opened anew');
});

test('the story of a room is its people and what they send', () => {
  const presence = after(
    ...IN, ['onRemoteUserEnterRoom', 'a'], ['onUserEnter', 'a'], ['onUserVideoAvailable', 'a', 1], ['onUserAudioAvailable', 'a', 1], ['onUserAudioAvailable', 'a', 0],
    ['onRemoteUserEnterRoom', 'b'], ['onRemoteUserEnterRoom', 'c'], ['onUserSubStreamAvailable', 'c', 1], ['onRemoteUserLeaveRoom', 'b', 0], ['onConnectionLost'],
  );
  const story = presence.story().map(({ name, args }) => [name, ...args]);
  assert.deepStrictEqual(story, [
    ['onEnterRoom', 1], ['onRemoteUserEnterRoom', 'a'], ['onUserEnter', 'a'], ['onUserVideoAvailable', 'a', 1], ['onRemoteUserEnterRoom', 'c'],
    ['onUserSubStreamAvailable', 'c', 1], ['onConnectionLost'],
  ]);
});

test('only a new page joins its own call, once, and only the same one', () => {
  const presence = after(...IN);
  assert.strictEqual(presence.rejoins(ROOM), false, 'the page that entered it');
  presence.reloaded = true;
  assert.strictEqual(presence.rejoins(Object.assign({}, ROOM, { roomId: 8 })), false);
  presence.reloaded = true;
  assert.strictEqual(presence.rejoins(Object.assign({ strRoomId: '', scene: 1 }, ROOM)), true);
  assert.strictEqual(presence.rejoins(ROOM), false);
  presence.reloaded = true;
  for (const odd of [null, undefined, 3, 'x']) assert.strictEqual(presence.rejoins(odd), false);
});

test('calls that come back as errors', () => {
  const failed = (method, error, ...steps) => told(after(...steps).callFailed(method, error));
  const bad = { code: -32602, message: 'bad', data: { field: 'params.userId' } };
  assert.deepStrictEqual(failed('enterRoom', bad, 'enterRoom'), [['onError', -3319], ['onEnterRoom', -3319]]);
  assert.deepStrictEqual(failed('enterRoom', bad, ...IN, 'enterRoom'), [['onError', -3319], ['onEnterRoom', -3319]]);
  assert.deepStrictEqual(failed('enterRoom', { code: -32001, message: 'none' }), ENTER_FAILED);
  assert.deepStrictEqual(failed('enterRoom', { code: -32000, message: 'late', unanswered: true }, 'enterRoom'), [], 'its events tell');
  assert.deepStrictEqual(failed('exitRoom', { code: -32001, message: 'none' }), [['onExitRoom', 0]]);
  assert.deepStrictEqual(failed('exitRoom', { code: -32000, message: 'late', unanswered: true }, ...IN, 'exitRoom'), []);
  assert.deepStrictEqual(failed('log', bad), []);
});

test('what the backend says about the room counts', () => {
  const reconciled = (theirs, ...steps) => told(after(...steps).reconcile(theirs, 'text'));
  assert.deepStrictEqual(reconciled('idle'), []);
  assert.deepStrictEqual(reconciled('idle', ...IN), [['onError', -3301], ['onExitRoom', 1]]);
  assert.deepStrictEqual(reconciled('idle', 'enterRoom'), ENTER_FAILED);
  assert.deepStrictEqual(reconciled('idle', ...IN, 'exitRoom'), [['onExitRoom', 0]]);
  assert.deepStrictEqual(reconciled('entering', 'enterRoom'), []);
  assert.deepStrictEqual(reconciled('in', 'enterRoom'), [['onEnterRoom', 1]]);
  assert.deepStrictEqual(reconciled('reconnecting', ...IN), []);
});
