'use strict';
/** A frame endpoint that a test plays: a WebSocket server on loopback, as much of one as a page's socket needs. */
const crypto = require('crypto');
const { EventEmitter, once } = require('events');
const http = require('http');

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const [TEXT, BINARY, CLOSE] = [1, 2, 8];

/** What comes before the body of a message; browsers insist on the shortest form. */
function head(opcode, length) {
  const short = length < 126 ? length : length < 0x10000 ? 126 : 127;
  const made = Buffer.alloc({ 126: 4, 127: 10 }[short] || 2);
  made.set([0x80 | opcode, short]);
  if (short === 126) made.writeUInt16BE(length, 2);
  else if (short === 127) made.writeBigUInt64BE(BigInt(length), 2);
  return made;
}

/** One page. Emits `said` with each message, parsed, and `gone`. */
class Peer extends EventEmitter {
  constructor(socket) {
    super();
    this.wanted = [];
    this.credit = new Map(); // by source id
    this.gone = false;
    this._socket = socket;
    this._bytes = Buffer.alloc(0);
    socket.on('data', (chunk) => this._received(chunk));
    socket.on('error', () => {}); // `close` follows
    socket.on('close', () => {
      this.gone = true;
      this.emit('gone');
    });
  }

  /** A Buffer goes as it is, anything else as JSON. */
  send(message) {
    const binary = Buffer.isBuffer(message);
    const body = binary ? message : Buffer.from(JSON.stringify(message));
    this._socket.write(Buffer.concat([head(binary ? BINARY : TEXT, body.length), body]));
  }

  /** Takes one credit of a source, and sends it a grey picture. */
  picture(source, width = 16, height = 16) {
    this.credit.set(source, this.credit.get(source) - 1);
    this.send(picture({ source, width, height }));
  }

  end() {
    this._socket.destroy();
  }

  _received(chunk) {
    this._bytes = Buffer.concat([this._bytes, chunk]);
    while (this._bytes.length >= 6) {
      const long = (this._bytes[1] & 127) === 126;
      const start = long ? 8 : 6; // the mask is part of the head
      const length = long ? this._bytes.readUInt16BE(2) : this._bytes[1] & 127;
      if (this._bytes.length < start + length) return;
      const opcode = this._bytes[0] & 15;
      const mask = this._bytes.subarray(start - 4, start);
      const body = Buffer.from(this._bytes.subarray(start, start + length).map((byte, index) => byte ^ mask[index & 3]));
      this._bytes = this._bytes.subarray(start + length);
      if (opcode === CLOSE) this.end();
      else if (opcode === TEXT) this._said(JSON.parse(body.toString()));
    }
  }

  _said(message) {
    const { want, credit, source } = message;
    if (want) {
      this.wanted = want;
      this.send({ sources: want.map((one, index) => Object.assign({ id: index + 1 }, one)) });
    }
    if (credit) this.credit.set(source, (this.credit.get(source) || 0) + credit);
    this.emit('said', message);
  }
}

/** A grey picture with its header; `header` overrides bytes of it, by offset. */
function picture({ source = 1, width = 16, height = 16, timeMs = Date.now(), bytes = null, header = {} }) {
  const pixels = width * height + 2 * ((width + 1) >> 1) * ((height + 1) >> 1);
  const made = Buffer.alloc(32 + (bytes === null ? pixels : bytes), 128);
  made.fill(0, 0, 32);
  made.set([1, 1]);
  made.writeUInt16LE(width, 4);
  made.writeUInt16LE(height, 6);
  made.writeUInt32LE(source, 8);
  made.writeBigUInt64LE(BigInt(Math.round(timeMs * 1000)), 16);
  for (const offset of Object.keys(header)) made[offset] = header[offset];
  return made;
}

/** Listens until the test ends, or `close`. `url` differs from server to server; `peers` are all pages that ever came. */
async function frameServer(t) {
  const server = new EventEmitter();
  server.peers = [];
  const listener = http.createServer((_, response) => response.writeHead(426).end()).listen(0, '127.0.0.1');
  listener.on('upgrade', (request, socket) => {
    const accept = crypto.createHash('sha1').update(request.headers['sec-websocket-key'] + MAGIC).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    const peer = new Peer(socket);
    server.peers.push(peer);
    server.emit('peer', peer);
  });
  server.close = () => {
    listener.close();
    server.peers.forEach((peer) => peer.end());
  };
  t.after(server.close);
  await once(listener, 'listening');
  server.url = `ws://127.0.0.1:${listener.address().port}/frames?token=${crypto.randomBytes(4).toString('hex')}`;
  return server;
}

module.exports = { frameServer, picture };
