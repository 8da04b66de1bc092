'use strict';
/** The server's end of a WebSocket that only we talk on. What the page says is read no further than its goodbye. */
const crypto = require('crypto');
const { EventEmitter } = require('events');

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 0x81;
const CLOSE = 8;
const MOST_WAITING = 8 * 1024 * 1024; // bytes; a page that takes them no faster has to come again

function frame(body) {
  const long = body.length > 125;
  const head = Buffer.alloc(!long ? 2 : body.length < 65536 ? 4 : 10);
  head[0] = TEXT;
  head[1] = !long ? body.length : head.length === 4 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(body.length, 2);
  else if (head.length === 10) head.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([head, body]);
}

/** Events: `close`. */
class PageSocket extends EventEmitter {
  /** Answers the upgrade. */
  constructor(request, socket) {
    super();
    this.socket = socket;
    this.closed = false;
    const accept = crypto.createHash('sha1').update(request.headers['sec-websocket-key'] + MAGIC).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.setNoDelay(true);
    socket.on('error', () => {}); // `close` follows
    socket.on('close', () => this._ended());
    socket.on('data', (chunk) => {
      if ((chunk[0] & 15) === CLOSE) this.close();
    });
  }

  /** Bounded: a page that does not listen is cut off, and hears how things stand when it comes again. */
  send(text) {
    if (this.closed) return;
    this.socket.write(frame(Buffer.from(text)));
    if (this.socket.writableLength > MOST_WAITING) this.close();
  }

  close() {
    this.socket.destroy();
    this._ended();
  }

  _ended() {
    if (this.closed) return;
    this.closed = true;
    this.emit('close');
  }
}

module.exports = { PageSocket };
