'use strict';
/**
 * A ZMTP 3.0 DEALER over `net.Socket`: https://rfc.zeromq.org/spec/23/. NULL and PLAIN, ipc and tcp.
 *
 * A connection that is lost is made again, with growing pauses, until `close`. Nothing is queued while there is none:
 * `send` then says false, since whoever has to wait knows better what is still worth sending.
 *
 * Events: `up`, `down` (reason), `message` (array of Buffers), `refused` (reason: the peer does not want us; no further try).
 */
const { EventEmitter } = require('events');
const net = require('net');
const { Inbox } = require('./inbox');

const MORE = 1;
const LONG = 2;
const COMMAND = 4;

const LIMITS = {
  handshakeMs: 5000,
  retryFirstMs: 20,
  retryLastMs: 1000,
  frameBytes: 256 * 1024 * 1024,
  unsentBytes: 64 * 1024 * 1024, // waiting in the socket; beyond that `send` says false
};

class ProtocolError extends Error {}

function greeting(mechanism) {
  const bytes = Buffer.alloc(64);
  bytes[0] = 0xff;
  bytes[8] = 1;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes.write(mechanism, 12, 'latin1');
  return bytes;
}

function frame(body, flags) {
  if (body.length < 256) return Buffer.concat([Buffer.from([flags, body.length]), body]);
  const head = Buffer.alloc(9);
  head[0] = flags | LONG;
  head.writeUInt32BE(Math.floor(body.length / 0x100000000), 1);
  head.writeUInt32BE(body.length % 0x100000000, 5);
  return Buffer.concat([head, body]);
}

function shortString(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function property(name, value) {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length, 0);
  return Buffer.concat([shortString(name), length, bytes]);
}

function command(name, ...parts) {
  return frame(Buffer.concat([shortString(name), ...parts]), COMMAND);
}

const METADATA = [property('Socket-Type', 'DEALER'), property('Identity', '')];

/** What is said, and what has to be heard, until messages may flow; one step per command of the peer. */
const MECHANISMS = {
  NULL: { opening: () => command('READY', ...METADATA), answers: { READY: null } },
  PLAIN: {
    opening: (auth) => command('HELLO', shortString(auth.username), shortString(auth.password)),
    answers: { WELCOME: () => command('INITIATE', ...METADATA), READY: null },
  },
};

function address(endpoint) {
  if (endpoint.startsWith('ipc://')) return { path: endpoint.slice(6) };
  const tcp = /^tcp:\/\/\[?([^\]]+?)\]?:(\d+)$/.exec(endpoint);
  if (!tcp) throw new TypeError(`${endpoint}: ipc://PATH or tcp://HOST:PORT expected`);
  return { host: tcp[1], port: Number(tcp[2]) };
}

class Dealer extends EventEmitter {
  /** `auth` is that of the backend's ready line: {mechanism: 'NULL' | 'PLAIN', username, password}. */
  constructor(endpoint, auth, limits) {
    super();
    this.address = address(endpoint);
    this.auth = auth || { mechanism: 'NULL' };
    this.mechanism = MECHANISMS[this.auth.mechanism];
    if (!this.mechanism) throw new TypeError(`mechanism ${this.auth.mechanism}: NULL or PLAIN expected`);
    this.limits = Object.assign({}, LIMITS, limits);
    this.up = false;
    this.closed = false;
    this.socket = null;
    this.timer = null;
    this.pause = this.limits.retryFirstMs;
  }

  connect() {
    const socket = net.connect(this.address);
    this.socket = socket;
    this.inbox = new Inbox();
    this.parts = [];
    this.step = this._greeted;
    this.timer = setTimeout(() => socket.destroy(new Error('no handshake')), this.limits.handshakeMs);
    let reason = 'closed by the peer';
    socket.setNoDelay(true);
    socket.on('error', (error) => { reason = error.message; });
    socket.on('close', () => this._down(socket, reason));
    socket.on('data', (chunk) => this._received(socket, chunk));
    socket.on('connect', () => socket.write(greeting(this.auth.mechanism)));
    return this;
  }

