'use strict';
/**
 * TRTCCloud. Its methods come from the table of the surface: most go to the backend as they are; those with a behaviour of their own
 * on this side of the wire are in `video.js`, `screens.js`, `audio.js`, `room.js` and `extras.js`.
 */
const { EventEmitter } = require('./emitter');
const { later, deliver, report } = require('./schedule');
const { state } = require('./state');
const { events, CALLBACKS } = require('./events');
const { plain } = require('./plain');
const { UNREACHABLE } = require('../bridge/codes');
const { methods } = require('../generated/methods');
const { start: startViews, helpers } = require('./views');
const { overrides: video } = require('./video');
const { overrides: screens } = require('./screens');
const { overrides: audio } = require('./audio');
const { overrides: room } = require('./room');
const { start: startExtras, overrides: extras, managers } = require('./extras');

/** What is answered without a backend, after `destroy` as well: applications use the objects that these give unguarded. */
const LOCAL = ['getSDKVersion', 'getConfigObject', 'addPlugin', 'getPluginList'];

const LEFT = 0; // the reason of `onExitRoom` after `exitRoom`

const hidden = (target, values) => {
  for (const name of Object.keys(values)) Object.defineProperty(target, name, { value: values[name], writable: true, configurable: true });
};

class TRTCCloud extends EventEmitter {
  /** The first one of a page is its share instance, further ones are sub instances. */
  constructor(config) {
    super();
    const shared = state();
    const sub = shared.share !== null;
    hidden(this, { _config: config, _destroyed: false, _sub: sub, _number: -1, eventDetail: null });
    hidden(this, startViews());
    hidden(this, startExtras());
    this._number = this._join(sub);
    if (!sub) shared.share = this;
    if (this._number >= 0) shared.clouds.set(this._number, this);
  }

  static getTRTCShareInstance(config) {
    return state().share || new TRTCCloud(config);
  }

  static destroyTRTCShareInstance() {
    if (state().share) state().share.destroy();
  }

  /** The cloud's number; -1 when there is no backend to have one, which is tried again at the next call. */
  _join(sub) {
    try {
      return sub ? state().bridge.call('createSubCloud', {}, state().share._number) : state().bridge.attach();
    } catch (error) {
      if (error.code !== UNREACHABLE) console.error(`TRTCCloud: ${error.message}`);
      return -1;
    }
  }

  _isThere() {
    if (this._number < 0) {
      this._number = this._join(this._sub);
      if (this._number >= 0) state().clouds.set(this._number, this);
    }
    return this._number >= 0;
  }

  createSubCloud(config) {
    if (this._sub || this._destroyed) {
      console.warn('TRTCCloud.createSubCloud: only the share instance, while it exists, makes sub clouds');
      return null;
    }
    const cloud = new TRTCCloud(config);
    return cloud._number < 0 ? null : cloud;
  }

  /** Leaves the room, closes the devices, and sub clouds with it. Idempotent; afterwards calls do nothing but warn. */
  destroy() {
    if (this._destroyed) return;
    const shared = state();
    if (!this._sub) shared.clouds.forEach((cloud) => cloud._sub && cloud.destroy());
    this._destroyed = true;
    if (shared.hasHub) shared.hub.destroy(this._number);
    if (this._number >= 0) shared.bridge.send('destroy', {}, this._number);
    shared.gone(this);
  }

  /** Delivers an event, after the call that caused it. */
  fire(name, ...args) {
    later(() => deliver(this, name, args));
  }

  _send(method, params) {
    if (this._destroyed) console.warn(`TRTCCloud.${method}: the instance is destroyed`);
    else if (this._isThere()) state().bridge.send(method, plain(params), this._number);
    else this._refused({ method, error: { code: UNREACHABLE, message: 'there is no backend' } });
  }

  /** The value, or the documented one of failure. */
  _call(method, params) {
    try {
      if (this._isThere()) return state().bridge.call(method, plain(params), this._number);
    } catch (error) {
      if (error.code !== UNREACHABLE) console.error(`TRTCCloud.${method}: ${error.message}`);
    }
    return copy(methods[method].failure);
  }

  _received({ name, args, detail }) {
    for (const [as, values] of events(name, args)) {
      later(() => {
        this._before(as, values);
        this.eventDetail = detail || null;
        const target = CALLBACKS[as] && this[CALLBACKS[as]];
        if (target) callMember(target, as, values);
        else deliver(this, as, values);
        this.eventDetail = null;
      });
    }
  }

  /** What the SDK does itself before the application hears of an event. */
  _before(name, [first]) {
    if (name === 'onRemoteUserLeaveRoom' && state().hasHub) state().hub.userLeft(this._number, first);
    if (name === 'onExitRoom' && first !== LEFT) this._outside(); // by `exitRoom` it is already, and may have a new preview
  }

  /** A call without a result came back as an error. */
  _refused({ method, error }) {
    if (error.code !== UNREACHABLE) console.error(`TRTCCloud.${method}: ${error.message}`);
    this.fire('onWarning', error.code, `${method}: ${error.message}`, { method });
    if (this._number >= 0) return; // otherwise the host sees to it that these two are answered
    if (method === 'enterRoom') {
      this.fire('onError', -3301, error.message);
      this.fire('onEnterRoom', -3301);
    } else if (method === 'exitRoom') this.fire('onExitRoom', 0);
  }
}

function callMember(target, name, args) {
  try {
    if (typeof target[name] === 'function') target[name](...args);
  } catch (error) {
    report(error);
  }
}

function copy(value) {
  return value !== null && typeof value === 'object' ? JSON.parse(JSON.stringify(value)) : value;
}

/** A call as the wire has it: arguments by name, views and callbacks as whether there is one. */
function bare(name, { params, returns }) {
  return function call(...args) {
    const named = {};
    params.forEach(([param, kind], index) => {
      if (args[index] === undefined) return;
      named[param] = kind === 'plain' ? args[index] : args[index] === null ? null : true;
    });
    return returns ? this._call(name, named) : this._send(name, named);
  };
}

/** After `destroy` every call warns, and returns what it would on failure. */
function guarded(name, method, failure) {
  if (LOCAL.includes(name)) return method;
  const guard = {
    [name](...args) {
      if (!this._destroyed) return method.apply(this, args);
      console.warn(`TRTCCloud.${name}: the instance is destroyed`);
      return copy(failure);
    },
  };
  return guard[name];
}

const own = Object.assign({}, video, screens, audio, room, extras);

for (const name of Object.keys(methods)) {
  if (!Object.prototype.hasOwnProperty.call(TRTCCloud.prototype, name)) {
    const { failure, returns } = methods[name];
    hidden(TRTCCloud.prototype, { [name]: guarded(name, own[name] || bare(name, methods[name]), returns ? failure : undefined) });
  }
}
hidden(TRTCCloud.prototype, helpers);
hidden(TRTCCloud.prototype, managers);
hidden(TRTCCloud.prototype, { __v_skip: true }); // Vue 3 leaves it as it is: behind a proxy of its it would not be the share instance

module.exports = TRTCCloud;
