'use strict';
// A preload of every page: says that trtc-electron-sdk/main listens. It gives the page nothing else.
globalThis[Symbol.for('trtc-bridge.main')] = true;
