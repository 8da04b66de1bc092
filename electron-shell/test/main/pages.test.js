'use strict';
/** Pages of one backend: clouds of their own, events of their own, and nothing that one could do to another. */
const assert = require('assert');
const { before, after, test } = require('node:test');
const { Host } = require('../../sdk/main/host');
const { COMMAND, rooms } = require('../tools/programs');
const { Page } = require('../tools/page');
const { until } = require('../tools/wait');

let service;
const ends = [];

before(async () => { service = await rooms({ after: (end) => ends.push(end) }); });
after(() => Promise.all(ends.map((end) => end())));

function host(t, options) {
  const made = new Host(Object.assign({ rooms: service.ready.signal, commands: [JSON.parse(COMMAND)], log: () => {} }, options));
  t.after(() => made.stop());
  return made;
}

const diagnostics = (made) => made.link.request('diagnostics', {});

const isFree = async (made) => {
  const { devices, clouds } = await diagnostics(made);
  return devices.every(({ open }) => !open) && clouds.every(({ state }) => state === 'idle');
};

test('the first page has cloud 0, others have further ones; each hears of its own only', async (t) => {
  const made = host(t);
  const [one, two, three] = [new Page(made), new Page(made), new Page(made)];
  for (const page of [one, two, three]) await page.attach();
  assert.deepStrictEqual([one.number, two.number, three.number], [0, 1, 2]);
  await one.isIn('one', 1);
  await two.isIn('two', 1);
  await one.sees('onRemoteUserEnterRoom');
  assert.deepStrictEqual(two.of('onRemoteUserEnterRoom').concat(one.of('onRemoteUserEnterRoom')), [['one'], ['two']]);
  assert.deepStrictEqual(three.events(), []);
  assert.ok(one.told.every(({ type, cloud }) => type !== 'event' || cloud === 0));
  assert.ok(two.told.every(({ type, cloud }) => type !== 'event' || cloud === 1));
});

test('a page cannot reach the clouds of another, nor what is not its business', async (t) => {
  const made = host(t);
  const [one, two] = [await new Page(made).attach(), await new Page(made).attach()];
  await one.isIn('one', 2);
  two.cast('exitRoom', {}, 0);
  two.cast('exitRoom', { cloud: 0 });
  await two.sees('onExitRoom', 1);
  await assert.rejects(two.call('getSDKVersion', {}, 0), { code: -32010 });
  await assert.rejects(two.call('getSDKVersion', {}, 99), { code: -32010 });
  for (const method of ['hello', 'on', 'off', 'ping', 'diagnostics', 'events.replay', 'rpc.discover', 'getTRTCShareInstance', 'destroyTRTCShareInstance', 'toString', '__proto__', undefined]) {
    await assert.rejects(two.call(method), { code: -32601 }, String(method));
    two.cast(method);
  }
  for (const params of [null, 3, 'x', []]) {
    await assert.rejects(two.call('log', params), { code: -32602 });
    two.cast('enterRoom', params);
  }
  two.port.cast({ cloud: 1 });
  assert.deepStrictEqual((await diagnostics(made)).clouds.map(({ id, state }) => [id, state]), [[0, 'in'], [1, 'idle']]);
  assert.deepStrictEqual(one.of('onExitRoom'), []);
  const faults = two.told.filter(({ type }) => type === 'fault');
  assert.deepStrictEqual([...new Set(faults.map(({ error }) => error.code))].sort(), [-32010, -32601, -32602]);
});

test('sub clouds: in rooms of their own, destroyed one by one', async (t) => {
  const made = host(t);
  const page = await new Page(made).attach();
  const sub = await page.call('createSubCloud');
  const other = await page.call('createSubCloud');
  assert.deepStrictEqual([sub, other], [1, 2]);
  await page.isIn('share', 3);
  await page.isIn('sub', 3, sub);
  await page.sees('onRemoteUserEnterRoom');
  page.cast('destroy', {}, sub);
  assert.deepStrictEqual(await page.sees('onRemoteUserLeaveRoom'), ['sub', 0]);
  assert.deepStrictEqual(await page.sees('onExitRoom', sub), [0]);
  await assert.rejects(page.call('getSDKVersion', {}, sub), { code: -32010 });
  assert.strictEqual(await page.call('getSDKVersion', {}, other), '13.3.801');
  await until(() => !made.clouds.has(sub), 'it is forgotten');
  assert.strictEqual((await diagnostics(made)).clouds.find(({ id }) => id === 0).state, 'in');
});

