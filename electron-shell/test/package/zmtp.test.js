'use strict';
/** Our ZMTP against libzmq, and against peers that do not speak it. */
const assert = require('assert');
const { once } = require('events');
const net = require('net');
const path = require('path');
const { test } = require('node:test');
const { Dealer } = require('../../sdk/main/zmtp');
const { folder } = require('../tools/files');
const { program } = require('../tools/programs');
const { next, until } = require('../tools/wait');

const ROUTER = path.join(__dirname, 'fixtures/router.py');

async function dealer(t, endpoint, auth, limits) {
  const made = new Dealer(endpoint, auth, limits).connect();
  t.after(() => made.close());
  return made;
}

const echo = async (made, frames) => {
  const answer = next(made, 'message');
  assert.ok(made.send(frames));
  return (await answer)[0];
};

for (const kind of ['ipc', 'tcp', 'plain']) {
  test(`messages of every shape come back over ${kind}`, { skip: kind === 'ipc' && process.platform === 'win32' }, async (t) => {
    const endpoint = kind === 'ipc' ? `ipc://${folder(t)}/rpc` : 'tcp://127.0.0.1:*';
    const { ready } = await program(t, ROUTER, endpoint, ...(kind === 'plain' ? ['secret'] : []));
    const auth = kind === 'plain' ? { mechanism: 'PLAIN', username: 'pybackend', password: 'secret' } : { mechanism: 'NULL' };
    const made = await dealer(t, ready.endpoint, auth);
    assert.strictEqual(made.send([Buffer.from('too early')]), false);
    await next(made, 'up');
    for (const sizes of [[0], [1], [255], [256], [70000], [3000000], [0, 5, 300, 0], [255, 256, 255]]) {
      const frames = sizes.map((size, index) => Buffer.alloc(size, index + 65));
      const back = await echo(made, frames);
      assert.deepStrictEqual(back.map((frame) => frame.length), sizes);
      assert.ok(back.every((frame, index) => frame.equals(frames[index])));
    }
  });
}

test('a thousand messages come back in their order', async (t) => {
  const { ready } = await program(t, ROUTER, 'tcp://127.0.0.1:*');
  const made = await dealer(t, ready.endpoint);
  await next(made, 'up');
  const got = [];
  made.on('message', ([body]) => got.push(Number(body.toString())));
  for (let number = 0; number < 1000; number += 1) made.send([Buffer.from(String(number))]);
  await next(made, 'message', ([body]) => body.toString() === '999');
  assert.deepStrictEqual(got, Array.from({ length: 1000 }, (_, number) => number));
});

test('a lost connection is made again', async (t) => {
  const { ready } = await program(t, ROUTER, 'tcp://127.0.0.1:*');
  const made = await dealer(t, ready.endpoint);
  await next(made, 'up');
  const down = next(made, 'down');
  made.send([Buffer.from('drop')]);
  await down;
  await next(made, 'up');
  assert.strictEqual((await echo(made, [Buffer.from('again')]))[0].toString(), 'again');
});

test('a wrong password is refused, and not tried again', async (t) => {
  const { ready } = await program(t, ROUTER, 'tcp://127.0.0.1:*', 'secret');
  const auth = { mechanism: 'PLAIN', username: 'pybackend', password: 'wrong' };
  const made = await dealer(t, ready.endpoint, auth);
  assert.match((await next(made, 'refused'))[0], /\S/);
  assert.strictEqual(made.closed, true);
});

/** A server that greets as told, byte by byte if need be; the number of connections it had. */
async function impostor(t, greet) {
  let connections = 0;
  const server = net.createServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
    greet(socket);
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return { endpoint: `tcp://127.0.0.1:${server.address().port}`, count: () => connections };
}

const GREETING = Buffer.concat([Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]), Buffer.from('NULL'.padEnd(20, '\0')), Buffer.alloc(32)]);
const READY = Buffer.concat([Buffer.from([4, 6, 5]), Buffer.from('READY')]);

test('a peer may send its bytes one by one', async (t) => {
  const message = Buffer.concat([Buffer.from([1, 2]), Buffer.from('ab'), Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 1]), Buffer.from('c')]);
  const { endpoint } = await impostor(t, async (socket) => {
    for (const byte of Buffer.concat([GREETING, READY, message])) {
      socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
  });
  const made = await dealer(t, endpoint);
  assert.deepStrictEqual((await next(made, 'message'))[0].map(String), ['ab', 'c']);
});

test('another mechanism than ours is refused', async (t) => {
  const { endpoint } = await impostor(t, (socket) => socket.write(Buffer.concat([GREETING.slice(0, 12), Buffer.from('PLAIN'.padEnd(52, '\0'))])));
  const made = await dealer(t, endpoint);
  assert.match((await next(made, 'refused'))[0], /PLAIN/);
});

test('without the password of a libzmq that wants one there is no connection', async (t) => {
  const { ready } = await program(t, ROUTER, 'tcp://127.0.0.1:*', 'secret');
  const made = await dealer(t, ready.endpoint, { mechanism: 'NULL' }, { handshakeMs: 200 });
  made.on('up', () => assert.fail('it is up'));
  const first = made.socket;
  await until(() => made.socket && made.socket !== first, 'another try');
});

const LIARS = {
  'no ZMTP': Buffer.alloc(64, 'x'),
  'an older version': Buffer.concat([GREETING.slice(0, 10), Buffer.from([2]), GREETING.slice(11)]),
  'a message in the handshake': Buffer.concat([GREETING, Buffer.from([0, 1, 65])]),
  'an unknown command': Buffer.concat([GREETING, Buffer.from([4, 3, 2, 72, 73])]),
  'reserved flags': Buffer.concat([GREETING, READY, Buffer.from([0x40, 0])]),
  'an endless frame': Buffer.concat([GREETING, READY, Buffer.from([2, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0])]),
  silence: Buffer.alloc(0),
};

for (const name of Object.keys(LIARS)) {
  test(`a peer with ${name} is left, and tried again`, async (t) => {
    const peer = await impostor(t, (socket) => socket.write(LIARS[name]));
    const made = await dealer(t, peer.endpoint, undefined, { handshakeMs: 100 });
    await until(() => peer.count() >= 2, 'another try');
    made.close();
  });
}

test('closing ends everything', async (t) => {
  const { ready } = await program(t, ROUTER, 'tcp://127.0.0.1:*');
  const made = await dealer(t, ready.endpoint);
  await next(made, 'up');
  made.close();
  made.close();
  await next(made, 'down');
  assert.strictEqual(made.send([Buffer.from('x')]), false);
});
