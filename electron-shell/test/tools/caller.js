'use strict';
/** A user in a page of `electron-project`, as a test sees it. */
const { readPattern } = require('./pattern');
const { APP, userSig } = require('./programs');

class Caller {
  constructor(page, user) {
    this.page = page;
    this.user = user;
  }

  params(roomId) {
    const where = typeof roomId === 'string' ? { strRoomId: roomId } : { roomId };
    return Object.assign({ sdkAppId: APP.id, userId: this.user, userSig: userSig(this.user) }, where);
  }

  /** Preview, microphone, room; resolves once it is in. */
  async enter(room) {
    await this.page.run('() => window.cloud || window.start()');
    await this.page.run('(params) => window.enter(params)', this.params(room));
    await this.sees('onEnterRoom');
  }

  /** Once there was such an event; `args` are its first arguments. */
  sees(name, ...args) {
    return this.page.until('(...wanted) => window.seen(...wanted)', name, ...args);
  }

  of(name) {
    return this.page.run('(name) => window.of(name)', name);
  }

  /** What the picture in a view says of itself: {number, ageMs, width, height}. */
  picture(view) {
    return this.page.until(`(view) => (${readPattern})(document.querySelector('#' + view + ' canvas'))`, view);
  }

  /** Once the picture in a view has gone on. */
  async moves(view) {
    const { number } = await this.picture(view);
    const later = `(view, before) => { const now = (${readPattern})(document.querySelector('#' + view + ' canvas')); return now && now.number > before; }`;
    await this.page.until(later, view, number);
  }

  canvases() {
    return this.page.run('() => document.querySelectorAll("canvas").length');
  }
}

/** A caller in the `number`th window of a project, which is opened if need be: with this page, in this mode. */
async function caller(shell, number, user, file, mode) {
  if (number > 0) await shell.main((electron, ...how) => electron.app.emit('test:open', ...how), file, mode);
  return new Caller(await shell.page(number), user);
}

/** What the backend of a shell says of itself; for `shell.main`. */
const diagnostics = (electron) => globalThis[Symbol.for('trtc-bridge.main')].host.link.request('diagnostics', {});

const backendPid = (shell) => shell.main(() => globalThis[Symbol.for('trtc-bridge.main')].host.link.ready.pid);

module.exports = { Caller, backendPid, caller, diagnostics };
