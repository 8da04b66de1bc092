'use strict';
/** The pickers follow what is plugged in and pulled out, before a call and in it; screens of others have tiles of their own. */
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { before, after, test } = require('node:test');
const { EXECUTABLE, browser } = require('../tools/chromium');
const { folder } = require('../tools/files');
const { gateway } = require('../tools/gateway');
const { Guest } = require('../tools/guest');
const { PYTHON, rooms } = require('../tools/programs');
const { until } = require('../tools/wait');

const needs = { skip: !EXECUTABLE, timeout: 120000 };
const PLUGGED = path.join(__dirname, 'fixtures/plugged.py');
const SECOND = { kind: 'camera', id: 'virtual:camera:2', name: 'A second camera' };

let chrome;
before(async () => { chrome = EXECUTABLE && await browser(); });
after(() => chrome && chrome.close());

const cloud = (guest, code) => guest.page.evaluate(`globalThis[Symbol.for('trtc-bridge')].share.${code}`);
const options = (guest) => guest.page.$$eval('#camera-picker option', (all) => all.map(({ textContent }) => textContent));
const lists = (guest, ...names) => until(async () => JSON.stringify(await options(guest)) === JSON.stringify(names), `the picker has ${names}`);
const shows = (guest, id) => until(async () => await guest.page.inputValue('#camera-picker') === id, `the picker shows ${id}`);

test('a camera comes, is used, and goes', needs, async (t) => {
  const service = await rooms(t);
  const file = path.join(folder(t), 'plugged.json');
  const plug = (...devices) => {
    fs.writeFileSync(`${file}.new`, JSON.stringify(devices));
    fs.renameSync(`${file}.new`, file);
  };
  plug();
  const command = JSON.stringify([PYTHON, PLUGGED, 'serve', '--virtual-devices']);
  const shell = await gateway(t, service, { user: 'alice', room: '1' }, { PYBACKEND_COMMAND: command, PLUGGED: file });
  const guest = await Guest.at(chrome, shell.url);
  await guest.moves('');
  await lists(guest, 'Virtual camera');
  plug(SECOND);
  await lists(guest, 'Virtual camera', SECOND.name);
  await shows(guest, 'virtual:camera'); // what is in use stays so
  await guest.page.selectOption('#camera-picker', SECOND.id);
  assert.strictEqual((await cloud(guest, 'getCurrentCameraDevice()')).deviceId, SECOND.id);
  await guest.moves('');

  await guest.join();
  await guest.page.keyboard.press('d');
  await guest.page.waitForSelector('#panel-devices #camera-picker');
  await shows(guest, SECOND.id);
  plug();
  await lists(guest, 'Virtual camera');
  plug(SECOND);
  await lists(guest, 'Virtual camera', SECOND.name);
  await guest.page.selectOption('#camera-picker', 'virtual:camera');
  await until(async () => (await cloud(guest, 'getCurrentCameraDevice()')).deviceId === 'virtual:camera');
  await guest.moves('');
  const changes = (await guest.log()).filter(({ name }) => name === 'onDeviceChange').map(({ text }) => text);
  assert.ok(changes.includes(`"${SECOND.id}", 2, 0`) && changes.includes(`"${SECOND.id}", 2, 1`), changes.join('; '));
});

test('a screen has a tile of its own, before the faces, until it ends', needs, async (t) => {
  const service = await rooms(t);
  const shells = await Promise.all(['alice', 'bob'].map((user) => gateway(t, service, { user, room: '1' })));
  const [alice, bob] = await Promise.all(shells.map(({ url }) => Guest.at(chrome, url)));
  await Promise.all([alice.join(), bob.join()]);
  await alice.moves('bob');
  await cloud(alice, "fire('onUserSubStreamAvailable', 'bob', 1)");
  await alice.has(Guest.tile('bob', 'screen'));
  const tiles = await alice.page.$$eval('#stage .tile', (all) => all.map((tile) => `${tile.dataset.user} ${tile.dataset.stream}`));
  assert.deepStrictEqual(tiles, ['bob screen', 'bob camera', ' camera']);
  assert.match(await alice.page.getAttribute(Guest.tile('bob', 'screen'), 'aria-label'), /bob’s screen/);
  await cloud(alice, "fire('onUserSubStreamAvailable', 'bob', 0)");
  await alice.hasNot(Guest.tile('bob', 'screen'));
  await cloud(alice, "fire('onUserSubStreamAvailable', 'bob', 1)");
  await alice.has(Guest.tile('bob', 'screen'));
  await bob.page.click('#leave');
  await alice.hasNot(Guest.tile('bob', 'screen'));
  await alice.hasNot(Guest.tile('bob'));
});
