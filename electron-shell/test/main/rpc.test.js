'use strict';
/** Calls and events over one connection to a real backend: errors, binary values, and no event lost however often it breaks. */
const assert = require('assert');
const { test } = require('node:test');
const zeromq = require('zeromq');
const { Rpc } = require('../../sdk/main/rpc');
const { decode, encode } = require('../../sdk/main/wire');
const { backend, rooms } = require('../tools/programs');
const { proxy } = require('../tools/proxy');
const { next, until } = require('../tools/wait');

function connected(t, ready) {
  const rpc = new Rpc(ready);
  rpc.heard = [];
  rpc.gaps = [];
  rpc.on('event', (event) => rpc.heard.push(event));
  rpc.on('gap', (state) => rpc.gaps.push(state));
  t.after(() => rpc.close());
  return next(rpc, 'up').then(() => rpc);
}

/** Each of these calls causes one event, `onWarning`. */
const cause = (rpc) => rpc.call('setCurrentCameraDevice', { deviceId: 'none' }, 5000);

const numbers = (rpc) => rpc.heard.map(({ seq }) => seq);

const isWhole = (list) => list.every((seq, index) => index === 0 || seq === list[index - 1] + 1);

test('an error has code, text and data', async (t) => {
  const rpc = await connected(t, (await backend(t, await rooms(t))).ready);
  await assert.rejects(rpc.call('enterRoom', { params: 3 }, 5000), ({ code, message, data, unanswered }) => {
    assert.deepStrictEqual([code, data, unanswered], [-32602, { field: 'params' }, false]);
    return /params/.test(message);
  });
  await assert.rejects(rpc.call('nothing', {}, 5000), { code: -32601 });
  await assert.rejects(rpc.call('exitRoom', { cloud: 77 }, 5000), { code: -32010 });
  await assert.rejects(rpc.call('log', { info: 'x'.repeat(70 * 1024 * 1024) }, 1), { code: -32000 });
});

test('binary values go both ways', async (t) => {
  const router = new zeromq.Router();
  await router.bind('tcp://127.0.0.1:*');
  t.after(() => router.close());
  (async () => {
    for await (const [identity, ...frames] of router) {
      const { id, method, params } = decode(frames);
      const result = { hello: { protocol: 1, seq: 0, clouds: [] }, on: null, 'events.replay': { events: [], complete: true } }[method];
      await router.send([identity, ...encode({ jsonrpc: '2.0', id, result: result === undefined ? params : result })]);
    }
  })();
  const rpc = await connected(t, { endpoint: router.lastEndpoint, auth: { mechanism: 'NULL' } });
  const bytes = Buffer.from([0, 1, 2, 250, 255]);
  const large = Buffer.alloc(2000000, 7);
  const memory = new Uint8Array([9, 8, 7, 6]);
  const sent = { frame: { data: bytes, more: [large, new DataView(memory.buffer, 1, 2)] }, buffer: memory.buffer, empty: new Uint8Array(0), plain: { $: 1 } };
  const back = await rpc.call('echo', sent, 5000);
  assert.deepStrictEqual([back.frame.data, back.frame.more[1], back.buffer, back.empty], [bytes, Buffer.from([8, 7]), Buffer.from(memory), Buffer.alloc(0)]);
  assert.ok(back.frame.more[0].equals(large));
  assert.deepStrictEqual(back.plain, { $: 1 });
});

test('a real backend takes binary values', async (t) => {
  const rpc = await connected(t, (await backend(t, await rooms(t))).ready);
  const frame = { audioFormat: 1, data: new Uint8Array(1920), length: 1920, sampleRate: 48000, channel: 1, timestamp: 0 };
  assert.strictEqual(await rpc.call('sendCustomAudioData', { frame }, 5000), null);
  assert.strictEqual(await rpc.call('sendSEIMsg', { msg: Buffer.from('hi'), repeatCount: 1 }, 5000), false);
});

