'use strict';
/** Where a page may come from, and how its pictures reach it: from a file, a scheme of the app's own, a local web server; and past a policy that forbids sockets. */
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { caller } = require('../tools/caller');
const { ELECTRON, electron } = require('../tools/electron');
const { project } = require('../tools/electron-project');
const { pages } = require('../tools/pages');
const { rooms } = require('../tools/programs');

const TYPES = { '.html': 'text/html', '.js': 'text/javascript' };
const STRICT = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'none'";

const serveScheme = `
const { protocol } = require('electron');
const { readFileSync } = require('fs');
protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
require('electron').app.whenReady().then(() => protocol.registerBufferProtocol('app', ({ url }, answer) => {
  const name = new URL(url).pathname.slice(1);
  answer({ mimeType: name.endsWith('.js') ? 'text/javascript' : 'text/html', data: readFileSync(require('path').join(__dirname, name)) });
}));
`;

/** Opens a page at an address of its own; the window that every project opens stays empty. */
const mainOf = (address, before = '') => `${before}
require('trtc-electron-sdk/main');
const { app, BrowserWindow } = require('electron');
const webPreferences = { contextIsolation: true, sandbox: true, preload: require.resolve('trtc-electron-sdk/preload') };
app.whenReady().then(() => new BrowserWindow({ width: 900, height: 500, webPreferences }).loadURL('${address}'));`;

async function draws(t, made) {
  const service = await rooms(t);
  const shell = await electron(t, [made], { rooms: service.ready.signal });
  const alice = await caller(shell, 0, 'alice');
  await alice.enter(7);
  await alice.moves('local');
  return alice;
}

const options = { skip: !ELECTRON, timeout: 60000 };

test('a scheme of the app\'s own', options, async (t) => {
  const alice = await draws(t, project(t, 'isolated', { 'main.js': mainOf('app://here/page.html', serveScheme) }));
  if (await alice.page.run(() => window.location.origin) !== 'app://here') throw new Error('another origin');
});

test('a web server on loopback', options, async (t) => {
  const made = project(t, 'isolated');
  const address = await pages(t, (name) => [TYPES[path.extname(name)], fs.readFileSync(path.join(made, name))]);
  fs.writeFileSync(path.join(made, 'main.js'), mainOf(`${address}page.html`));
  await draws(t, made);
});

test('a policy that forbids the page any socket', options, async (t) => {
  const made = project(t, 'isolated');
  const file = path.join(made, 'page.html');
  const policy = `<meta http-equiv="Content-Security-Policy" content="${STRICT}">`;
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('<title>', `${policy}<title>`));
  await draws(t, made);
});