  /** Whether there is a connection; one that has just broken has not said so yet. */
  get isUp() {
    return this.up && !this.socket.destroyed;
  }

  /** Whether the frames of a message are on their way. */
  send(frames) {
    if (!this.isUp || this.socket.writableLength > this.limits.unsentBytes) return false;
    const last = frames.length - 1;
    this.socket.write(Buffer.concat(frames.map((body, index) => frame(body, index < last ? MORE : 0))));
    return true;
  }

  /** Idempotent. What was sent still goes out, for a moment. */
  close() {
    this.closed = true;
    clearTimeout(this.timer);
    const socket = this.socket;
    if (!socket) return;
    socket.end();
    const patience = setTimeout(() => socket.destroy(), 200);
    patience.unref();
    socket.once('close', () => clearTimeout(patience));
  }

  _down(socket, reason) {
    if (this.socket !== socket) return;
    clearTimeout(this.timer);
    this.socket = null;
    if (this.up) {
      this.up = false;
      this.emit('down', reason);
    }
    if (this.closed) return;
    this.timer = setTimeout(() => this.connect(), this.pause);
    this.pause = Math.min(this.pause * 2, this.limits.retryLastMs);
  }

  _received(socket, chunk) {
    this.inbox.push(chunk);
    try {
      while (!this.closed && this.step()); // eslint-disable-line no-empty
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      socket.destroy(error);
    }
  }

  _greeted() {
    const bytes = this.inbox.peek(64);
    if (!bytes) return false;
    if (bytes[0] !== 0xff || !(bytes[9] & 1) || bytes[10] < 3) throw new ProtocolError('not a ZMTP 3 peer');
    const mechanism = bytes.toString('latin1', 12, 32).replace(/\0+$/, '');
    if (mechanism !== this.auth.mechanism) return this._refused(`the peer wants ${mechanism}`);
    this.inbox.take(64);
    this.socket.write(this.mechanism.opening(this.auth));
    this.step = this._handshake;
    return true;
  }

  _handshake() {
    const next = this._frame();
    if (!next) return false;
    if (!(next.flags & COMMAND)) throw new ProtocolError('a message before the handshake');
    const name = next.body.toString('latin1', 1, 1 + next.body[0]);
    if (next.body.toString('latin1', 1, 5) === 'RROR') return this._refused(next.body.toString('latin1', 6)); // libzmq before 4.3.6 has lost the E
    if (name === 'ERROR') return this._refused(next.body.toString('latin1', 7) || 'no reason given');
    const answer = this.mechanism.answers[name];
    if (answer === undefined) throw new ProtocolError(`unexpected ${name}`);
    if (answer) {
      this.socket.write(answer());
      return true;
    }
    clearTimeout(this.timer);
    this.pause = this.limits.retryFirstMs;
    this.step = this._traffic;
    this.up = true;
    this.emit('up');
    return true;
  }

  _refused(reason) {
    this.close();
    this.emit('refused', reason);
    return false;
  }

  _traffic() {
    const next = this._frame();
    if (!next) return false;
    if (next.flags & COMMAND) return true; // 3.0 has none here; those of later versions may be left unanswered
    this.parts.push(next.body);
    if (!(next.flags & MORE)) {
      const message = this.parts;
      this.parts = [];
      this.emit('message', message);
    }
    return true;
  }

  /** The next frame, once it is all there. */
  _frame() {
    const start = this.inbox.peek(2);
    if (!start) return null;
    const flags = start[0];
    if (flags > 7) throw new ProtocolError(`flags ${flags}`);
    const headLength = flags & LONG ? 9 : 2;
    const head = this.inbox.peek(headLength);
    if (!head) return null;
    const length = flags & LONG ? head.readUInt32BE(1) * 0x100000000 + head.readUInt32BE(5) : head[1];
    if (length > this.limits.frameBytes) throw new ProtocolError(`a frame of ${length} bytes`);
    if (this.inbox.length < headLength + length) return null;
    this.inbox.take(headLength);
    return { flags, body: this.inbox.take(length) };
  }
}

module.exports = { Dealer, LIMITS };
