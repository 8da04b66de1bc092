'use strict';
/**
 * For pages without Node: `webPreferences: { preload: require.resolve('trtc-electron-sdk/preload') }`, or bundled into a preload
 * of your own. A page gets four functions; what they carry is checked in the main process.
 */
const { contextBridge, ipcRenderer } = require('electron');

const exposed = {
  ready: globalThis[Symbol.for('trtc-bridge.main')] === true,
  cast: (message) => ipcRenderer.send('trtc-bridge:cast', message),
  call: (message) => ipcRenderer.sendSync('trtc-bridge:call', message),
  listen: (callback) => {
    ipcRenderer.on('trtc-bridge:event', (_, message) => callback(message));
  },
};

try {
  contextBridge.exposeInMainWorld('__trtcBridge', exposed);
} catch (error) {
  window.__trtcBridge = exposed; // contextIsolation is off: the page's world is ours
}