test('a page that is gone takes its clouds with it, after a while; others stay', async (t) => {
  const made = host(t, { graceMs: 300 });
  const [one, two] = [await new Page(made).attach(), await new Page(made).attach()];
  const sub = await one.call('createSubCloud');
  await one.isIn('one', 4);
  await one.isIn('sub', 4, sub);
  await two.isIn('two', 4);
  await two.sees('onRemoteUserEnterRoom', 1, 2);
  const gone = Date.now();
  one.port.away(true);
  await two.sees('onRemoteUserLeaveRoom', 1, 2);
  assert.ok(Date.now() - gone >= 290);
  assert.deepStrictEqual(two.of('onRemoteUserLeaveRoom').sort(), [['one', 0], ['sub', 0]]);
  await until(async () => (await diagnostics(made)).clouds.filter(({ state }) => state !== 'idle').length === 1);
  assert.deepStrictEqual(two.of('onExitRoom'), []);
  two.port.close();
  two.port.close();
  await until(() => isFree(made), 'every device is closed');
  const next = await new Page(made).attach();
  assert.strictEqual(next.number, 0, 'cloud 0 is free again');
  assert.ok((await next.isIn('one', 4))[0] > 0);
});

test('a page that comes in the place of a closed one takes over its call', async (t) => {
  const made = host(t, { graceMs: 20000 });
  const one = await new Page(made).attach();
  await one.isIn('one', 5);
  one.port.away(true);
  const other = await new Page(made, 'https://localhost').attach();
  assert.notStrictEqual(other.number, 0, 'not one of another origin');
  const two = await new Page(made).attach();
  assert.strictEqual(two.port, one.port);
  assert.strictEqual(two.number, 0);
  assert.deepStrictEqual(two.of('onEnterRoom'), [[1]]);
  const third = await new Page(made).attach();
  assert.notStrictEqual(third.port, one.port);
});

test('a page that crashed and is there again keeps its call from other windows', async (t) => {
  const made = host(t);
  const one = await new Page(made).attach();
  one.port.away(true);
  await one.attach();
  assert.notStrictEqual((await new Page(made).attach()).port, one.port);
});

test('a page that reloads: the call goes on, and it hears how things stood and what it missed', async (t) => {
  const made = host(t);
  const [page, friend] = [await new Page(made).attach(), await new Page(made).attach()];
  const sub = await page.call('createSubCloud');
  await page.isIn('page', 6);
  await page.isIn('sub', 66, sub);
  page.port.away(false);
  await friend.isIn('friend', 6);
  await friend.sees('onRemoteUserEnterRoom');
  await until(() => made.clouds.get(0).presence.users.has('friend') && made.clouds.get(0).presence.users.get('friend').size >= 2);
  page.told = [];
  await page.attach();
  const story = page.events().filter(({ name }) => /EnterRoom|Available/.test(name)).map(({ name, args }) => [name, ...args]);
  assert.deepStrictEqual(story.slice(0, 2), [['onEnterRoom', 1], ['onRemoteUserEnterRoom', 'friend']]);
  assert.deepStrictEqual(story.slice(2).sort(), [['onUserAudioAvailable', 'friend', 1], ['onUserVideoAvailable', 'friend', 1]]);
  await until(async () => (await diagnostics(made)).clouds.every(({ id, state }) => id !== sub || state === 'idle'), 'the sub cloud went with its object');
  page.told = [];
  page.enter('page', 6);
  await page.sees('onEnterRoom');
  page.enter('page', 6);
  await page.sees('onEnterRoom', 0, 2);
  assert.deepStrictEqual(page.of('onEnterRoom'), [[1], [-3340]], 'once as good as entered; then it is in');
  assert.deepStrictEqual(friend.of('onRemoteUserLeaveRoom'), []);
  page.cast('exitRoom');
  assert.deepStrictEqual(await page.sees('onExitRoom'), [0]);
  assert.deepStrictEqual(await friend.sees('onRemoteUserLeaveRoom'), ['page', 0]);
});

test('messages, comings and goings of the time of a reload are not lost; what repeats is', async (t) => {
  const made = host(t);
  const [page, friend] = [await new Page(made).attach(), await new Page(made).attach()];
  await page.isIn('page', 12);
  await friend.isIn('friend', 12);
  await page.sees('onRemoteUserEnterRoom');
  page.cast('enableAudioVolumeEvaluation', { interval: 100 });
  await page.sees('onUserVoiceVolume');
  page.port.away(false);
  for (const msg of ['one', 'two']) assert.strictEqual(await friend.call('sendCustomCmdMsg', { cmdId: 1, msg, reliable: true, ordered: true }), true);
  friend.cast('exitRoom');
  await until(() => !made.clouds.get(0).presence.users.has('friend'), 'the friend is out');
  page.told = [];
  await page.attach();
  const ofRoom = ({ name }) => /EnterRoom|LeaveRoom|RecvCustom/.test(name);
  assert.deepStrictEqual(page.events().filter(ofRoom).slice(0, 5).map(({ name, args }) => [name, ...args]), [
    ['onEnterRoom', 1], ['onRemoteUserEnterRoom', 'friend'], ['onRecvCustomCmdMsg', 'friend', 1, 1, 'one'], ['onRecvCustomCmdMsg', 'friend', 1, 2, 'two'],
    ['onRemoteUserLeaveRoom', 'friend', 0],
  ]);
  await page.sees('onUserVoiceVolume');
});

