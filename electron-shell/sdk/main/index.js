'use strict';
/**
 * For Electron's main process, before it opens a window: `require('trtc-electron-sdk/main')`, or `electron -r trtc-electron-sdk/main .`
 *
 * Starts the backend when the first page asks for it, shares it among pages, and ends it in order when the app quits.
 * `useRooms(address)` says where the room service is, in place of `PYBACKEND_ROOMS`, also while the backend runs.
 * A page is heard if its address is a file, a scheme of the app's own, or loopback; others have to be allowed
 * (`allowOrigin`, or `PYBACKEND_ALLOW_ORIGIN`: origins with commas between them).
 */
const path = require('path');
const electron = require('electron');
const { NAMES, MAIN } = require('../bridge/channel');
const { NO_ANSWER, UNREACHABLE } = require('../bridge/codes');
const { Host } = require('./host');
const { navigation } = require('./navigation');
const { Relay } = require('./relay');

const { app, ipcMain } = electron;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const PERMISSIONS = new Map([
  ['startLocalPreview', 'camera'], ['startCameraDeviceTest', 'camera'], ['startLocalAudio', 'microphone'], ['startMicDeviceTest', 'microphone'],
]);

const NO_WAITING = {
  code: UNREACHABLE,
  message: 'the main process cannot wait for the backend: values are those of failure until they are known, '
    + 'and what has to answer at once does nothing (sendCustomCmdMsg, sendSEIMsg, createSubCloud); pages can do all of it',
};

/** Addresses that anybody can bring about. */
const STRANGE = ['about:', 'blob:', 'chrome-error:', 'data:', 'filesystem:', 'ftp:', 'javascript:', 'view-source:'];

const isWeb = ({ protocol }) => protocol === 'http:' || protocol === 'https:';

/** As browsers spell it; schemes of an app's own have one as well. */
const spelled = (url) => (isWeb(url) ? url.origin : `${url.protocol}//${url.host}`);

/** The origin of a page's address; null for one that may not use the backend. */
function originOf(address, allowed) {
  let url;
  try {
    url = new URL(address);
  } catch (error) {
    return null;
  }
  const fine = isWeb(url) ? LOOPBACK.test(url.hostname) || allowed.has(url.origin) : !STRANGE.includes(url.protocol);
  return fine ? spelled(url) : null;
}

class Main {
  constructor() {
    const origins = (process.env.PYBACKEND_ALLOW_ORIGIN || '').split(',').map((origin) => origin.trim()).filter(Boolean);
    this.allowed = new Set(origins);
    this.made = null;
    this.pages = new Map(); // webContents id → {port, relay, origin, frame}
    this.asked = new Set();
    this.quitting = false;
  }

  /** Made on first use, so that origins can be allowed before. */
  get host() {
    if (!this.made) {
      const args = [];
      this.allowed.forEach((origin) => args.push('--allow-origin', origin));
      this.made = new Host({ args });
    }
    return this.made;
  }

  /** Further origins whose pages may use the backend; to be said before the first of them does. */
  allowOrigin(origin) {
    this.allowed.add(spelled(new URL(origin)));
  }

  listen() {
    ipcMain.on(NAMES.cast, (event, message) => this._cast(event, message));
    ipcMain.on(NAMES.call, (event, message) => this._call(event, message));
    app.on('session-created', mark);
    if (app.isReady()) mark(electron.session.defaultSession); // which has been there for a while
    app.on('will-quit', (event) => this._quit(event));
  }

  /** For TRTCCloud in the main process itself. It cannot wait: what a page would wait for comes as on failure; that is said once. */
  channel() {
    let heard = () => {};
    const port = this.host.open((message) => setImmediate(() => heard(message)), 'main');
    const number = port.attachNow();
    return {
      cast: (message) => port.cast(message),
      call: (message) => (message.attach && number !== null
        ? { v: { cloud: number, frames: this.host.framesUrl } }
        : { e: NO_WAITING }),
      listen: (callback) => { heard = callback; },
    };
  }

  // -- pages -----------------------------------------------------------------------------------------------------------

