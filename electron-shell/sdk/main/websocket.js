'use strict';
/** A WebSocket client for the backend's frame endpoint on loopback; Electron 9's main process has none. Texts out, both kinds in. */
const { EventEmitter } = require('events');
const crypto = require('crypto');
const http = require('http');
const { Inbox } = require('./inbox');

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OP = { CONTINUE: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 };
const LARGEST = 64 * 1024 * 1024; // of a message to us
const LONGEST = 0xffff; // bytes of a text of ours
const GOODBYE_MS = 500; // for the peer's answer to our close

const isControl = (opcode) => opcode >= OP.CLOSE;

/** Events: `open`, `message` (a string, or a Buffer), `close`. */
class WebSocketClient extends EventEmitter {
  constructor(url) {
    super();
    const key = crypto.randomBytes(16).toString('base64');
    const accept = crypto.createHash('sha1').update(key + MAGIC).digest('base64');
    this.inbox = new Inbox();
    this.parts = [];
    this.opcode = null; // of the message whose fragments `parts` are
    this.closing = false;
    this.closed = false;
    const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': key };
    this.request = http.get(url.replace(/^ws/, 'http'), { headers, agent: false });
    this.request.on('upgrade', (response, socket, head) => {
      if (response.headers['sec-websocket-accept'] !== accept) socket.destroy();
      else this._opened(socket, head);
    });
    this.request.on('response', (response) => response.destroy());
    this.request.on('error', () => this._ended());
    this.request.on('close', () => this.socket || this._ended());
  }

  /** Nothing while there is no connection. A text that is too long ends it: nobody who keeps to the protocol has one. */
  send(text) {
    if (!this.socket || this.closing) return;
    const body = Buffer.from(text);
    if (body.length > LONGEST) this.close();
    else this._frame(OP.TEXT, body);
  }

  /** Idempotent. */
  close() {
    if (this.closing) return;
    this.closing = true;
    if (!this.socket) {
      this.request.destroy();
      return;
    }
    this._frame(OP.CLOSE, Buffer.from([0x03, 0xe8]));
    this.socket.end();
    const patience = setTimeout(() => this.socket.destroy(), GOODBYE_MS);
    patience.unref();
    this.once('close', () => clearTimeout(patience));
  }

  _opened(socket, head) {
    if (this.closing) {
      socket.destroy();
      return;
    }
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {}); // `close` follows
    socket.on('close', () => this._ended());
    socket.on('data', (chunk) => this._received(chunk));
    this.emit('open');
    if (head.length) this._received(head);
  }

  _ended() {
    if (this.closed) return;
    this.closed = true;
    this.emit('close');
  }

  _frame(opcode, body) {
    const mask = crypto.randomBytes(4);
    const masked = Buffer.from(body.map((byte, index) => byte ^ mask[index & 3]));
    const long = body.length > 125;
    const head = Buffer.alloc(long ? 4 : 2);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (long ? 126 : body.length);
    if (long) head.writeUInt16BE(body.length, 2);
    this.socket.write(Buffer.concat([head, mask, masked]));
  }

  _received(chunk) {
    if (this.closing) return;
    this.inbox.push(chunk);
    while (!this.closing && this._take()); // eslint-disable-line no-empty
  }

  _take() {
    const start = this.inbox.peek(2);
    if (!start) return false;
    const [first, second] = start;
    const short = second & 127;
    const headLength = { 126: 4, 127: 10 }[short] || 2;
    const head = this.inbox.peek(headLength);
    if (!head) return false;
    const length = short === 126 ? head.readUInt16BE(2) : short === 127 ? head.readUInt32BE(2) * 0x100000000 + head.readUInt32BE(6) : short;
    if (!this._isFair(first, second, length)) {
      this.socket.destroy();
      return false;
    }
    if (this.inbox.length < headLength + length) return false;
    this.inbox.take(headLength);
    this._frameTaken(first, this.inbox.take(length));
    return true;
  }

  /** Whether a server may say this: no extension, no mask, no control frame that is long or in pieces, nothing endless. */
  _isFair(first, second, length) {
    const opcode = first & 15;
    if (first & 0x70 || second & 0x80) return false;
    if (isControl(opcode)) return (first & 0x80) !== 0 && length <= 125;
    const begun = this.parts.reduce((sum, part) => sum + part.length, 0);
    return opcode <= OP.BINARY && (opcode === OP.CONTINUE) === (this.opcode !== null) && begun + length <= LARGEST;
  }

  _frameTaken(first, body) {
    const opcode = first & 15;
    if (opcode === OP.CLOSE) this.close();
    else if (opcode === OP.PING) this._frame(OP.PONG, body);
    else if (!isControl(opcode)) this._part(opcode, body, Boolean(first & 0x80));
  }

  _part(opcode, body, isLast) {
    if (opcode !== OP.CONTINUE) this.opcode = opcode;
    this.parts.push(body);
    if (!isLast) return;
    const whole = this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts);
    const isText = this.opcode === OP.TEXT;
    this.parts = [];
    this.opcode = null;
    this.emit('message', isText ? whole.toString() : whole);
  }
}

module.exports = { WebSocketClient };
