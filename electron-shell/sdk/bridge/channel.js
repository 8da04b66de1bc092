'use strict';
/**
 * How messages leave this place. A channel is {cast(message), call(message) → {v} | {e}, listen(callback)}.
 *
 *   page with our preload        `window.__trtcBridge`
 *   page with Node               `ipcRenderer`
 *   Electron's main process      the host itself, once `trtc-electron-sdk/main` is loaded
 *   plain Node                   a worker thread that keeps a backend
 *
 * Nothing here names a module where a bundler would see it.
 */

const { UNREACHABLE } = require('./codes');

const EXPOSED = '__trtcBridge';
const MAIN = Symbol.for('trtc-bridge.main'); // the marker preload and the host set it
const NAMES = { cast: 'trtc-bridge:cast', call: 'trtc-bridge:call', event: 'trtc-bridge:event' };

const ADVICE = 'trtc-bridge: the main process has to load it before it opens a window: put require(\'trtc-electron-sdk/main\') '
  + 'at its top, or start with `electron -r trtc-electron-sdk/main .`';

function nodeRequire() {
  if (typeof window !== 'undefined' && typeof window.require === 'function') return window.require;
  try {
    const found = eval('require'); // eslint-disable-line no-eval
    return typeof found === 'function' ? found : null;
  } catch (error) {
    return null; // no Node, or a policy that forbids eval: then there is a preload, or nothing
  }
}

function ofRenderer(require) {
  const { ipcRenderer } = require('electron');
  return {
    cast: (message) => ipcRenderer.send(NAMES.cast, message),
    call: (message) => ipcRenderer.sendSync(NAMES.call, message),
    listen: (callback) => ipcRenderer.on(NAMES.event, (_, message) => callback(message)),
  };
}

function broken(advice) {
  return {
    cast: () => {},
    call: () => ({ e: { code: UNREACHABLE, message: advice } }),
    listen: () => {},
    advice,
  };
}

/** The channel of this place; one that fails every call, with `advice`, when there is none. */
function open() {
  if (globalThis[EXPOSED]) return globalThis[EXPOSED].ready ? globalThis[EXPOSED] : broken(ADVICE);
  const require = nodeRequire();
  const kind = globalThis.process && globalThis.process.type; // by way of the global object: bundlers have a `process` of their own
  if (kind === 'renderer' || kind === 'worker') return require && globalThis[MAIN] ? ofRenderer(require) : broken(ADVICE);
  if (kind === 'browser') return globalThis[MAIN] ? globalThis[MAIN].channel() : broken(ADVICE);
  if (typeof window !== 'undefined' && typeof document !== 'undefined') return broken(ADVICE);
  return require ? require('../bridge/node-channel').open() : broken('trtc-bridge: Node modules cannot be loaded here');
}

module.exports = { open, NAMES, EXPOSED, MAIN };
