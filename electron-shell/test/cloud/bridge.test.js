'use strict';
/** The page's end of the way to a backend: which values may come from a snapshot, what is said once, and frames by way of the main process. */
const assert = require('assert');
const { test } = require('node:test');
const { Bridge, BridgeError } = require('../../sdk/bridge/bridge');
const { POLLED, TOUCHING, TOUCHING_EVENTS } = require('../../sdk/bridge/polled');
const { surface } = require('../tools/arguments');

/** A bridge over a channel that remembers; `answers` by method. */
function bridged(answers = {}, advice) {
  const made = { casts: [], calls: [], events: [], faults: [] };
  const channel = {
    cast: (message) => made.casts.push(message),
    call: (message) => {
      made.calls.push(message);
      return message.attach ? { v: { cloud: 0, frames: 'ws://1' } } : answers[message.method];
    },
    listen: (callback) => { made.tell = callback; },
    advice,
  };
  made.bridge = new Bridge(channel, { onEvent: (event) => made.events.push(event), onFault: (fault) => made.faults.push(fault) });
  return made;
}

const VOLUME = 'getAudioCaptureVolume';
const snapshot = (epoch, value, cloud = 0) => ({ type: 'snapshot', cloud, epoch, values: POLLED.map((name) => (name === VOLUME ? value : null)) });

test('what is polled, and what touches it, is of the surface', () => {
  const names = surface.methods.map(({ name }) => name);
  for (const name of POLLED.concat(TOUCHING)) assert.ok(names.includes(name), name);
  for (const name of TOUCHING_EVENTS) assert.ok(surface.events.some((event) => event.name === name || event === name) || name in surface.events, name);
  const ofCloud = surface.methods.filter((method) => method.class === 'TRTCCloud').map(({ name }) => name);
  for (const name of ofCloud.filter((one) => /^set(Current|AudioCapture|AudioPlayout)/.test(one))) assert.ok(TOUCHING.includes(name), name);
});

test('a snapshot is good until something touches its values, and for its own cloud', () => {
  const { bridge, calls, casts, tell } = bridged({ [VOLUME]: { v: 1 } });
  const get = (cloud = 0) => bridge.call(VOLUME, {}, cloud);
  tell(snapshot(1, 50));
  assert.strictEqual(get(), 1, 'nobody asked for this one');
  assert.deepStrictEqual(casts, [{ refresh: 1, cloud: 0 }]);
  tell(snapshot(1, 50));
  assert.strictEqual(get(), 50);
  assert.strictEqual(calls.length, 1);
  bridge.send('setAudioCaptureVolume', { volume: 60 }, 0);
  assert.deepStrictEqual(casts.slice(1).map((cast) => cast.method || cast.refresh), ['setAudioCaptureVolume', 2], 'the change first');
  assert.strictEqual(get(), 1);
  tell(snapshot(1, 50));
  assert.strictEqual(get(), 1, 'a late one of before');
  tell(snapshot(2, 60));
  assert.strictEqual(get(), 60);
  assert.strictEqual(get(1), 1, 'another cloud');
  tell({ type: 'event', cloud: 0, name: 'onDeviceChange', args: [] });
  assert.strictEqual(get(), 1);
  tell(snapshot(3, 70));
  assert.strictEqual(get(), 70);
  bridge.send('muteLocalAudio', { mute: true }, 0);
  assert.strictEqual(get(), 70, 'does not touch it');
  tell({ type: 'frames', url: null });
  assert.strictEqual(get(), 1, 'the backend is gone');
  tell(snapshot(3, 70));
  bridge.forget(0);
  assert.strictEqual(get(), 1);
});

test('errors are thrown with their codes; no answer at all is one', () => {
  const { bridge } = bridged({ a: { e: { code: -32602, message: 'bad' } } });
  assert.strictEqual(bridge.attach(), 0);
  assert.strictEqual(bridge.framesUrl, 'ws://1');
  assert.throws(() => bridge.call('a', {}, 0), (error) => error instanceof BridgeError && error.code === -32602 && error.message === 'bad');
  assert.throws(() => bridge.call('b', {}, 0), { code: -32000 });
});

test('why there is no backend is said once for each reason, and again after there was one', (t) => {
  const said = [];
  t.mock.method(console, 'error', (text) => said.push(text));
  const error = { code: -32001, message: 'there is no backend: one' };
  const { bridge, tell, faults } = bridged({ a: { e: error } });
  for (let round = 0; round < 3; round += 1) {
    assert.throws(() => bridge.call('a', {}, 0));
    tell({ type: 'fault', cloud: 0, method: 'b', error });
  }
  assert.strictEqual(faults.length, 3);
  tell({ type: 'fault', cloud: 0, method: 'b', error: { code: -32001, message: 'there is no backend: two' } });
  tell({ type: 'frames', url: 'ws://2' });
  assert.throws(() => bridge.call('a', {}, 0));
  assert.deepStrictEqual(said, ['trtc-bridge: there is no backend: one', 'trtc-bridge: there is no backend: two', 'trtc-bridge: there is no backend: one']);
});

test('a place without a way to the backend says what to do, once', (t) => {
  const said = [];
  t.mock.method(console, 'error', (text) => said.push(text));
  const { bridge } = bridged({ a: { e: { code: -32001, message: 'trtc-bridge: do this' } } }, 'trtc-bridge: do this');
  for (let round = 0; round < 3; round += 1) {
    bridge.send('b', {}, 0);
    assert.throws(() => bridge.call('a', {}, 0));
  }
  assert.deepStrictEqual(said, ['trtc-bridge: do this']);
});

test('a socket by way of the main process looks like one', async () => {
  const { bridge, casts, tell } = bridged();
  const socket = bridge.openRelay();
  const seen = [];
  socket.onopen = () => seen.push('open');
  socket.onmessage = ({ data }) => seen.push(data instanceof ArrayBuffer ? data.byteLength : data);
  const closed = new Promise((resolve) => { socket.onclose = resolve; });
  assert.strictEqual(socket.readyState, 0);
  tell({ type: 'relay', id: socket.id + 1, opened: true });
  assert.strictEqual(socket.readyState, 0, 'that was another');
  tell({ type: 'relay', id: socket.id, opened: true });
  assert.strictEqual(socket.readyState, 1);
  socket.send('want');
  tell({ type: 'relay', id: socket.id, data: 'text' });
  tell({ type: 'relay', id: socket.id, data: Buffer.from('pixels') });
  socket.close();
  socket.close();
  assert.strictEqual(socket.readyState, 3);
  tell({ type: 'relay', id: socket.id, closed: true });
  await closed;
  assert.deepStrictEqual(seen, ['open', 'text', 6]);
  assert.deepStrictEqual(casts.map(({ relay }) => Object.keys(relay)[0]), ['open', 'send', 'close', 'close']);
});
