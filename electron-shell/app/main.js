'use strict';
/**
 * The minimal Electron app. Its page runs in a sandbox; with `--mode=node`, or TRTC_APP_MODE=node, it has Node instead,
 * the way apps written for the SDK do. Each window is a user of its own.
 */
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { app, BrowserWindow, ipcMain, Menu, session } = require('electron');
const trtc = require('../sdk/main');
const { bundle } = require('./bundle');
const { PAGE, pageFiles } = require('./files');
const { listen, moveTo } = require('./launcher');

const WITH_NODE = process.argv.includes('--mode=node') || process.env.TRTC_APP_MODE === 'node';
const CLOSING_MS = 1500; // for a page to leave its room before its window goes

let folder = null; // where the page's files are, once they are written
let quitting = false;

const launcher = listen(() => app.quit());

/** In the app's data, where one bundle may replace another. */
function write() {
  folder = path.join(app.getPath('userData'), WITH_NODE ? 'page-with-node' : 'page'); // both kinds may run at once
  fs.mkdirSync(folder, { recursive: true });
  const files = pageFiles();
  if (WITH_NODE) files['app.js'].body = `window.require(${JSON.stringify(path.join(PAGE, 'index.js'))});`;
  const bodies = Object.keys(files).map((name) => [name, files[name].body]);
  for (const [name, body] of bodies.concat([['preload.js', bundle(path.join(__dirname, 'preload.js'), 'preloaded')]])) {
    const draft = path.join(folder, `${name}.${process.pid}`);
    fs.writeFileSync(draft, body);
    fs.renameSync(draft, path.join(folder, name)); // another instance may be reading it
  }
}

const preferences = () => (WITH_NODE
  ? { nodeIntegration: true, contextIsolation: false }
  : { nodeIntegration: false, contextIsolation: true, sandbox: true, preload: path.join(folder, 'preload.js') });

function open() {
  const window = new BrowserWindow({
    width: 1100,
    height: 720,
    minWidth: 640,
    minHeight: 480,
    show: false,
    title: 'TRTC Bridge',
    backgroundColor: '#12161d',
    autoHideMenuBar: true,
    webPreferences: preferences(),
  });
  window.once('ready-to-show', () => window.show());
  let leaving = false;
  window.on('close', (event) => {
    if (leaving || quitting) return;
    leaving = true;
    event.preventDefault(); // the page leaves its room first, so that the others need not wait for a successor
    window.webContents.send('app:closing');
    setTimeout(() => window.isDestroyed() || window.destroy(), CLOSING_MS);
  });
  window.loadFile(path.join(folder, 'index.html'));
  return window;
}

/** A page stays where it is, and opens nothing. */
function confine(contents) {
  const home = pathToFileURL(path.join(folder, 'index.html')).href;
  contents.on('will-navigate', (event, url) => url === home || event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  if (contents.setWindowOpenHandler) contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  else contents.on('new-window', (event) => event.preventDefault());
}

function menu() {
  const file = { label: 'File', submenu: [{ label: 'New Window', accelerator: 'CmdOrCtrl+N', click: open }, { role: 'close' }, { role: 'quit' }] };
  const view = { label: 'View', submenu: [{ role: 'reload' }, { role: 'toggleDevTools' }, { role: 'togglefullscreen' }] };
  const first = process.platform === 'darwin' ? [{ role: 'appMenu' }] : [];
  Menu.setApplicationMenu(Menu.buildFromTemplate(first.concat(file, { role: 'editMenu' }, view)));
}

/** Only our pages ask. */
const ours = ({ sender }) => BrowserWindow.fromWebContents(sender) !== null;

ipcMain.handle('app:prefill', async (event) => (ours(event) ? (await launcher).prefill(trtc.host.rooms) : {}));
ipcMain.handle('app:server', (event, server) => ours(event) && moveTo(trtc.host, server));
ipcMain.handle('app:sign', async (event, user) => (ours(event) ? (await launcher).sign(user) : ''));
ipcMain.on('app:closed', (event) => ours(event) && BrowserWindow.fromWebContents(event.sender).destroy());

app.on('before-quit', () => { quitting = true; });
app.on('window-all-closed', () => app.quit());
app.on('activate', () => BrowserWindow.getAllWindows().length || open());
app.on('web-contents-created', (_, contents) => confine(contents));
app.whenReady().then(() => {
  write();
  menu();
  session.defaultSession.setPermissionRequestHandler((_, permission, answer) => answer(false)); // devices are the backend's business
  open();
});
