'use strict';
/** The backend dies, hangs, or cannot be reached: every enterRoom has one answer, every room one end, and soon one may enter again. */
const assert = require('assert');
const { before, after, test } = require('node:test');
const { Host } = require('../../sdk/main/host');
const { COMMAND, rooms } = require('../tools/programs');
const { Page } = require('../tools/page');
const { next, until } = require('../tools/wait');

let service;
const ends = [];

before(async () => { service = await rooms({ after: (end) => ends.push(end) }); });
after(() => Promise.all(ends.map((end) => end())));

async function page(t, deadlines) {
  const made = new Host({ rooms: service.ready.signal, commands: [JSON.parse(COMMAND)], log: () => {}, deadlines });
  t.after(() => made.stop());
  const one = await new Page(made).attach();
  await made.link.request('ping', {});
  one.link = made.link;
  one.kill = (signal = 'SIGKILL') => made.link.supervisor.child.kill(signal);
  one.answers = () => one.events().filter(({ name }) => ['onEnterRoom', 'onExitRoom', 'onError'].includes(name)).map(({ name, args }) => [name, args[0]]);
  return one;
}

/** What was owed has come, and no more than that: a call that comes later is answered by now. */
const settled = (one) => until(() => one.call('getSDKVersion').catch(() => null), 'an answer');

test('killed in mid-call: onError, one onExitRoom(1), and within 3 s a room again', async (t) => {
  const one = await page(t);
  await one.isIn('one', 1);
  one.told = [];
  const began = Date.now();
  one.kill();
  await one.sees('onExitRoom');
  assert.ok(Date.now() - began < 500, `${Date.now() - began} ms until it is told`);
  assert.deepStrictEqual(one.answers(), [['onError', -3301], ['onExitRoom', 1]]);
  assert.deepStrictEqual(one.events().find(({ name }) => name === 'onExitRoom').detail, { cause: 'backend-lost' });
  const exited = Date.now();
  one.told = [];
  assert.ok((await one.isIn('one', 1))[0] > 0);
  assert.ok(Date.now() - exited < 3000, `${Date.now() - exited} ms until it is in again`);
  await settled(one);
  assert.strictEqual(one.answers().length, 1);
});

test('killed while it enters: one onEnterRoom', async (t) => {
  const one = await page(t);
  one.kill('SIGSTOP');
  one.enter('one', 2);
  await until(() => one.host.clouds.get(0).presence.state === 'entering');
  one.kill();
  await one.sees('onEnterRoom');
  await settled(one);
  assert.deepStrictEqual(one.answers(), [['onError', -3301], ['onEnterRoom', -3301]]);
});

test('killed while it leaves: one onExitRoom', async (t) => {
  const one = await page(t);
  await one.isIn('one', 3);
  one.told = [];
  one.kill('SIGSTOP');
  one.cast('exitRoom');
  await until(() => one.host.clouds.get(0).presence.state === 'exiting');
  one.kill();
  await one.sees('onExitRoom');
  await settled(one);
  assert.deepStrictEqual(one.answers(), [['onExitRoom', 0]]);
});

test('killed with a room behind the one that is left: both are answered', async (t) => {
  const one = await page(t);
  await one.isIn('one', 4);
  one.told = [];
  one.kill('SIGSTOP');
  one.cast('exitRoom');
  one.enter('one', 5);
  one.kill();
  await one.sees('onEnterRoom');
  await settled(one);
  assert.deepStrictEqual(one.answers(), [['onExitRoom', 0], ['onError', -3301], ['onEnterRoom', -3301]]);
});

test('killed again before it was reached: what waits is carried out once, by the third', async (t) => {
  const one = await page(t);
  const { supervisor } = one.link;
  const lost = next(one.link, 'lost');
  one.kill();
  await lost;
  one.enter('one', 6);
  supervisor.once('ready', () => one.kill());
  await next(one.link, 'lost');
  assert.ok((await one.sees('onEnterRoom'))[0] > 0);
  await settled(one);
  assert.strictEqual(one.answers().length, 1);
});

