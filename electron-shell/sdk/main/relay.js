'use strict';
/**
 * Frames for a page whose content security policy forbids it a WebSocket of its own: one socket here per page, whose messages pass
 * through unchanged. Credit keeps their number small, as it does on a socket.
 */
const { WebSocketClient } = require('./websocket');

class Relay {
  constructor(deliver, framesUrl) {
    this.deliver = deliver;
    this.framesUrl = framesUrl;
    this.socket = null;
    this.id = null;
  }

  /** What a page says: {open: id}, {send: text} or {close: id}. Where to connect is ours to know. */
  heard({ open, send, close }) {
    if (open !== undefined) this._open(open);
    else if (send !== undefined && this.socket) this.socket.send(String(send));
    else if (close !== undefined && close === this.id) this.close();
  }

  close() {
    if (this.socket) this.socket.close();
    this.socket = null;
  }

  _open(id) {
    this.close();
    this.id = id;
    const url = this.framesUrl();
    if (!url) {
      this._tell(id, { closed: true });
      return;
    }
    const socket = new WebSocketClient(url);
    this.socket = socket;
    socket.on('open', () => this._tell(id, { opened: true }));
    socket.on('message', (data) => this._tell(id, { data }));
    socket.on('close', () => this._tell(id, { closed: true }));
  }

  _tell(id, what) {
    this.deliver(Object.assign({ type: 'relay', id }, what));
  }
}

module.exports = { Relay };
