'use strict';
/** The WebSocket client against the real frame endpoint, and against peers that send pieces, pings, nonsense, or nothing. */
const assert = require('assert');
const crypto = require('crypto');
const { once } = require('events');
const http = require('http');
const { test } = require('node:test');
const { Relay } = require('../../sdk/main/relay');
const { Rpc } = require('../../sdk/main/rpc');
const { WebSocketClient } = require('../../sdk/main/websocket');
const { backend, rooms } = require('../tools/programs');
const { next, until } = require('../tools/wait');

function client(t, url) {
  const made = new WebSocketClient(url);
  made.heard = [];
  made.closes = 0;
  made.on('message', (message) => made.heard.push(message));
  made.on('close', () => { made.closes += 1; });
  t.after(() => made.close());
  return made;
}

/** A backend with its camera open: {served, rpc}. */
async function filming(t) {
  const served = await backend(t, await rooms(t));
  const rpc = new Rpc(served.ready);
  t.after(() => rpc.close());
  await next(rpc, 'up');
  await rpc.call('setVideoEncoderParam', { params: { videoResolution: 114, resMode: 0, videoFps: 15, videoBitrate: 1500 } }, 5000); // 1920 x 1080
  await rpc.call('startLocalPreview', { views: true }, 5000);
  return { served, rpc };
}

const WANT = JSON.stringify({ want: [{ cloud: 0, user: '', stream: 0 }] });
const CREDIT = JSON.stringify({ credit: 1 });

test('pictures come from the real endpoint, one for each credit', async (t) => {
  const { served } = await filming(t);
  const made = client(t, served.ready.frames);
  await next(made, 'open');
  made.send(WANT);
  const [text] = await next(made, 'message');
  assert.deepStrictEqual(JSON.parse(text).sources.map(({ user }) => user), ['']);
  let last = -1;
  for (let round = 0; round < 20; round += 1) {
    made.send(CREDIT);
    const [picture] = await next(made, 'message');
    const [width, height, number] = [picture.readUInt16LE(4), picture.readUInt16LE(6), picture.readUInt32LE(12)];
    assert.strictEqual(picture.length, 32 + width * height * 1.5);
    assert.ok(number > last, 'newer each time');
    last = number;
  }
  assert.strictEqual(made.heard.length, 21);
  made.close();
  made.close();
  await next(made, 'close');
  made.send(CREDIT);
  assert.strictEqual(made.closes, 1);
});

test('without the token, or from nowhere, it closes and never opens', async (t) => {
  const { served } = await filming(t);
  for (const url of [served.ready.frames.slice(0, -4), 'ws://127.0.0.1:9/frames', served.ready.frames.replace('/frames', '/other')]) {
    const made = client(t, url);
    made.on('open', () => assert.fail('it is open'));
    await next(made, 'close');
    assert.strictEqual(made.closes, 1);
  }
});

test('the end of the backend closes it', async (t) => {
  const { served } = await filming(t);
  const made = client(t, served.ready.frames);
  await next(made, 'open');
  served.kill();
  await next(made, 'close');
});

/** A server that has taken the upgrade and does with the socket what it likes. */
async function peer(t, act, accept) {
  const server = http.createServer().listen(0, '127.0.0.1');
  const sockets = [];
  server.on('upgrade', (request, socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    const key = crypto.createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept || key}\r\n\r\n`);
    act(socket);
  });
  t.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  await once(server, 'listening');
  return `ws://127.0.0.1:${server.address().port}/`;
}

function frame(first, body, length = body.length) {
  const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
  head[0] = first;
  head[1] = length < 126 ? length : length < 65536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.from(body)]);
}

/** The frames that a client has sent, unmasked: [first byte, text]. */
function said(bytes) {
  const frames = [];
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1] & 127;
    assert.strictEqual(bytes[at + 1] & 128, 128, 'masked');
    const [head, length] = short === 126 ? [4, bytes.readUInt16BE(at + 2)] : [2, short];
    const mask = bytes.slice(at + head, at + head + 4);
    const body = bytes.slice(at + head + 4, at + head + 4 + length).map((byte, index) => byte ^ mask[index & 3]);
    frames.push([bytes[at], Buffer.from(body).toString('latin1')]);
    at += head + 4 + length;
  }
  return frames;
}

const MESSAGES = [['', 0], ['a', 1], ['b'.repeat(125), 1], ['c'.repeat(126), 1], ['d'.repeat(65535), 1], ['e'.repeat(65536), 1]];

for (const name of ['at once', 'in bytes', 'in fragments with pings between']) {
  test(`messages ${name}`, async (t) => {
    const answers = [];
    const url = await peer(t, async (socket) => {
      socket.on('data', (chunk) => answers.push(chunk));
      for (const [text] of MESSAGES) {
        if (name === 'at once') socket.write(frame(0x81, Buffer.from(text)));
        else if (name === 'in bytes') {
          const bytes = frame(0x81, Buffer.from(text));
          const step = bytes.length > 1000 ? 1000 : 1;
          for (let at = 0; at < bytes.length; at += step) {
            socket.write(bytes.slice(at, at + step));
            await new Promise(setImmediate);
          }
        } else {
          const half = Math.floor(text.length / 2);
          socket.write(Buffer.concat([frame(0x01, Buffer.from(text.slice(0, half))), frame(0x89, Buffer.from('p')), frame(0x00, Buffer.from('')), frame(0x8a, Buffer.from('')), frame(0x80, Buffer.from(text.slice(half)))]));
        }
      }
    });
    const made = client(t, url);
    await until(() => made.heard.length === MESSAGES.length);
    assert.ok(made.heard.every((text, index) => text === MESSAGES[index][0]));
    if (name.includes('pings')) {
      await until(() => said(Buffer.concat(answers)).length === MESSAGES.length);
      assert.ok(said(Buffer.concat(answers)).every(([first, text]) => first === 0x8a && text === 'p'), 'pings are answered with what they said');
    }
  });
}

