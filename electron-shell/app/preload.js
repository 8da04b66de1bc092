'use strict';
/** The package's preload, and beside it what this app's page wants from its main process: both in one bundle, as a sandbox demands. */
require('../sdk/preload');
const { contextBridge, ipcRenderer } = require('electron');

contextBridge.exposeInMainWorld('launcher', {
  prefill: () => ipcRenderer.invoke('app:prefill'),
  sign: (user) => ipcRenderer.invoke('app:sign', user),
  moveTo: (server) => ipcRenderer.invoke('app:server', server),
  closed: () => ipcRenderer.send('app:closed'),
  onClosing: (callback) => {
    ipcRenderer.on('app:closing', () => callback());
  },
});
