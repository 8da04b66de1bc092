'use strict';
/** Our ZMTP against libzmq in Node, as npm's `zeromq` brings it: both ways. */
const assert = require('assert');
const { test } = require('node:test');
const zeromq = require('zeromq');
const { Dealer } = require('../../sdk/main/zmtp');
const { encode, decode } = require('../../sdk/main/wire');
const { backend, rooms } = require('../tools/programs');
const { next } = require('../tools/wait');

async function router(t, options) {
  const made = new zeromq.Router(options);
  await made.bind('tcp://127.0.0.1:*');
  t.after(() => made.close());
  return made;
}

function dealer(t, endpoint, auth) {
  const made = new Dealer(endpoint, auth).connect();
  t.after(() => made.close());
  return made;
}

test('its Router hears our Dealer and answers: every size of frame, empty ones, many at once', async (t) => {
  const theirs = await router(t, { sendHighWaterMark: 0, receiveHighWaterMark: 0 });
  const ours = dealer(t, theirs.lastEndpoint);
  await next(ours, 'up');
  const messages = [0, 1, 255, 256, 65535, 65536, 3000000].map((size) => [Buffer.from('head'), Buffer.alloc(size, size % 251), Buffer.alloc(0)]);
  for (let number = 0; number < 500; number += 1) messages.push([Buffer.from(String(number))]);
  const back = [];
  ours.on('message', (frames) => back.push(frames));
  const last = next(ours, 'message', ([body]) => body.toString() === '499');
  for (const message of messages) assert.strictEqual(ours.send(message), true);
  for (const message of messages) {
    const [identity, ...frames] = await theirs.receive();
    assert.ok(frames.length === message.length && frames.every((body, index) => body.equals(message[index])));
    await theirs.send([identity, ...frames]);
  }
  await last;
  assert.ok(back.length === messages.length && back.every((frames, index) => frames.every((body, part) => body.equals(messages[index][part]))));
});

test('a Router that goes and comes again on the same address finds us there', async (t) => {
  const first = new zeromq.Router();
  await first.bind('tcp://127.0.0.1:*');
  const address = first.lastEndpoint;
  const ours = dealer(t, address);
  await next(ours, 'up');
  const down = next(ours, 'down');
  first.close();
  await down;
  assert.strictEqual(ours.send([Buffer.from('lost')]), false);
  const second = new zeromq.Router({ linger: 0 });
  t.after(() => second.close());
  const up = next(ours, 'up');
  for (;;) {
    try {
      await second.bind(address);
      break;
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve, 10)); // the first one's port is not free yet
    }
  }
  await up;
  ours.send([Buffer.from('again')]);
  assert.strictEqual((await second.receive())[1].toString(), 'again');
});

for (const flags of [[], ['--endpoint', 'tcp://127.0.0.1:0']]) {
  test(`its Dealer and ours get the same from a backend: ${flags[1] || 'ipc'}`, async (t) => {
    const served = await backend(t, await rooms(t), ...flags);
    const { endpoint, auth } = served.ready;
    const login = auth.mechanism === 'PLAIN' ? { plainUsername: auth.username, plainPassword: auth.password } : {};
    const theirs = new zeromq.Dealer(Object.assign({ linger: 0 }, login));
    t.after(() => theirs.close());
    theirs.connect(endpoint);
    const ours = dealer(t, endpoint, auth);
    await next(ours, 'up');
    const asks = [
      { method: 'getCameraDevicesList', params: {} },
      { method: 'hello', params: { client: 'a test', protocol: 1 } },
      { method: 'sendSEIMsg', params: { msg: new Uint8Array([1, 2, 3]), repeatCount: 1 } },
      { method: 'enterRoom', params: 3 },
      { method: 'nothing', params: {} },
    ];
    for (const [index, ask] of asks.entries()) {
      const frames = encode(Object.assign({ jsonrpc: '2.0', id: index }, ask));
      const answered = next(ours, 'message');
      ours.send(frames);
      await theirs.send(frames);
      const [mine, other] = [decode((await answered)[0]), decode(await theirs.receive())];
      assert.deepStrictEqual(mine, other);
      assert.strictEqual(mine.id, index);
    }
  });
}