test('one that hangs while it enters, and goes on: the answer is the room, not a failure before it', async (t) => {
  const one = await page(t, { callMs: 200 });
  one.kill('SIGSTOP');
  one.enter('one', 7);
  await until(() => one.told.some(({ type, method }) => type === 'fault' && method === 'enterRoom'), 'the call has run out');
  one.kill('SIGCONT');
  assert.ok((await one.sees('onEnterRoom'))[0] > 0);
  await settled(one);
  assert.strictEqual(one.answers().length, 1);
});

test('one that hangs in mid-call is a lost one; what was said meanwhile is not said twice', async (t) => {
  const one = await page(t, { callMs: 200, pingMs: 100, suspectMs: 200, hungMs: 800 });
  await one.isIn('one', 8);
  one.told = [];
  one.kill('SIGSTOP');
  await until(() => one.link.suspect);
  one.cast('exitRoom');
  await one.sees('onExitRoom');
  await one.link.request('ping', {});
  await settled(one);
  assert.deepStrictEqual(one.answers(), [['onExitRoom', 0]]);
});

test('a connection that breaks during every step: the call goes on, each step has one answer', async (t) => {
  const one = await page(t);
  const cut = () => one.link.rpc.dealer.socket && one.link.rpc.dealer.socket.destroy();
  for (let round = 0; round < 8; round += 1) {
    one.told = [];
    one.enter('one', 9);
    await new Promise((resolve) => setTimeout(resolve, round * 4));
    cut();
    const [result] = await one.sees('onEnterRoom');
    if (result < 0) {
      assert.deepStrictEqual(one.answers(), [['onError', -3301], ['onEnterRoom', -3301]], 'it never got there');
      continue;
    }
    await settled(one);
    one.cast('exitRoom');
    await new Promise((resolve) => setTimeout(resolve, round * 2));
    cut();
    await one.sees('onExitRoom');
    await settled(one);
    assert.deepStrictEqual(one.answers().map(([name]) => name), ['onEnterRoom', 'onExitRoom'], `round ${round}`);
  }
  one.told = [];
  assert.ok((await one.isIn('one', 9))[0] > 0);
  cut();
  await next(one.link, 'up');
  await settled(one);
  assert.strictEqual(one.answers().length, 1, 'a call does not end by it');
});

test('when there will be no other backend, exitRoom and enterRoom are answered all the same', async (t) => {
  const one = await page(t, { restartMs: [] });
  await one.isIn('one', 10);
  one.kill();
  await one.sees('onExitRoom');
  one.told = [];
  one.cast('exitRoom');
  one.enter('one', 10);
  await one.sees('onEnterRoom');
  assert.deepStrictEqual(one.answers().sort(), [['onEnterRoom', -3301], ['onError', -3301], ['onExitRoom', 0]]);
  const warned = one.told.filter(({ type }) => type === 'fault').map(({ method, error }) => [method, error.code]);
  assert.deepStrictEqual(warned, [['exitRoom', -32001], ['enterRoom', -32001]]);
});

test('clouds keep their numbers in the next backend', async (t) => {
  const one = await page(t);
  const subs = [await one.call('createSubCloud'), await one.call('createSubCloud'), await one.call('createSubCloud')];
  one.cast('destroy', {}, subs[1]);
  await one.isIn('three', 11, subs[2]);
  one.kill();
  assert.deepStrictEqual(await one.sees('onExitRoom', subs[2]), [1]);
  await one.isIn('three', 11, subs[2]);
  await one.isIn('one', 11);
  assert.deepStrictEqual(await one.sees('onRemoteUserEnterRoom', subs[2]), ['one']);
  await assert.rejects(one.call('getSDKVersion', {}, subs[1]), { code: -32010 });
  assert.strictEqual(await one.call('createSubCloud'), 4);
  const frames = one.told.filter(({ type }) => type === 'frames').map(({ url }) => url);
  assert.strictEqual(frames.length, 3);
  assert.strictEqual(frames[1], null);
  assert.notStrictEqual(frames[0], frames[2]);
});