  /** The page behind a message, or null for one that is not to be heard. */
  _page(event) {
    const { sender, senderFrame } = event;
    const page = this.pages.get(sender.id);
    const frame = `${event.processId}/${event.frameId}`;
    if (senderFrame === null) return page && page.frame === frame ? page : null; // gone since: a page's last words count, another frame's do not
    const inMainFrame = senderFrame ? senderFrame === sender.mainFrame : true; // Electron before 12 does not say
    const address = senderFrame ? senderFrame.url : sender.getURL();
    const origin = originOf(address, this.allowed);
    if (!inMainFrame || origin === null) {
      console.warn(`trtc-bridge: ${address} is not allowed to use the backend`);
      return null;
    }
    const heard = page && page.origin === origin ? page : this._arrived(sender, origin, page);
    heard.frame = frame;
    return heard;
  }

  /** A page of another origin than the one `before` it takes over nothing. */
  _arrived(contents, origin, before) {
    if (before) {
      before.relay.close();
      before.port.close();
    }
    if (!this.made && !/^(file|https?):/.test(origin)) this.allowed.add(origin); // of a scheme of the app's own: frames go there, too
    return this._opened(contents, origin, Boolean(before));
  }

  _opened(contents, origin, watched) {
    const { id } = contents;
    const deliver = (message) => {
      if (!contents.isDestroyed()) contents.send(NAMES.event, message);
    };
    const page = { port: this.host.open(deliver, origin), relay: new Relay(deliver, () => this.host.framesUrl), origin };
    this.pages.set(id, page);
    if (!watched) this._watch(contents, id);
    return page;
  }

  _watch(contents, id) {
    const its = (act) => this.pages.has(id) && act(this.pages.get(id));
    const away = (successor) => its(({ port, relay }) => {
      relay.close();
      port.away(successor);
    });
    navigation(contents, {
      starts: () => its(({ port }) => port.leave()),
      stays: () => its(({ port }) => port.stay()),
      goes: () => its(({ port }) => port.leaving && away(false)), // unless the next page was faster
    });
    contents.on('render-process-gone', () => away(true));
    contents.on('crashed', () => away(true)); // what old versions of Electron call it
    contents.once('destroyed', () => {
      away(true);
      this.pages.delete(id);
    });
  }

  _cast(event, message) {
    const page = this._page(event);
    if (!page || !message) return;
    if (message.relay) {
      page.relay.heard(message.relay);
      return;
    }
    this._askPermission(message.method);
    page.port.cast(message);
  }

  /** Always answered: by the host's deadlines at the latest. */
  _call(event, message) {
    const page = this._page(event);
    if (!page || !message) {
      event.returnValue = { e: { code: NO_ANSWER, message: 'this page is not allowed to use the backend' } };
      return;
    }
    if (message.attach && page.port.leaving) page.relay.close(); // that of the page before
    page.port.call(message).then((answer) => {
      if (!event.sender.isDestroyed()) event.returnValue = answer;
    });
  }

  /** macOS asks once per app; the backend is the app's child, and goes by its answer. */
  _askPermission(method) {
    const kind = PERMISSIONS.get(method);
    if (!kind || process.platform !== 'darwin' || this.asked.has(kind)) return;
    this.asked.add(kind);
    electron.systemPreferences.askForMediaAccess(kind).catch((error) => console.warn(`trtc-bridge: ${kind}: ${error.message}`));
  }

  _quit(event) {
    if (this.quitting || !this.made) return;
    this.quitting = true;
    event.preventDefault();
    this.made.stop().then(() => app.quit());
  }
}

/** Pages learn, before their first script, that somebody is listening: an unanswered synchronous message would hang them. */
function mark(session) {
  const file = path.join(__dirname, 'marker.js');
  if (session.registerPreloadScript) session.registerPreloadScript({ type: 'frame', filePath: file });
  else session.setPreloads(session.getPreloads().concat(file));
}

function load() {
  if (process.type !== 'browser') throw new Error('trtc-electron-sdk/main is for Electron\'s main process');
  if (!globalThis[MAIN]) {
    const main = new Main();
    Object.defineProperty(globalThis, MAIN, { value: main });
    main.listen();
  }
  const main = globalThis[MAIN];
  return {
    allowOrigin: (origin) => main.allowOrigin(origin),
    useRooms: (address) => main.host.moveTo(address),
    get host() { return main.host; },
  };
}

module.exports = load();
