'use strict';
/** Pages with the renderer in them: of a current Chromium, and of Electron's, in one program of each for all tests of a file. */
const { after, before, test } = require('node:test');
const fs = require('fs');
const path = require('path');
const { bundle } = require('../../app/bundle');
const { EXECUTABLE, browser } = require('../tools/chromium');
const { ELECTRON, electron } = require('../tools/electron');
const { folder } = require('../tools/files');
const { pages } = require('../tools/pages');
const { backend, call } = require('../tools/programs');
const { Scope } = require('../tools/scope');

/** WebGL by the CPU, which Chromium gives nobody who does not ask for it. */
const SOFTWARE_GL = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

const LIMIT_MS = 90000;
const skip = EXECUTABLE ? false : 'Chromium is not installed';
const NOWHERE = { ready: { signal: 'ws://127.0.0.1:9/signal' } }; // a backend shows its own camera without a room service

const MAIN = `
const { app } = require('electron');
app.on('window-all-closed', () => {}); // the test says when it ends
`;

/** The address of a page with `window.scene`. */
function address(t, head) {
  const files = {
    '/': ['text/html', `<!doctype html>${head}<body style="margin:0"><script src="scene.js"></script>`],
    '/scene.js': ['text/javascript', bundle(path.join(__dirname, 'scene.js'), 'scene')],
  };
  return pages(t, (name) => files[name] || null);
}

/** Chromium, before the tests of this file and not after them. `open(t, {head})` gives a page of it with `window.scene`. */
function browsing() {
  let running = null;
  before(async () => { running = await browser(...SOFTWARE_GL); });
  after(() => running && running.close());
  return async function open(t, { head = '' } = {}) {
    const context = await running.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(await address(t, head));
    return page;
  };
}

/** The same with Electron, whose page has Node in it; of the page there is `evaluate` and no more. */
function electronic() {
  const scope = new Scope();
  let shell = null;
  before(async () => {
    if (!ELECTRON) return;
    const made = folder(scope);
    fs.writeFileSync(path.join(made, 'main.js'), MAIN);
    fs.writeFileSync(path.join(made, 'package.json'), '{ "name": "renderer", "main": "main.js" }');
    shell = await electron(scope, [made]);
  });
  after(() => scope.end());
  return async function open(t, { head = '' } = {}) {
    const id = await shell.main((api, url) => api.app.whenReady().then(async () => {
      const webPreferences = { nodeIntegration: true, contextIsolation: false };
      const window = new api.BrowserWindow({ width: 1000, height: 900, webPreferences });
      await window.loadURL(url);
      return window.webContents.id;
    }), await address(t, head));
    t.after(() => shell.main((api, which) => api.BrowserWindow.fromWebContents(api.webContents.fromId(which)).destroy(), id));
    return { evaluate: (fn, arg) => shell.ask({ page: id, code: `(${fn})(${arg === undefined ? '' : JSON.stringify(arg)})` }) };
  };
}

/** `each(title, body)`: a test in Chromium and one in Electron; the body is given `t` and `open`. */
function everywhere() {
  const chromium = browsing();
  const old = electronic();
  return function each(title, body) {
    test(title, { skip, timeout: LIMIT_MS }, (t) => body(t, chromium));
    test(`Electron: ${title}`, { skip: ELECTRON ? false : 'Electron is not installed', timeout: LIMIT_MS }, (t) => body(t, old));
  };
}

/** A backend whose camera is on. `calls` are made before that: [method, …arguments] each. */
async function camera(t, ...calls) {
  const served = await backend(t, NOWHERE);
  for (const [method, ...args] of calls) await call(served, method, ...args);
  await call(served, 'startLocalPreview', true);
  return served;
}

/** One such backend for all tests of a file; answers what gives its frame endpoint's address. */
function filming(...calls) {
  const scope = new Scope();
  let served = null;
  before(async () => { served = await camera(scope, ...calls); });
  after(() => scope.end());
  return () => served.ready.frames;
}

module.exports = { browsing, camera, everywhere, filming, skip };
