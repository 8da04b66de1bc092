'use strict';
/** Which page is heard, and when it is gone: as Electron's main process tells it, in the ways of old and of current versions. */
const assert = require('assert');
const { EventEmitter } = require('events');
const Module = require('module');
const { after, before, test } = require('node:test');
const { APP, COMMAND, rooms, userSig } = require('../tools/programs');
const { until } = require('../tools/wait');

/** Electron, as far as the package's main part knows it. */
const electron = {
  app: Object.assign(new EventEmitter(), { isReady: () => false }),
  ipcMain: new EventEmitter(),
};

const ends = [];
let main;

before(async () => {
  const service = await rooms({ after: (end) => ends.push(end) });
  process.env.PYBACKEND_COMMAND = COMMAND;
  process.env.PYBACKEND_ROOMS = service.ready.signal;
  const load = Module._load;
  Module._load = (request, ...rest) => (request === 'electron' ? electron : load(request, ...rest));
  Object.defineProperty(process, 'type', { value: 'browser', configurable: true });
  main = require('../../sdk/main'); // eslint-disable-line global-require
  Module._load = load;
  delete process.type;
});
after(async () => {
  await main.host.stop();
  await Promise.all(ends.map((end) => end()));
});

let lastId = 0;

/** A window's contents: where it is, what it says, what it was told. */
class Contents extends EventEmitter {
  constructor(url) {
    super();
    lastId += 1;
    this.id = lastId;
    this.mainFrame = { url };
    this.told = [];
  }

  isDestroyed() {
    return false;
  }

  send(_, message) {
    this.told.push(message);
  }

  getURL() {
    return this.mainFrame.url;
  }

  /** A message of `senderFrame`, in the ids of frame `frameId`. */
  event({ senderFrame = this.mainFrame, frameId = 1 } = {}) {
    return { sender: this, senderFrame, processId: 7, frameId };
  }

  cast(method, params, from) {
    electron.ipcMain.emit('trtc-bridge:cast', this.event(from), { method, params, cloud: this.cloud });
  }

  call(message, from) {
    return new Promise((resolve) => {
      const event = this.event(from);
      Object.defineProperty(event, 'returnValue', { set: resolve });
      electron.ipcMain.emit('trtc-bridge:call', event, message);
    });
  }

  async attach() {
    const { v, e } = await this.call({ attach: true });
    assert.strictEqual(e, undefined);
    this.cloud = v.cloud;
    return this;
  }

  of(name) {
    return this.told.filter((one) => one.type === 'event' && one.name === name).map(({ args }) => args);
  }

  async enter(user, roomId) {
    this.cast('enterRoom', { params: { sdkAppId: APP.id, userId: user, userSig: userSig(user), roomId }, scene: 0 });
    await until(() => this.of('onEnterRoom').length > 0, `${user} is in`);
  }

  /** As current versions tell of it. */
  navigates() {
    this.emit('did-start-navigation', { isSameDocument: false, isMainFrame: true, url: 'x' });
  }
}

const port = ({ id }) => globalThis[Symbol.for('trtc-bridge.main')].pages.get(id).port;

const page = (url = 'file:///page.html') => new Contents(url).attach();

test('a navigation that leads nowhere leaves the page its call, and every event of the meantime', async () => {
  const [alice, bob] = [await page(), await page()];
  await alice.enter('alice', 1);
  alice.navigates();
  await bob.enter('bob', 1);
  await until(() => alice.of('onRemoteUserEnterRoom').length > 0, 'told while it may go');
  alice.emit('did-stop-loading');
  bob.cast('exitRoom', {});
  await until(() => alice.of('onRemoteUserLeaveRoom').length > 0, 'told afterwards');
  assert.strictEqual(port(alice).listening, true);
  assert.strictEqual(port(alice).grace, null);
  assert.deepStrictEqual([alice.of('onRemoteUserEnterRoom'), alice.of('onRemoteUserLeaveRoom')], [[['bob']], [['bob', 0]]], 'once each');
  alice.cast('exitRoom', {});
  await until(() => alice.of('onExitRoom').length > 0);
});

