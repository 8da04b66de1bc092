'use strict';
/**
 * What all copies of the library in one place share: it may be bundled and required at once, and there is one bridge all the same.
 * Made on first use, under one global symbol.
 */
const channel = require('../bridge/channel');
const { Bridge } = require('../bridge/bridge');
const { RendererHub } = require('../renderer');

const KEY = Symbol.for('trtc-bridge');

class State {
  constructor() {
    this.share = null;
    this.clouds = new Map(); // by number; a destroyed one stays until its number is used again, for its last events
    this._bridge = null;
    this._hub = null;
  }

  get bridge() {
    if (!this._bridge) {
      const { clouds } = this;
      const to = (number) => clouds.get(number);
      this._channel = channel.open();
      this._bridge = new Bridge(this._channel, {
        onEvent: (event) => to(event.cloud) && to(event.cloud)._received(event),
        onFault: (fault) => to(fault.cloud) && to(fault.cloud)._refused(fault),
      });
    }
    return this._bridge;
  }

  /** Draws; there from the first view on. */
  get hub() {
    if (!this._hub) {
      this._hub = new RendererHub({ framesUrl: () => this.bridge.framesUrl, openRelay: () => this.bridge.openRelay() });
    }
    return this._hub;
  }

  get hasHub() {
    return this._hub !== null;
  }

  /** A cloud is destroyed. In plain Node the backend ends with the last one. */
  gone(cloud) {
    this.bridge.forget(cloud._number);
    if (this.share === cloud) this.share = null;
    const left = Array.from(this.clouds.values()).some((other) => !other._destroyed);
    if (left || !this._channel.close) return;
    this.bridge.close();
    this._bridge = null;
    this.clouds = new Map(); // numbers begin anew; the last events still find their clouds
  }
}

function state() {
  if (!globalThis[KEY]) Object.defineProperty(globalThis, KEY, { value: new State() });
  return globalThis[KEY];
}

module.exports = { state };