test('a large message in many chunks is joined once, not again for each chunk', async (t) => {
  const size = 48 * 1024 * 1024;
  const url = await peer(t, (socket) => socket.write(frame(0x82, Buffer.alloc(size, 3))));
  const made = client(t, url);
  const began = Date.now();
  const [whole] = await next(made, 'message');
  assert.ok(whole.length === size && whole[0] === 3 && whole[size - 1] === 3);
  assert.ok(Date.now() - began < 2000, `${Date.now() - began} ms`);
});

test('texts of ours are masked; one that is too long ends the connection', async (t) => {
  const answers = [];
  const made = client(t, await peer(t, (socket) => socket.on('data', (chunk) => answers.push(chunk))));
  made.send('too early');
  await next(made, 'open');
  const texts = ['', 'x', 'y'.repeat(125), 'z'.repeat(126), 'w'.repeat(65535)];
  texts.forEach((text) => made.send(text));
  await until(() => Buffer.concat(answers).length > 65535 + 126 + 125);
  await until(() => { try { return said(Buffer.concat(answers)).length === texts.length; } catch (error) { return false; } });
  assert.deepStrictEqual(said(Buffer.concat(answers)), texts.map((text) => [0x81, text]));
  made.send('v'.repeat(65536));
  await next(made, 'close');
});

const LIARS = {
  'a mask': Buffer.from([0x81, 0x81, 0, 0, 0, 0, 65]),
  'an extension': Buffer.from([0xc1, 0]),
  'a continuation of nothing': Buffer.from([0x80, 1, 65]),
  'a message in a message': Buffer.from([0x01, 1, 65, 0x81, 1, 65]),
  'an unknown frame': Buffer.from([0x83, 0]),
  'a ping in pieces': Buffer.from([0x09, 0]),
  'a long ping': frame(0x89, Buffer.alloc(126)),
  'an endless message': frame(0x82, Buffer.alloc(8), 65 * 1024 * 1024),
  'an endless row of fragments': Buffer.concat([frame(0x02, Buffer.alloc(33 * 1024 * 1024)), frame(0x00, Buffer.alloc(8), 33 * 1024 * 1024)]),
};

for (const name of Object.keys(LIARS)) {
  test(`a peer that sends ${name} is left`, async (t) => {
    const made = client(t, await peer(t, (socket) => socket.write(LIARS[name])));
    await next(made, 'close');
    assert.deepStrictEqual(made.heard, []);
  });
}

test('a peer that closes in mid-message, or cannot do the handshake, closes it', async (t) => {
  const cut = client(t, await peer(t, (socket) => socket.end(Buffer.concat([frame(0x81, Buffer.from('whole')), Buffer.from([0x81, 5, 65])]))));
  await next(cut, 'close');
  assert.deepStrictEqual(cut.heard, ['whole']);
  const wrong = client(t, await peer(t, () => {}, 'bm90IGl0'));
  wrong.on('open', () => assert.fail('it is open'));
  await next(wrong, 'close');
});

test('a close of the peer is answered', async (t) => {
  const answers = [];
  const made = client(t, await peer(t, (socket) => {
    socket.on('data', (chunk) => answers.push(chunk));
    socket.write(Buffer.concat([frame(0x81, Buffer.from('last')), frame(0x88, Buffer.from([3, 232])), frame(0x81, Buffer.from('after'))]));
  }));
  await next(made, 'close');
  assert.deepStrictEqual(made.heard, ['last']);
  await until(() => answers.length);
  assert.strictEqual(Buffer.concat(answers)[0], 0x88);
});

test('closed before it is open', async (t) => {
  const made = client(t, await peer(t, () => {}));
  made.on('open', () => assert.fail('it is open'));
  made.close();
  await next(made, 'close');
});

test('the relay passes on what is said and heard, one socket per page', async (t) => {
  const { served } = await filming(t);
  const told = [];
  let url = null;
  const relay = new Relay((message) => told.push(message), () => url);
  t.after(() => relay.close());
  const of = (id) => told.filter((message) => message.id === id);
  relay.heard({ open: 1 });
  assert.deepStrictEqual(told, [{ type: 'relay', id: 1, closed: true }], 'there are no frames yet');
  url = served.ready.frames;
  relay.heard({ open: 2 });
  await until(() => of(2).some(({ opened }) => opened));
  relay.heard({ send: WANT });
  await until(() => of(2).some(({ data }) => typeof data === 'string' && data.includes('sources')));
  relay.heard({ send: CREDIT });
  await until(() => of(2).some(({ data }) => Buffer.isBuffer(data) && data.length > 32));
  relay.heard({ close: 1 });
  relay.heard({ open: 3 });
  await until(() => of(2).some(({ closed }) => closed) && of(3).some(({ opened }) => opened), 'the new one in the place of the old one');
  relay.heard({ send: { toString: () => CREDIT } });
  relay.heard({ close: 3 });
  await until(() => of(3).some(({ closed }) => closed));
  relay.heard({ send: CREDIT });
  relay.heard({});
});