test('no answer within the deadline is an error, and a late answer is nothing', async (t) => {
  const served = await backend(t, await rooms(t));
  const rpc = await connected(t, served.ready);
  served.child.kill('SIGSTOP');
  await assert.rejects(rpc.call('ping', {}, 200), { code: -32000, unanswered: true });
  served.child.kill('SIGCONT');
  assert.strictEqual(await rpc.call('ping', {}, 5000), 'pong');
});

test('a connection that breaks all the time loses no event and repeats none', async (t) => {
  const served = await backend(t, await rooms(t));
  const way = await proxy(t, served.ready);
  const [cause1, rpc] = [await connected(t, served.ready), await connected(t, way.ready)];
  let done = false;
  const cutting = (async () => {
    while (!done) {
      const { count } = way;
      way.cut();
      await until(() => way.count > count);
      await new Promise((resolve) => setTimeout(resolve, 7)); // somewhere in the greeting, or after it
    }
  })();
  for (let round = 0; round < 1500; round += 1) {
    await cause(cause1);
    if (round % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
  }
  done = true;
  await cutting;
  await until(() => rpc.heard.length === 1500, 'all events');
  assert.ok(isWhole(numbers(rpc)), 'in order, without a gap');
  assert.deepStrictEqual(numbers(rpc), numbers(cause1));
  assert.deepStrictEqual(rpc.gaps, []);
  assert.ok(way.count > 10, `${way.count} connections`);
});

test('calls under way when the connection breaks are told that nobody answered them', async (t) => {
  const served = await backend(t, await rooms(t));
  const way = await proxy(t, served.ready);
  const rpc = await connected(t, way.ready);
  served.child.kill('SIGSTOP');
  const call = rpc.call('ping', {}, 20000);
  way.cut();
  await assert.rejects(call, { code: -32000, unanswered: true });
  await assert.rejects(rpc.call('ping', {}, 20000), { code: -32000, unanswered: false }, 'this one never went out');
  served.child.kill('SIGCONT');
  await next(rpc, 'up');
});

test('more lost than the backend remembers: one gap, with how things stand now, and then everything', async (t) => {
  const served = await backend(t, await rooms(t));
  const way = await proxy(t, served.ready);
  const [other, rpc] = [await connected(t, served.ready), await connected(t, way.ready)];
  await cause(other);
  await until(() => rpc.heard.length === 1);
  way.open = false;
  const down = next(rpc, 'down');
  way.cut();
  await down;
  for (let round = 0; round < 50; round += 1) await Promise.all(Array.from({ length: 100 }, () => cause(other)));
  const up = next(rpc, 'up');
  way.open = true;
  await up;
  assert.strictEqual(rpc.gaps.length, 1);
  assert.deepStrictEqual(rpc.gaps[0].clouds, [{ id: 0, state: 'idle', room: null }]);
  await cause(other);
  await until(() => rpc.heard.length === 4098, 'the rest');
  assert.ok(isWhole(numbers(rpc).slice(1)));
  assert.strictEqual(numbers(rpc).pop(), numbers(other).pop());
});

test('a lost event with none after it is found by the next beat', async (t) => {
  const served = await backend(t, await rooms(t));
  const [other, rpc] = [await connected(t, served.ready), await connected(t, served.ready)];
  await rpc.call('off', { event: '*' }, 5000);
  for (let round = 0; round < 3; round += 1) await cause(other);
  assert.deepStrictEqual(rpc.heard, []);
  await rpc.beat(5000);
  assert.deepStrictEqual(numbers(rpc), numbers(other));
  await rpc.beat(5000);
  assert.strictEqual(rpc.heard.length, 3, 'once');
  await rpc.call('on', { event: '*' }, 5000);
  await rpc.call('off', { event: '*' }, 5000);
  await cause(other);
  await rpc.call('on', { event: '*' }, 5000);
  await cause(other);
  await until(() => rpc.heard.length === 5, 'what the next event showed to be missing');
  assert.deepStrictEqual(numbers(rpc), numbers(other));
});