test('the end of a room is told to a page that was loading just then', async (t) => {
  const made = host(t);
  const page = await new Page(made).attach();
  await page.isIn('page', 8);
  page.cast('exitRoom');
  await page.reload();
  await page.sees('onExitRoom');
  await page.isIn('page', 8);
  page.port.away(false);
  made.link.supervisor.child.kill('SIGKILL');
  await until(() => made.clouds.get(0).presence.state === 'idle');
  page.told = [];
  await page.attach();
  assert.deepStrictEqual(page.events().map(({ name, args }) => [name, args[0]]), [['onEnterRoom', 1], ['onError', -3301], ['onExitRoom', 1]]);
});

test('a page that was away for too long begins anew', async (t) => {
  const made = host(t, { graceMs: 50 });
  const page = await new Page(made).attach();
  await page.isIn('page', 9);
  page.port.away(false);
  await until(() => page.port.closed);
  await until(() => isFree(made), 'its devices are closed');
  await assert.rejects(page.call('getSDKVersion'), { code: -32000 });
  page.told = [];
  await page.attach();
  assert.ok((await page.isIn('page', 9))[0] > 0);
  assert.ok(made.ports.has(page.port));
});

test('destroyed in mid-call and made again at once, a cloud hears nothing of the one before', async (t) => {
  const made = host(t);
  const page = await new Page(made).attach();
  await page.isIn('page', 10);
  page.cast('destroy');
  await page.attach();
  assert.strictEqual(page.number, 1, 'cloud 0 still has a room to leave');
  assert.ok((await page.isIn('page', 10))[0] > 0);
  assert.deepStrictEqual(await page.sees('onExitRoom', 0), [0]);
  assert.deepStrictEqual(page.of('onExitRoom'), []);
  page.cast('exitRoom');
  assert.deepStrictEqual(await page.sees('onExitRoom'), [0]);
});

test('polled values come by themselves, and follow what was set', async (t) => {
  const made = host(t);
  const page = await new Page(made).attach();
  page.port.cast({ refresh: 1, cloud: 0 });
  page.cast('setAudioCaptureVolume', { volume: 33 });
  page.port.cast({ refresh: 2, cloud: 0 });
  const snapshot = (epoch) => until(() => page.told.find((one) => one.type === 'snapshot' && one.epoch === epoch), `snapshot ${epoch}`);
  assert.ok((await snapshot(1)).values.includes(100));
  const { values } = await snapshot(2);
  assert.deepStrictEqual([values.length, values[10], values[3].deviceId], [12, 33, 'virtual:camera']);
  await until(() => page.told.filter((one) => one.type === 'snapshot' && one.epoch === 2).length >= 2, 'every second');
});

test('another room service is used from now on; who was in a room at the one before is out of it', async (t) => {
  const made = host(t);
  const [page, friend] = [await new Page(made).attach(), await new Page(made).attach()];
  await page.isIn('page', 13);
  const { pid } = made.link.supervisor.child;
  assert.throws(() => made.moveTo('http://127.0.0.1'), TypeError);
  const other = await rooms(t);
  made.moveTo(other.ready.signal);
  await page.sees('onExitRoom');
  assert.ok((await page.isIn('page', 13))[0] > 0);
  assert.ok((await friend.isIn('friend', 13))[0] > 0);
  await friend.sees('onRemoteUserEnterRoom');
  assert.notStrictEqual(made.link.supervisor.child.pid, pid);
  assert.strictEqual(page.of('onExitRoom').length, 1);
  const again = made.link.supervisor.child.pid;
  made.moveTo(other.ready.signal);
  assert.strictEqual(made.link.supervisor.child.pid, again, 'nothing is done for nothing');
});

test('a room service that was not known is said later', async (t) => {
  delete process.env.PYBACKEND_ROOMS;
  const made = host(t, { rooms: undefined, says: false });
  const page = new Page(made);
  await assert.doesNotReject(page.attach());
  await assert.rejects(page.call('getSDKVersion'), /PYBACKEND_ROOMS/);
  made.moveTo(service.ready.signal);
  assert.ok((await page.isIn('page', 14))[0] > 0);
});
