'use strict';
/** Looks like a WebSocket to the frame endpoint; what it says and hears goes through the main process. */
const { arrayBuffer } = require('../cloud/plain');

const [CONNECTING, OPEN, CLOSED] = [0, 1, 3];

let lastId = 0;

class RelaySocket {
  constructor(channel) {
    lastId += 1;
    this.id = lastId;
    this.readyState = CONNECTING;
    this.onopen = null;
    this.onmessage = null;
    this.onclose = null;
    this._channel = channel;
    channel.cast({ relay: { open: this.id } });
  }

  send(text) {
    this._channel.cast({ relay: { send: text } });
  }

  close() {
    this._channel.cast({ relay: { close: this.id } });
    this._closed();
  }

  /** A message of the main process. */
  heard({ opened, data, closed }) {
    if (opened) {
      this.readyState = OPEN;
      if (this.onopen) this.onopen({});
    } else if (closed) this._closed();
    else if (this.onmessage) this.onmessage({ data: typeof data === 'string' ? data : arrayBuffer(data) });
  }

  _closed() {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    if (this.onclose) setTimeout(() => this.onclose({}));
  }
}

module.exports = { RelaySocket };
