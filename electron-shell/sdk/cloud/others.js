'use strict';
/**
 * The classes beside TRTCCloud. Managers pass on to their cloud what it can do; everything else has nothing behind it and says so:
 * once on the console, then by the documented value of failure.
 */
const members = require('../generated/others');
const { EventEmitter } = require('./emitter');
const { V2LiveCode } = require('../generated/enums');

const CAMERA = 2;
const DEVICES = ['Mic', 'Speaker', 'Camera']; // by TRTCDeviceType
const NO_DEVICE = { deviceId: '', deviceName: '', deviceProperties: {} };

const said = new Set();

function unsupported(place) {
  if (said.has(place)) return;
  said.add(place);
  console.warn(`${place}: not supported yet`);
}

/** What a member without anything behind it returns, by its kind. */
const NOTHING = {
  void: () => undefined,
  chain: (self) => self,
  promise: (self, place) => Promise.reject(new Error(`${place}: not supported yet`)),
  'promise-or-void': () => undefined,
  'promise-or-value': () => -1,
  'sync-status': () => V2LiveCode.V2LIVE_ERROR_NOT_SUPPORTED,
  'sync-data': () => 0,
  'js-object': () => null,
};

/** Values that follow from a member's name rather than from its kind. */
const VALUES = [
  [/^get\w*DevicesList$/, () => []],
  [/^getCurrent\w+Device$/, () => Object.assign({}, NO_DEVICE)],
  [/Mute(State)?$/, () => false],
  [/^getPluginList$/, () => null],
];

/** Gives a class the members of the surface that it does not have. Its name is given, since minifiers take a class's own away. */
function complete(className, kind) {
  for (const name of Object.keys(members[className])) {
    if (Object.prototype.hasOwnProperty.call(kind.prototype, name)) continue;
    const returns = members[className][name];
    const value = (returns.includes('sync-data') && VALUES.find(([pattern]) => pattern.test(name))) || [null, NOTHING[returns]];
    const place = `${className}.${name}`;
    Object.defineProperty(kind.prototype, name, {
      value() {
        unsupported(place);
        return value[1](this, place);
      },
      writable: true,
      configurable: true,
    });
  }
  return kind;
}

/** `on` and `off` only. */
class Listenable {
  constructor() {
    Object.defineProperty(this, '_emitter', { value: new EventEmitter() });
  }

  on(event, listener) {
    this._emitter.on(event, listener);
  }

  off(event, listener) {
    this._emitter.off(event, listener);
  }

  destroy() {
    this._emitter.removeAllListeners();
  }
}

/** The device methods of a cloud, by device type. */
class TRTCDeviceManager extends Listenable {
  constructor({ nodeTRTCCloud }) {
    super();
    Object.defineProperty(this, '_cloud', { value: nodeTRTCCloud });
    this._changed = (...args) => this._emitter.emit('onDeviceChange', ...args);
    if (nodeTRTCCloud && nodeTRTCCloud.on) nodeTRTCCloud.on('onDeviceChange', this._changed);
  }

  destroy() {
    super.destroy();
    if (this._cloud && this._cloud.off) this._cloud.off('onDeviceChange', this._changed);
  }

  getDevicesList(type) {
    return this._cloud[`get${DEVICES[type]}DevicesList`]();
  }

  setCurrentDevice(type, deviceId) {
    return this._cloud[`setCurrent${DEVICES[type]}Device`](deviceId);
  }

  getCurrentDevice(type) {
    return this._cloud[`getCurrent${DEVICES[type]}Device`]();
  }

  setCurrentDeviceVolume(type, volume) {
    return this._ofSound(type, 'set', 'Volume', volume);
  }

  getCurrentDeviceVolume(type) {
    return this._ofSound(type, 'get', 'Volume');
  }

  setCurrentDeviceMute(type, mute) {
    return this._ofSound(type, 'set', 'Mute', mute);
  }

  getCurrentDeviceMute(type) {
    return this._ofSound(type, 'get', 'Mute');
  }

