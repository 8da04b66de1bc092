'use strict';
/** The app in a real Electron, with Node in its page and without: two windows in one room, and every way to part, told in words. SHOTS names a folder for pictures. */
const assert = require('assert');
const path = require('path');
const { test } = require('node:test');
const { ELECTRON, electron } = require('../tools/electron');
const { folder } = require('../tools/files');
const { readPattern } = require('../tools/pattern');
const { APP, ROOT, act, rooms } = require('../tools/programs');

const SHELL = path.join(ROOT, 'electron-shell/app');

/** A window of the app and whoever sits before it. */
class Seat {
  constructor(page, user) {
    this.page = page;
    this.user = user;
  }

  is(state) {
    return this.page.until('(state) => document.body.dataset.state === state', state);
  }

  async join(room) {
    await this.is('lobby');
    await this.page.run((value) => {
      const field = document.getElementById('room');
      field.value = value;
      field.dispatchEvent(new Event('input', { bubbles: true }));
      document.getElementById('join-button').click();
    }, room);
    await this.is('in');
  }

  async click(id) {
    await this.page.run((name) => document.getElementById(name).click(), id);
  }

  /** Once the picture of a user ('' is oneself) is there and has gone on. */
  async moves(user) {
    const read = `(user) => (${readPattern})(document.querySelector('.tile[data-user="' + user + '"] canvas'))`;
    const { number } = await this.page.until(read, user);
    await this.page.until(`(user, before) => { const now = (${read})(user); return now && now.number > before; }`, user, number);
  }

  /** Once there is nothing left of a user. */
  lost(user) {
    return this.page.until('(user) => !document.querySelector(`.tile[data-user="${user}"]`)', user);
  }

  /** Once the screen with the reason is there. */
  async isOut(cause, title) {
    await this.is('ended');
    assert.deepStrictEqual(await this.page.run(() => [
      document.getElementById('ended').dataset.cause, document.getElementById('ended-title').textContent, document.querySelectorAll('canvas').length,
    ]), [cause, title, 0]);
    await this.click('back');
  }

  async screenshot(name) {
    if (process.env.SHOTS) await this.page.screenshot(path.join(process.env.SHOTS, `${name}.png`));
  }
}

/** Both see and hear each other. */
async function meet(alice, bob, room) {
  await alice.join(room);
  await bob.join(room);
  await Promise.all([alice.moves(''), alice.moves(bob.user), bob.moves(''), bob.moves(alice.user)]);
}

async function stayed(bob, alice) {
  await bob.lost(alice.user);
  await bob.moves('');
  await bob.click('leave');
  await bob.isOut('leave', 'You left the room');
}

for (const mode of ['sandboxed', 'node']) {
  test(`two windows of the app (${mode})`, { skip: !ELECTRON, timeout: 180000 }, async (t) => {
    const service = await rooms(t);
    const words = [SHELL, `--user-data-dir=${folder(t)}`, ...(mode === 'node' ? ['--mode=node'] : [])];
    const input = JSON.stringify({ sdkAppId: APP.id, secretKey: APP.key, user: 'alice', room: '1' });
    const shell = await electron(t, words, { rooms: service.ready.signal, input, env: { TRTC_APP_STDIN: '1' } });
    const alice = new Seat(await shell.page(0), 'alice');
    await shell.main(({ Menu }) => Menu.getApplicationMenu().items.find(({ label }) => label === 'File').submenu.items[0].click());
    const bob = new Seat(await shell.page(1), 'alice-2');
    await Promise.all([alice, bob].map((seat) => seat.is('lobby')));
    assert.strictEqual(await alice.page.run(() => typeof window.require), mode === 'node' ? 'function' : 'undefined');
    await alice.screenshot(`${mode}-lobby`);

    await meet(alice, bob, '7');
    await alice.screenshot(`${mode}-call`);
    await alice.click('leave');
    await alice.isOut('leave', 'You left the room');
    await stayed(bob, alice);

    await meet(alice, bob, '7');
    await act(service, 'RemoveUser', { RoomId: 7, UserIds: ['alice'] });
    await alice.isOut('removed', 'You were removed from the room');
    await stayed(bob, alice);

    await meet(alice, bob, 'a text');
    await act(service, 'DismissRoomByStrRoomId', { RoomId: 'a text' });
    await Promise.all([alice, bob].map((seat) => seat.isOut('dismissed', 'The room was dismissed')));
    assert.deepStrictEqual(shell.log.filter((line) => /Uncaught|violates|crash/.test(line)), []);
  });
}