test('a page that is replaced, also by one that says what is wrong, is away; frames and places in it do not count', async () => {
  const start = (contents, more) => contents.emit('did-start-navigation', Object.assign({ isSameDocument: false, isMainFrame: true }, more));
  const replaced = [
    (contents) => contents.emit('did-navigate'),
    (contents) => contents.emit('did-fail-load', {}, -105, 'no such host', 'x', true),
    (contents) => contents.emit('render-process-gone'),
  ];
  const kept = [
    (contents) => contents.emit('did-fail-load', {}, -3, 'called off', 'x', true),
    (contents) => contents.emit('did-fail-load', {}, -105, 'no such host', 'x', false),
    (contents) => contents.emit('did-stop-loading'),
  ];
  for (const [ways, listening] of [[replaced, false], [kept, true]]) {
    for (const way of ways) {
      const contents = await page();
      start(contents);
      way(contents);
      assert.strictEqual(port(contents).listening, listening, String(way));
      contents.emit('destroyed');
    }
  }
  const contents = await page();
  start(contents, { isMainFrame: false });
  start(contents, { isSameDocument: true });
  contents.emit('did-start-navigation', {}, 'x', true, true); // Electron 9: in place
  contents.emit('did-navigate');
  assert.strictEqual(port(contents).listening, true);
  contents.emit('did-start-navigation', {}, 'x', false, true);
  contents.emit('did-navigate');
  assert.strictEqual(port(contents).listening, false);
  contents.emit('destroyed');
});

test('the next page may be there before Electron says that it has come', async () => {
  const contents = await page();
  await contents.enter('early', 2);
  contents.navigates();
  contents.told = [];
  await contents.attach();
  contents.emit('did-navigate');
  contents.emit('did-stop-loading');
  assert.strictEqual(port(contents).listening, true);
  assert.deepStrictEqual(contents.of('onEnterRoom'), [[1]], 'how things stand');
  contents.cast('exitRoom', {});
  await until(() => contents.of('onExitRoom').length > 0);
});

test('a frame that is gone when its message comes: the page may say so, another frame may not', async () => {
  const contents = await page();
  await contents.enter('gone', 3);
  contents.cast('exitRoom', {}, { senderFrame: null, frameId: 9 });
  contents.cast('exitRoom', {}, { senderFrame: { url: contents.mainFrame.url }, frameId: 9 });
  const { e } = await contents.call({ method: 'getSDKVersion', params: {}, cloud: contents.cloud }, { senderFrame: null, frameId: 9 });
  assert.strictEqual(e.code, -32000);
  assert.match((await contents.call({ method: 'getSDKVersion', params: {}, cloud: contents.cloud })).v, /^\d/);
  assert.deepStrictEqual(contents.of('onExitRoom'), []);
  contents.cast('exitRoom', {}, { senderFrame: null });
  await until(() => contents.of('onExitRoom').length > 0, 'its last words count');
});

test('addresses that anybody can bring about are not heard', async () => {
  const addresses = ['data:text/html,x', 'blob:https://evil.example/1', 'about:blank', 'filesystem:https://evil.example/temporary/x', 'view-source:https://evil.example/', 'https://evil.example/', 'http://localhost.evil.example/'];
  for (const address of addresses) {
    const { e } = await new Contents(address).call({ attach: true });
    assert.ok(e && /not allowed/.test(e.message), address);
  }
  for (const address of ['app://here/index.html', 'http://127.0.0.1:3000/', 'https://[::1]/']) (await page(address)).emit('destroyed');
});

test('an origin that is allowed is spelled as its pages spell it', async () => {
  for (const address of ['app://here/index.html', 'https://APP.example:443/x']) main.allowOrigin(address);
  const { allowed } = globalThis[Symbol.for('trtc-bridge.main')];
  assert.deepStrictEqual([allowed.has('app://here'), allowed.has('https://app.example'), allowed.has('null')], [true, true, false]);
  (await page('https://app.example/page')).emit('destroyed');
});

test('what is no method harms nobody', async () => {
  const contents = await page();
  for (const method of [{ toString: 1, valueOf: 1 }, 5, null, ['log'], 'constructor']) contents.cast(method, {});
  const faults = contents.told.filter(({ type }) => type === 'fault');
  assert.deepStrictEqual(faults.map(({ error }) => error.code), Array(5).fill(-32601));
  contents.emit('destroyed');
});