  _ofSound(type, verb, what, ...args) {
    if (type === CAMERA) return what === 'Mute' ? false : 0;
    const middle = type === 1 && what === 'Volume' ? 'Speaker' : `${DEVICES[type]}Device`;
    return this._cloud[`${verb}Current${middle}${what}`](...args);
  }

  setCameraCaptureParam(params) {
    return this._cloud.setCameraCaptureParams(params);
  }
}

for (const name of ['enableFollowingDefaultAudioDevice', 'startMicDeviceTest', 'stopMicDeviceTest', 'startSpeakerDeviceTest', 'stopSpeakerDeviceTest']) {
  TRTCDeviceManager.prototype[name] = function call(...args) {
    return this._cloud[name](...args);
  };
}

/** The music and voice methods of a cloud, as promises. */
class TRTCAudioEffectManager {
  constructor({ nodeTRTCCloud }) {
    Object.defineProperty(this, '_cloud', { value: nodeTRTCCloud });
  }

  destroy() {} // it holds nothing
}

for (const name of Object.keys(members.TRTCAudioEffectManager)) {
  if (name === 'destroy') continue;
  TRTCAudioEffectManager.prototype[name] = function call(...args) {
    if (typeof this._cloud[name] === 'function') return Promise.resolve().then(() => this._cloud[name](...args));
    unsupported(`TRTCAudioEffectManager.${name}`);
    return Promise.resolve(-1);
  };
}

class TRTCPluginManager {
  constructor({ nodeTRTCCloud }) {
    Object.defineProperty(this, '_cloud', { value: nodeTRTCCloud });
  }

  destroy() {} // it holds nothing

  setCallback(callback) {
    return this._cloud.setPluginCallback(callback);
  }
}

for (const name of ['setPluginParams', 'addPlugin', 'removePlugin', 'getPluginList']) {
  TRTCPluginManager.prototype[name] = function call(...args) {
    return this._cloud[name](...args);
  };
}

class TRTCPlugin {
  constructor(pluginId, deviceId) {
    Object.defineProperty(this, '_id', { value: pluginId });
    Object.defineProperty(this, '_deviceId', { value: deviceId });
  }

  get id() {
    return this._id;
  }

  get deviceId() {
    return this._deviceId;
  }
}

class TRTCMediaMixingManager extends Listenable {
  destroy() {
    super.destroy();
    return Promise.resolve();
  }
}

class TRTCMediaMixingService extends Listenable {}

class TRTCLocalMediaTranscoder extends EventEmitter {}

const NO_VOD = '[TRTCVodPlayer][ERR_NO_VOD_SUPPORT]';

class TRTCVodPlayer extends Listenable {
  static isSupported() {
    return false;
  }

  static createVodPlayer(mediaFilePath) {
    if (!mediaFilePath) throw new TypeError('createVodPlayer: a path expected');
    throw new Error(`${NO_VOD} there is no player yet`);
  }

  static releaseVodPlayer() {}

  on(event, listener) {
    super.on(event, listener);
    return this;
  }

  off(event, listener) {
    super.off(event, listener);
    return this;
  }
}

class V2LivePusher extends Listenable {
  static createV2LivePusher() {
    return new V2LivePusher();
  }

  static releaseV2LivePusher(livePusher) {
    livePusher.destroy();
  }

  isPushing() {
    return 0;
  }

  fire(event, ...args) {
    this._emitter.emit(event, ...args);
  }
}

class V2LivePlayer extends Listenable {
  static createV2LivePlayer() {
    return new V2LivePlayer();
  }

  static releaseV2LivePlayer(livePlayer) {
    livePlayer.destroy();
  }

  isPlaying() {
    return 0;
  }

  fire(event, ...args) {
    this._emitter.emit(event, ...args);
  }
}

const classes = {
  TRTCDeviceManager, TRTCAudioEffectManager, TRTCPluginManager, TRTCPlugin, TRTCMediaMixingManager, TRTCMediaMixingService,
  TRTCLocalMediaTranscoder, TRTCVodPlayer, V2LivePusher, V2LivePlayer,
};

for (const name of Object.keys(classes)) exports[name] = complete(name, classes[name]);
