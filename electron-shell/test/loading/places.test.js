'use strict';
/** The package loaded where applications load it: twice in one page, in a preload, in Electron's main process; and the guide's program. */
const assert = require('assert');
const { test } = require('node:test');
const { caller } = require('../tools/caller');
const { ELECTRON, electron } = require('../tools/electron');
const { RECORDER, project } = require('../tools/electron-project');
const { APP, SDK, rooms, userSig } = require('../tools/programs');
const { until } = require('../tools/wait');
const { bundle } = require('../../app/bundle');

const options = { skip: !ELECTRON, timeout: 120000 };

test('two copies in one page share their instance, their bridge and their views', options, async (t) => {
  const service = await rooms(t);
  const copies = `${bundle(SDK, 'FIRST')}\nwindow.SECOND = window.require('trtc-electron-sdk');\nwindow.TRTC = window.FIRST;\nwindow.TRTCCloud = window.FIRST.default;`;
  const shell = await electron(t, [project(t, 'node', { 'page.js': RECORDER + copies })], { rooms: service.ready.signal });
  const alice = await caller(shell, 0, 'alice');
  await alice.enter(7);
  await alice.moves('local');
  assert.deepStrictEqual(await alice.page.run(() => {
    const other = window.SECOND.default.getTRTCShareInstance();
    other.startLocalPreview(document.getElementById('remote')); // by way of the other copy: the picture moves over
    return [window.FIRST !== window.SECOND, other === window.cloud, document.querySelectorAll('#local canvas').length];
  }), [true, true, 0]);
  await alice.moves('remote');
  await alice.page.run(() => window.SECOND.default.getTRTCShareInstance().exitRoom());
  await alice.sees('onExitRoom', 0);
});

const PRELOAD = `
const { default: TRTCCloud, TRTCParams } = require('trtc-electron-sdk');
const { contextBridge } = require('electron');
const events = [];
contextBridge.exposeInMainWorld('video', {
  enter(params) {
    const cloud = TRTCCloud.getTRTCShareInstance();
    for (const name of ['onEnterRoom', 'onExitRoom']) cloud.on(name, (result) => events.push(name));
    cloud.startLocalPreview(document.getElementById('local'));
    cloud.enterRoom(Object.assign(new TRTCParams(), params), 0);
  },
  cameras: () => TRTCCloud.getTRTCShareInstance().getCameraDevicesList().length,
  leave: () => TRTCCloud.getTRTCShareInstance().exitRoom(),
  events: () => events.slice(),
});`;

test('a preload draws into its page, which sees nothing of the package', options, async (t) => {
  const service = await rooms(t);
  const shell = await electron(t, [project(t, 'preload', { 'preload.js': PRELOAD, 'page.js': RECORDER })], { rooms: service.ready.signal });
  const alice = await caller(shell, 0, 'alice');
  assert.ok(await alice.page.run(() => window.video.cameras()) > 0);
  await alice.page.run((params) => window.video.enter(params), alice.params(7));
  await alice.page.until(() => window.video.events().includes('onEnterRoom'));
  await alice.moves('local');
  assert.strictEqual(await alice.page.run(() => typeof window.__trtcBridge), 'undefined');
  await alice.page.run(() => window.video.leave());
  await alice.page.until(() => window.video.events().includes('onExitRoom'));
});

const IN_MAIN = `
require('trtc-electron-sdk/main');
const { default: TRTCCloud, TRTCParams } = require('trtc-electron-sdk');
global.events = [];
const cloud = TRTCCloud.getTRTCShareInstance();
for (const name of ['onEnterRoom', 'onExitRoom', 'onFirstVideoFrame', 'onError']) cloud.on(name, (...args) => global.events.push([name, args]));
cloud.startLocalPreview(null);
cloud.enterRoom(Object.assign(new TRTCParams(), PARAMS), 0);
global.cloud = cloud;
require('electron').app.on('window-all-closed', () => {});`;

test('the main process itself is in a call, without a window', options, async (t) => {
  const service = await rooms(t);
  const params = { sdkAppId: APP.id, userId: 'main', userSig: userSig('main'), roomId: 7 };
  const made = project(t, 'node', { 'main.js': IN_MAIN.replace('PARAMS', JSON.stringify(params)) });
  const shell = await electron(t, [made], { rooms: service.ready.signal });
  const seen = async (name) => (await shell.main(() => global.events)).find(([event]) => event === name);
  await until(() => seen('onFirstVideoFrame'), 'a first picture');
  assert.ok((await seen('onEnterRoom'))[1][0] > 0);
  assert.deepStrictEqual(await shell.main(() => {
    const { cloud } = global;
    let text = '';
    try {
      cloud.startLocalPreview({ nodeType: 1 });
    } catch (error) {
      text = error.message;
    }
    cloud.exitRoom();
    return [typeof cloud.getSDKVersion(), Array.isArray(cloud.getCameraDevicesList()), cloud.sendCustomCmdMsg(1, 'x', true, true), /no page to draw in/.test(text)];
  }), ['string', true, false, true]);
  assert.deepStrictEqual((await until(() => seen('onExitRoom'), 'the exit'))[1], [0]);
  await until(() => shell.main(() => global.cloud.getCameraDevicesList().length), 'the values that it waits for in turns');
  await shell.main(() => { console.log('that is all'); });
  await until(() => shell.log.includes('that is all'), 'the end of its log');
  assert.strictEqual(shell.log.filter((line) => line.includes('cannot wait')).length, 1, shell.log.join('\n'));
});

test('without the line in the main process calls fail, at once, and say what to add', options, async (t) => {
  const made = project(t, 'node', { 'main.js': `
    const { app, BrowserWindow } = require('electron');
    app.whenReady().then(() => new BrowserWindow({ webPreferences: { nodeIntegration: true, contextIsolation: false } }).loadFile('page.html'));` });
  const shell = await electron(t, [made]);
  const page = await shell.page(0);
  assert.deepStrictEqual(await page.run(() => {
    window.start();
    window.cloud.exitRoom();
    return [window.cloud.getSDKVersion(), window.cloud.getCameraDevicesList(), window.cloud.getAudioCaptureVolume()];
  }), ['13.3.801', [], 100]);
  await page.until(() => window.seen('onExitRoom', 0));
  await until(() => shell.log.some((line) => line.includes("require('trtc-electron-sdk/main')")), 'the advice');
});

test('nor is a line needed when Electron is started with it', options, async (t) => {
  const service = await rooms(t);
  const made = project(t, 'node', { 'main.js': `
    const { app, BrowserWindow } = require('electron');
    app.whenReady().then(() => new BrowserWindow({ webPreferences: { nodeIntegration: true, contextIsolation: false } }).loadFile('page.html'));` });
  const shell = await electron(t, ['-r', `${made}/node_modules/trtc-electron-sdk/main`, made], { rooms: service.ready.signal });
  const alice = await caller(shell, 0, 'alice');
  await alice.enter(7);
  await alice.moves('local');
});
