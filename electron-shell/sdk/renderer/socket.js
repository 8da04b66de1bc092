'use strict';

/*
 * The page's end of the frame endpoint: one socket for all sources of a page.
 * The page says what it wants, and grants one credit for each picture drawn, so that it is never sent more than it can draw.
 */

const RETRY_MS = [100, 200, 400, 800, 1500];

/** A connection that has not opened by now never will. */
const OPEN_MS = 5000;

const keyOf = (source) => `${source.cloud}/${source.stream}/${source.user}`;

class FrameSocket {
  /**
   * `url()` is where the endpoint is now, or null while there is none; it is asked before each attempt.
   * `openSocket(url)` makes a WebSocket or something like it; `openRelay(url)`, if given, does so where the first does not get
   * through: the page's policy forbids it, or the endpoint does not take its origin. `onFrame(key, buffer)` is called for each picture.
   */
  constructor({ url, onFrame, openSocket, openRelay }) {
    this._url = url;
    this._onFrame = onFrame;
    this._openSocket = openSocket || ((address) => new WebSocket(address));
    this._openRelay = openRelay;
    this._refused = null; // the address that the first way did not get through to
    this._wanted = new Map();
    this._keys = new Map(); // by source id
    this._ids = new Map(); // by key, of those that were granted their first credit
    this._socket = null;
    this._timer = null;
    this._failures = 0;
    this._saying = false;
  }

  /** Replaces what is wanted: `{cloud, user, stream}` each. Connects for the first, and disconnects after the last. */
  want(sources) {
    this._wanted = new Map(sources.map((source) => [keyOf(source), source]));
    for (const key of this._ids.keys()) if (!this._wanted.has(key)) this._ids.delete(key);
    if (this._wanted.size === 0) this._disconnect();
    else if (this._socket === null && this._timer === null) this._connect();
    else this._say();
  }

  /** The last picture of this source is drawn; the next may come. */
  credit(key) {
    const id = this._ids.get(key);
    if (id !== undefined) this._send({ credit: 1, source: id });
  }

  _connect() {
    this._timer = null;
    const address = this._url();
    if (!address) {
      this._retry();
      return;
    }
    const relayed = Boolean(this._openRelay) && this._refused === address;
    this._refused = relayed ? null : address; // unless it opens
    const socket = this._attempt(address, relayed ? this._openRelay : this._openSocket);
    if (socket === null) return;
    this._socket = socket;
    socket.binaryType = 'arraybuffer';
    const limit = setTimeout(() => socket.close(), OPEN_MS);
    socket.onopen = () => {
      clearTimeout(limit);
      this._failures = 0;
      this._refused = relayed ? address : null; // what got through is the way to come back by
      this._say();
    };
    socket.onmessage = (event) => this._take(socket, event.data);
    const ended = () => {
      clearTimeout(limit);
      if (socket !== this._socket) return;
      this._forget();
      this._retry();
    };
    socket.onclose = ended;
    socket.onerror = ended; // all that comes where a policy forbids the socket
  }

  /** A socket, or null: a page may be forbidden even to try. */
  _attempt(address, open) {
    try {
      return open(address);
    } catch (error) {
      this._retry();
      return null;
    }
  }

  _retry() {
    const delay = RETRY_MS[Math.min(this._failures++, RETRY_MS.length - 1)];
    this._timer = setTimeout(() => this._connect(), delay);
  }

  _disconnect() {
    clearTimeout(this._timer);
    this._timer = null;
    this._failures = 0;
    const socket = this._socket;
    this._forget();
    if (socket === null) return;
    if (socket.readyState === 0) this._refused = null; // it might have opened
    socket.close();
  }

  _forget() {
    this._socket = null;
    this._keys.clear();
    this._ids.clear();
  }

  /** Once for all changes of a task. */
  _say() {
    if (this._saying) return;
    this._saying = true;
    Promise.resolve().then(() => {
      this._saying = false;
      this._send({ want: Array.from(this._wanted.values()) });
    });
  }

  _send(message) {
    if (this._socket !== null && this._socket.readyState === 1) this._socket.send(JSON.stringify(message));
  }

  _take(socket, data) {
    if (socket !== this._socket) return;
    if (typeof data === 'string') this._identify(JSON.parse(data));
    else if (data.byteLength >= 32) {
      const key = this._keys.get(new DataView(data).getUint32(8, true));
      if (key !== undefined && this._wanted.has(key)) this._onFrame(key, data);
    }
  }

  _identify({ sources = [] }) {
    for (const source of sources) {
      const key = keyOf(source);
      this._keys.set(source.id, key);
      if (this._ids.has(key) || !this._wanted.has(key)) continue;
      this._ids.set(key, source.id);
      this.credit(key);
    }
  }
}

module.exports = { FrameSocket, keyOf };
