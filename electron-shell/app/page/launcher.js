'use strict';
/**
 * What the page's home does for it: {prefill() → {server, sdkAppId, user, room, signs}, sign(user) → text, moveTo(server) → whether
 * that is an address, onClosing(callback), closed()}.
 * A preload or the gateway has put it into `window.launcher`; a page with Node asks the main process itself.
 */

const NOBODY = {
  prefill: () => Promise.resolve({}),
  sign: () => Promise.resolve(''),
  moveTo: () => Promise.resolve(false),
  onClosing: () => {},
  closed: () => {},
};

function ofNode({ ipcRenderer }) {
  return {
    prefill: () => ipcRenderer.invoke('app:prefill'),
    sign: (user) => ipcRenderer.invoke('app:sign', user),
    moveTo: (server) => ipcRenderer.invoke('app:server', server),
    onClosing: (callback) => ipcRenderer.on('app:closing', () => callback()),
    closed: () => ipcRenderer.send('app:closed'),
  };
}

function launcher() {
  if (window.launcher) return window.launcher;
  return typeof window.require === 'function' ? ofNode(window.require('electron')) : NOBODY;
}

module.exports = { launcher };
