'use strict';
/** A small Electron project, as somebody would write it: the package under the SDK's name, one window, two places for pictures. */
const fs = require('fs');
const path = require('path');
const { bundle } = require('../../app/bundle');
const { folder } = require('./files');
const { SDK } = require('./programs');

const MAIN = `
require('trtc-electron-sdk/main');
const { app, BrowserWindow } = require('electron');
const preferences = {
  node: { nodeIntegration: true, contextIsolation: false },
  isolated: { contextIsolation: true, sandbox: true, preload: require.resolve('trtc-electron-sdk/preload') },
  preload: { contextIsolation: true, preload: require('path').join(__dirname, 'preload.js') },
};
const open = (file = 'page.html', mode = MODE) => {
  const window = new BrowserWindow({ width: 900, height: 500, webPreferences: preferences[mode] });
  window.loadFile(file);
};
app.on('window-all-closed', () => {}); // the test says when it ends
app.on('test:open', open);
app.whenReady().then(() => open());
`;

const page = (script) => `<!doctype html><meta charset="utf-8"><title>page</title>
<style>body { margin: 0; background: #222 } div.view { width: 400px; height: 225px; float: left; margin: 4px }</style>
<div class="view" id="local"></div><div class="view" id="remote"></div><script src="${script}"></script>`;

/** What the tests do in a page, as an application would. It keeps every event with what the application could see of it. */
const RECORDER = `
window.events = [];
const NAMES = ['onError', 'onWarning', 'onEnterRoom', 'onExitRoom', 'onRemoteUserEnterRoom', 'onRemoteUserLeaveRoom', 'onUserVideoAvailable',
  'onUserAudioAvailable', 'onFirstVideoFrame', 'onConnectionLost', 'onConnectionRecovery', 'onCameraDidReady', 'onDeviceChange'];
window.start = () => {
  const cloud = window.TRTCCloud.getTRTCShareInstance();
  window.cloud = cloud;
  NAMES.forEach((name) => cloud.on(name, (...args) => window.events.push({ name, args, detail: cloud.eventDetail })));
  cloud.on('onUserVideoAvailable', (user, available) => {
    if (available === 1) cloud.startRemoteView(user, document.getElementById('remote'), 0);
  });
  cloud.on('onRemoteUserLeaveRoom', () => { window.leftWith = document.querySelectorAll('#remote canvas').length; });
};
window.enter = (params) => {
  window.cloud.startLocalPreview(document.getElementById('local'));
  window.cloud.startLocalAudio();
  window.cloud.enterRoom(Object.assign(new window.TRTC.TRTCParams(), params), 0);
};
window.of = (name) => window.events.filter((event) => event.name === name).map((event) => event.args);
window.seen = (name, ...args) => window.of(name).some((given) => args.every((arg, index) => given[index] === arg));
`;

const LOAD = {
  node: "window.TRTC = window.require('trtc-electron-sdk');\nwindow.TRTCCloud = window.TRTC.default;\n",
  isolated: `${bundle(SDK, 'TRTC')}\nwindow.TRTCCloud = window.TRTC.default;\n`,
};

const linked = (to) => fs.symlinkSync(SDK, to, 'junction');
const copied = (to) => fs.cpSync(SDK, to, { recursive: true });

/**
 * Its folder; `mode` is `node` (nodeIntegration) or `isolated` (sandbox, preload). `files` are further ones, or others in their place.
 * `install`: how the package gets into `node_modules`.
 */
function project(t, mode, files = {}, install = linked) {
  const made = folder(t);
  fs.mkdirSync(path.join(made, 'node_modules'));
  install(path.join(made, 'node_modules/trtc-electron-sdk'));
  const all = Object.assign({
    'package.json': '{ "name": "project", "main": "main.js" }',
    'main.js': `const MODE = '${mode}';${MAIN}`,
    'page.html': page('page.js'),
    'page.js': RECORDER + LOAD[mode],
  }, files);
  for (const name of Object.keys(all)) fs.writeFileSync(path.join(made, name), all[name]);
  return made;
}

module.exports = { RECORDER, copied, page, project };
