'use strict';
/** The backend as something that can always be asked: while it starts, when it hangs, when its connection breaks, when it is gone. */
const assert = require('assert');
const path = require('path');
const { test } = require('node:test');
const { Link } = require('../../sdk/main/link');
const { COMMAND, rooms } = require('../tools/programs');
const { next, until } = require('../tools/wait');

const FAULTY = path.join(__dirname, 'fixtures/backend.js');

function link(t, options) {
  const made = new Link(Object.assign({ commands: [JSON.parse(COMMAND)], log: () => {} }, options));
  t.after(() => made.stop());
  return made;
}

const real = async (t, deadlines) => link(t, { rooms: (await rooms(t)).ready.signal, deadlines });

const timed = async (promise) => {
  const began = Date.now();
  const error = await promise.then(() => null, (failure) => failure);
  return { ms: Date.now() - began, error };
};

test('requests wait while it starts, and are carried out in the order in which they were made', async (t) => {
  const made = await real(t);
  const order = [];
  const ask = (method, params) => made.request(method, params, { sent: () => order.push(`sent ${method}`) }).then((value) => {
    order.push(method);
    return value;
  });
  const first = ask('setAudioCaptureVolume', { volume: 30 });
  const values = [1, 2, 3, 4].map((volume) => [ask('getAudioCaptureVolume', {}), ask('setAudioCaptureVolume', { volume })]);
  assert.strictEqual(made.state, 'starting');
  await first;
  for (const [index, [got]] of values.entries()) assert.strictEqual(await got, index === 0 ? 30 : index);
  await Promise.all(values.map(([, set]) => set));
  assert.deepStrictEqual(order.slice(0, 9).map((text) => text.split(' ')[0]), Array(9).fill('sent'));
  assert.strictEqual(made.state, 'up');
});

test('what waits for too long, or is too much, fails', async (t) => {
  const made = link(t, { rooms: 'ws://127.0.0.1:9/signal', commands: [[process.execPath, FAULTY, 'never']], deadlines: { startMs: 100, patientMs: 400 } });
  const [short, patient] = [timed(made.request('a', {})), timed(made.request('b', {}, { patient: true }))];
  const others = Array.from({ length: 998 }, () => timed(made.request('c', {})));
  const full = await timed(made.request('d', {}));
  assert.match(full.error.message, /too many/);
  assert.ok((await patient).ms >= 399);
  const late = await timed(made.request('e', {}));
  assert.match(late.error.message, /still not there/);
  assert.ok(late.ms < 100, 'nobody waits for the same start twice');
  for (const { error } of await Promise.all([short, patient, ...others])) {
    assert.deepStrictEqual([error.code, error.unanswered], [-32000, false]);
    assert.match(error.message, /was not there/);
  }
  assert.strictEqual(made.waiting.length, 0);
});

test('one that hangs keeps nobody waiting for long, and is replaced', async (t) => {
  const made = await real(t, { callMs: 1000, pingMs: 100, suspectMs: 400, hungMs: 4000 });
  await made.request('ping', {});
  const { child } = made.supervisor;
  const lost = next(made, 'lost');
  child.kill('SIGSTOP');
  const first = await timed(made.request('getCameraDevicesList', {}));
  assert.match(first.error.message, /no answer within 1000 ms/);
  const suspected = await timed(made.request('getCameraDevicesList', {}));
  assert.match(suspected.error.message, /does not answer/, 'it was not even sent');
  const cast = timed(made.request('log', { info: 'x' }, { patient: true }));
  assert.match((await lost)[0], /did not answer for 4000 ms/);
  assert.ok((await cast).error.unanswered);
  assert.ok(Array.isArray(await made.request('getCameraDevicesList', {})), 'the next one answers');
  assert.notStrictEqual(made.supervisor.child.pid, child.pid);
});

test('one that hangs for a moment only is kept', async (t) => {
  const made = await real(t, { callMs: 3000, pingMs: 50, suspectMs: 100, hungMs: 5000 });
  await made.request('ping', {});
  made.on('lost', () => assert.fail('it is lost'));
  const { child } = made.supervisor;
  child.kill('SIGSTOP');
  await until(() => made.suspect, 'suspicion');
  const cast = made.request('setAudioCaptureVolume', { volume: 5 }, { patient: true });
  child.kill('SIGCONT');
  await cast;
  await until(() => !made.suspect);
  assert.strictEqual(await made.request('getAudioCaptureVolume', {}), 5);
  assert.strictEqual(made.supervisor.child, child);
});

test('the end of the process fails what was asked, and the next one gets what waits', async (t) => {
  const made = await real(t);
  await made.request('ping', {});
  made.supervisor.child.kill('SIGSTOP');
  const under = timed(made.request('ping', {}));
  const lost = next(made, 'lost');
  made.supervisor.child.kill('SIGKILL');
  await lost;
  assert.ok((await under).error.unanswered);
  assert.strictEqual(made.state, 'starting');
  assert.strictEqual(await made.request('ping', {}), 'pong');
});

test('when it has failed requests fail at once; it is tried again later, and nobody is made to wait for that', async (t) => {
  const made = link(t, { rooms: 'ws://127.0.0.1:9/signal', commands: [[process.execPath, FAULTY, 'dies', '1']], deadlines: { firstMs: [10], retryMs: 50 } });
  const first = await timed(made.request('ping', {}));
  assert.deepStrictEqual([first.error.code, first.error.unanswered], [-32001, false]);
  assert.match(first.error.message, /there is no backend: .*last words/);
  const since = Date.now();
  await until(() => Date.now() - since > 60);
  const again = next(made, 'failed');
  const second = await timed(made.request('ping', {}));
  assert.ok(second.ms < 50 && second.error.code === -32001, `${second.ms} ms`);
  assert.strictEqual(made.state, 'starting', 'it is tried');
  const patient = timed(made.request('log', {}, { patient: true }));
  await again;
  assert.strictEqual((await patient).error.code, -32001);
});

test('after stop nothing is left that keeps a program alive', async (t) => {
  const made = await real(t);
  await made.request('ping', {});
  const waiting = timed(made.request('ping', {}));
  assert.strictEqual(await made.stop(), 'asked');
  assert.ok((await waiting).ms < 5000);
  assert.strictEqual((await timed(made.request('ping', {}))).error.code, -32001);
  assert.deepStrictEqual(made.rpc, null);
  const kinds = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind.includes('TCPSocket') || kind.includes('PipeWrap'));
  assert.ok(kinds.filter((kind) => kind === 'Timeout').length === 0, kinds.join());
});

test('another room service: what waits is for the backend that uses it, also when the one before was just ready', async (t) => {
  const made = await real(t);
  const ups = [];
  made.on('up', ({ pid }) => ups.push(pid));
  const version = made.request('getSDKVersion', {}, { patient: true });
  const [{ pid }] = await next(made.supervisor, 'ready');
  made.rpc.prependListener('up', () => made.moveTo('ws://127.0.0.1:9/signal')); // as late as can be
  await version;
  assert.strictEqual(ups.length, 1);
  assert.notStrictEqual(ups[0], pid);
});
