'use strict';
/**
 * Calls to the backend from wherever we are. `send` is for methods that return nothing, `call` returns the value at once.
 * Values that applications poll come from a snapshot that is pushed to us, unless something of ours may have changed them since.
 */
const { RelaySocket } = require('./relay-socket');
const { NO_ANSWER, UNREACHABLE } = require('./codes');
const { POLLED, TOUCHING, TOUCHING_EVENTS } = require('./polled');

class BridgeError extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

class Bridge {
  /** `onEvent({cloud, name, args, detail})`; `onFault({cloud, method, error})`: a `send` that came back as an error. */
  constructor(channel, { onEvent, onFault }) {
    this.framesUrl = null;
    this._channel = channel;
    this._onEvent = onEvent;
    this._onFault = onFault;
    this._epochs = new Map(); // by cloud: how often the polled values may have changed
    this._snapshots = new Map(); // by cloud: {epoch, values}
    this._told = ''; // the last reason why there is no backend
    this._relay = null;
    channel.listen((message) => this._heard(message));
  }

  /** The number of the cloud behind this page's share instance. Throws BridgeError. */
  attach() {
    const { cloud, frames } = this._ask({ attach: true });
    this.framesUrl = frames;
    return cloud;
  }

  send(method, params, cloud) {
    if (this._channel.advice) this._tell(this._channel.advice);
    this._channel.cast({ method, params, cloud });
    if (TOUCHING.includes(method)) this._touch(cloud);
  }

  /** Throws BridgeError: the backend's refusal, or that there was no answer in time. */
  call(method, params, cloud) {
    const index = POLLED.indexOf(method);
    if (index < 0) return this._ask({ method, params, cloud });
    const snapshot = this._snapshots.get(cloud);
    if (snapshot && snapshot.epoch === this._epochs.get(cloud)) return copied(snapshot.values[index]);
    if (!this._epochs.has(cloud)) this._touch(cloud);
    return this._ask({ method, params, cloud });
  }

  /** The cloud is destroyed; its number may be used again. */
  forget(cloud) {
    this._epochs.delete(cloud);
    this._snapshots.delete(cloud);
  }

  /** A way to the frames for a page that may not open a socket. */
  openRelay() {
    this._relay = new RelaySocket(this._channel);
    return this._relay;
  }

  close() {
    if (this._channel.close) this._channel.close();
  }

  _ask(message) {
    const answer = this._channel.call(message) || { e: { code: NO_ANSWER, message: 'no answer' } };
    if (!answer.e) return answer.v;
    if (answer.e.code === UNREACHABLE) this._tell(answer.e.message);
    throw new BridgeError(answer.e);
  }

  /** Why there is no backend: once for each reason. */
  _tell(why) {
    if (why === this._told) return;
    this._told = why;
    console.error(/^trtc-bridge: /.test(why) ? why : `trtc-bridge: ${why}`);
  }

  _touch(cloud) {
    const epoch = (this._epochs.get(cloud) || 0) + 1;
    this._epochs.set(cloud, epoch);
    this._channel.cast({ refresh: epoch, cloud });
  }

  _heard(message) {
    if (message.type === 'event') {
      if (TOUCHING_EVENTS.includes(message.name) && this._epochs.has(message.cloud)) this._touch(message.cloud);
      this._onEvent(message);
    } else if (message.type === 'fault') {
      if (message.error.code === UNREACHABLE) this._tell(message.error.message);
      this._onFault(message);
    } else if (message.type === 'relay') {
      if (this._relay && this._relay.id === message.id) this._relay.heard(message);
    } else if (message.type === 'snapshot') this._snapshots.set(message.cloud, message);
    else if (message.type === 'frames') {
      this.framesUrl = message.url;
      if (message.url === null) this._snapshots.clear();
      else this._told = '';
    }
  }
}

/** The application may do with an answer what it likes. */
function copied(value) {
  return value !== null && typeof value === 'object' ? JSON.parse(JSON.stringify(value)) : value;
}

module.exports = { Bridge, BridgeError };
