'use strict';
/** A WebSocket client for the backend's frame endpoint on loopback; Electron 9's main process has none. Texts out, both kinds in. */
const { EventEmitter } = require('events');
const crypto = require('crypto');
const http = require('http');

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OP = { CONTINUE: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 };
const LARGEST = 64 * 1024 * 1024;

/** Events: `open`, `message` (a string, or a Buffer), `close`. */
class WebSocketClient extends EventEmitter {
  constructor(url) {
    super();
    const key = crypto.randomBytes(16).toString('base64');
    const accept = crypto.createHash('sha1').update(key + MAGIC).digest('base64');
    this.bytes = Buffer.alloc(0);
    this.parts = [];
    this.closed = false;
    const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': key };
    this.request = http.get(url.replace(/^ws/, 'http'), { headers });
    this.request.on('upgrade', (response, socket, head) => {
      if (response.headers['sec-websocket-accept'] !== accept) socket.destroy();
      else this._opened(socket, head);
    });
    this.request.on('response', (response) => response.destroy());
    this.request.on('error', () => this._ended());
    this.request.on('close', () => this.socket || this._ended());
  }

  send(text) {
    if (this.socket) this._frame(OP.TEXT, Buffer.from(text));
  }

  close() {
    if (this.socket) this.socket.destroy();
    else this.request.destroy();
  }

  _opened(socket, head) {
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
    if (long) head.writeUInt16BE(body.length, 2); // what we say is short
    this.socket.write(Buffer.concat([head, mask, masked]));
  }

  _received(chunk) {
    this.bytes = this.bytes.length ? Buffer.concat([this.bytes, chunk]) : chunk;
    while (!this.closed && this._take()); // eslint-disable-line no-empty
  }

  _take() {
    if (this.bytes.length < 2) return false;
    const short = this.bytes[1] & 127;
    const headLength = { 126: 4, 127: 10 }[short] || 2;
    if (this.bytes.length < headLength) return false;
    const length = short === 126 ? this.bytes.readUInt16BE(2) : short === 127 ? Number(this.bytes.readBigUInt64BE(2)) : short;
    if (length > LARGEST) {
      this.close();
      return false;
    }
    if (this.bytes.length < headLength + length) return false;
    const body = this.bytes.slice(headLength, headLength + length);
    this._frameTaken(this.bytes[0], body);
    this.bytes = this.bytes.slice(headLength + length);
    return true;
  }

  _frameTaken(first, body) {
    const opcode = first & 15;
    if (opcode === OP.CLOSE) this.close();
    else if (opcode === OP.PING) this._frame(OP.PONG, body);
    else if (opcode === OP.PONG) return;
    else {
      if (opcode !== OP.CONTINUE) this.opcode = opcode;
      this.parts.push(body);
      if (!(first & 0x80)) return;
      const whole = this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts);
      this.parts = [];
      this.emit('message', this.opcode === OP.TEXT ? whole.toString() : whole);
    }
  }
}

module.exports = { WebSocketClient };
