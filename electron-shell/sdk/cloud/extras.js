'use strict';
/** Logs, versions, plugins, the experimental door, and the managers: what is answered here, or has nothing behind it. */
const { version, methods } = require('../generated/methods');
const others = require('./others');

const NOT_SUPPORTED = -1;

class TRTCConfig {
  constructor() {
    this.debugMode = false;
  }

  setDebugMode(enable) {
    this.debugMode = enable;
  }

  getDebugMode() {
    return this.debugMode;
  }
}

exports.start = () => ({
  _audioQuality: 2,
  _audioFrames: null,
  _musicObserver: null,
  _effects: new Set(),
  _roomParams: null,
  _plugins: [],
  _configObject: new TRTCConfig(),
  _made: {},
});

const missing = (name) => function call() {
  console.warn(`TRTCCloud.${name}: there is none here`);
  return null;
};

exports.overrides = {
  getSDKVersion: () => version,

  getConfigObject() {
    return this._configObject;
  },

  setRenderMode(mode = 1) {
    console.info(`TRTCCloud.setRenderMode(${mode}): the best renderer of the page is used anyway`);
  },

  setLogCallback(callback) {
    this._logCallback = callback || null;
    this._send('setLogCallback', { callback: callback ? true : null });
  },

  /** `api` may name any method of the instance, which is then called with `params` as its one argument. */
  callExperimentalAPI(jsonStr) {
    let api;
    let params;
    try {
      ({ api, params } = JSON.parse(jsonStr));
    } catch (error) {
      console.warn(`TRTCCloud.callExperimentalAPI: ${error.message}`);
      return undefined;
    }
    const known = Object.prototype.hasOwnProperty.call(methods, api) && api !== 'callExperimentalAPI';
    return known ? this[api](params) : this._send('callExperimentalAPI', { jsonStr });
  },

  // -- plugins are native libraries: there is nothing to load them into

  addPlugin(options) {
    const { id, path, type, deviceId } = options || {};
    const plugin = { id, deviceId, enable: () => NOT_SUPPORTED, disable: () => NOT_SUPPORTED, setParameter: () => NOT_SUPPORTED };
    this._plugins.push(plugin);
    this._send('addPlugin', { options: { id, path, type, deviceId } });
    return plugin;
  },

  removePlugin(id, deviceId) {
    this._plugins = this._plugins.filter((plugin) => plugin.id !== id || (deviceId !== undefined && plugin.deviceId !== deviceId));
    this._send('removePlugin', { id, deviceId });
  },

  getPluginList() {
    return this._plugins.slice();
  },

  createLocalMediaTranscoder: missing('createLocalMediaTranscoder'),
  getMediaMixingManager: missing('getMediaMixingManager'),
  getMediaMixingService: missing('getMediaMixingService'),
};

const manager = (kind) => function get() {
  if (!this._made[kind]) this._made[kind] = new others[kind]({ isIPCMode: false, nodeTRTCCloud: this });
  return this._made[kind];
};

/** Beside the surface: accessors that the SDK's types keep private. */
exports.managers = {
  getDeviceManager: manager('TRTCDeviceManager'),
  getAudioEffectManager: manager('TRTCAudioEffectManager'),
  getPluginManager: manager('TRTCPluginManager'),
};
