'use strict';
/** Errors stand on the page where they belong, with what to do; and they go when it is done. */
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { before, after, test } = require('node:test');
const { EXECUTABLE, browser } = require('../tools/chromium');
const { folder } = require('../tools/files');
const { gateway } = require('../tools/gateway');
const { Guest } = require('../tools/guest');
const { APP, PYTHON, rooms, userSig } = require('../tools/programs');
const { until } = require('../tools/wait');

const needs = { skip: !EXECUTABLE, timeout: 120000 };
const OCCUPIED = path.join(__dirname, 'fixtures/occupied.py');

let chrome;
before(async () => { chrome = EXECUTABLE && await browser(); });
after(() => chrome && chrome.close());

const invalid = (guest) => guest.page.$$eval('[aria-invalid="true"]', (all) => all.map(({ id }) => id));
const focused = (guest) => guest.page.evaluate('document.activeElement.id');

/** Once this field, and no other, is wrong: it is named, and the focus is there. */
async function isWrong(guest, field, pattern) {
  await guest.has(`#${field}[aria-invalid="true"]`);
  assert.deepStrictEqual(await invalid(guest), [field]);
  assert.strictEqual(await focused(guest), field);
  assert.match(await guest.text(`${field}-error`), pattern);
  assert.ok((await guest.page.getAttribute(`#${field}`, 'aria-describedby')).includes(`${field}-error`));
  await guest.is('lobby');
}

test('a wrong field says so; once all are right the same form joins', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, service, null);
  const guest = await Guest.at(chrome, shell.url);
  await guest.submit({ user: 'alice', room: '1' });
  await isWrong(guest, 'sdk-app-id', /app id is missing/);
  await guest.submit({ 'sdk-app-id': String(APP.id) });
  await isWrong(guest, 'user-sig', /signature is missing/);
  await guest.submit({ 'user-sig': 'nonsense' });
  await isWrong(guest, 'user-sig', /signature was not accepted/);
  await guest.submit({ 'user-sig': userSig('bob') });
  await isWrong(guest, 'user-sig', /signature was not accepted/);
  await guest.submit({ 'user-sig': userSig('alice'), user: '' });
  await isWrong(guest, 'user', /name cannot be used/);
  await guest.submit({ user: 'alice', room: '' });
  await isWrong(guest, 'room', /no such room/);
  await guest.submit({ room: '4294967295' });
  await isWrong(guest, 'room', /4294967294/);
  await guest.page.check('#text');
  await guest.submit();
  await guest.is('in');
  assert.match(await guest.page.title(), /alice in room 4294967295/);
  assert.deepStrictEqual(guest.page.complaints, []);
});

test('a room service that is not there: joining can be called off, or fails with words', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, service, { user: 'alice', room: '1' });
  const guest = await Guest.at(chrome, shell.url);
  await guest.has('#preview .has-video canvas');
  service.child.kill('SIGSTOP');
  t.after(() => service.child.kill('SIGCONT'));
  await guest.submit();
  await guest.is('entering');
  assert.strictEqual(await guest.text('join-label'), 'Cancel');
  await guest.page.click('#join-button');
  await guest.is('lobby');
  await guest.moves('');
  service.child.kill('SIGKILL');
  await service.exited;
  await guest.submit();
  await isWrong(guest, 'server', /server did not answer.*join again/s);
  await guest.moves('');
});

test('no server: the form asks for one, and with it the same page goes on', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, null, { user: 'alice', room: '1' });
  const guest = await Guest.at(chrome, shell.url);
  assert.match(await guest.text('camera-picker'), /No camera found/);
  await guest.submit();
  await isWrong(guest, 'server', /no address of a server/);
  await guest.submit({ server: 'nonsense' });
  await isWrong(guest, 'server', /no address of a server/);
  await guest.join({ server: service.ready.signal });
  await guest.moves('');
});

test('no backend: the form says so, and the page stays usable', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, service, { user: 'alice', room: '1' }, { PYBACKEND_COMMAND: '["no-such-program"]' });
  const guest = await Guest.at(chrome, shell.url);
  await guest.submit();
  await guest.page.waitForSelector('#form-error b');
  assert.match(await guest.text('form-error'), /could not be entered.*no-such-program/s);
  await guest.is('lobby');
  assert.match(await guest.text('camera-picker'), /No camera found/);
});

test('another server: the backend is started anew with it, and the preview goes on', needs, async (t) => {
  const [one, two] = [await rooms(t), await rooms(t)];
  const shells = [await gateway(t, one, { user: 'alice', room: '1' }), await gateway(t, two, { user: 'bob', room: '1' })];
  const [alice, bob] = [await Guest.at(chrome, shells[0].url), await Guest.at(chrome, shells[1].url)];
  assert.strictEqual(await alice.page.inputValue('#server'), one.ready.signal);
  await bob.join();
  await alice.moves('');
  await alice.join({ server: two.ready.signal });
  await Promise.all([alice.moves('bob'), bob.moves('alice'), alice.moves('')]);
});

test('a backend that dies before one joins: the preview comes again by itself', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, service, { user: 'alice', room: '1' });
  const guest = await Guest.at(chrome, shell.url);
  await guest.moves('');
  const pid = shell.backend();
  process.kill(pid, 'SIGKILL');
  await until(() => ![0, pid].includes(shell.backend()), 'another backend');
  const { number } = await guest.picture('');
  await until(async () => (await guest.picture('')).number !== number, 'the picture goes on');
  await guest.join();
  await guest.moves('');
});

test('an occupied camera says so beside the picker and in the picture, and works once it is free', needs, async (t) => {
  const service = await rooms(t);
  const busy = path.join(folder(t), 'busy');
  fs.writeFileSync(busy, '');
  const command = JSON.stringify([PYTHON, OCCUPIED, 'serve', '--virtual-devices']);
  const shell = await gateway(t, service, { user: 'alice', room: '1' }, { PYBACKEND_COMMAND: command, OCCUPIED: busy });
  const guest = await Guest.at(chrome, shell.url);
  await guest.page.waitForSelector('#camera-picker-error b');
  assert.match(await guest.text('camera-picker-error'), /camera is busy.*cheese.*Close it/s);
  assert.match(await guest.page.textContent('.tile-note'), /camera is busy.*cheese/);
  assert.strictEqual(await guest.page.getAttribute('#preview [data-switch="camera"]', 'aria-pressed'), 'true');

  await guest.join(); // without a picture
  await guest.hears('', 'camera off, microphone on');
  await guest.page.keyboard.press('v');
  await guest.hasNot('.tile-note .icon'); // it is tried
  await guest.page.waitForSelector('#stage .tile-note .icon');
  fs.rmSync(busy);
  await guest.page.keyboard.press('v');
  await guest.moves('');
  assert.strictEqual(await guest.page.textContent('.tile-note'), '');
  assert.strictEqual(await guest.text('camera-picker-error'), '');
});

test('a lost connection is shown, and that it is back', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, service, { user: 'alice', room: '1' });
  const guest = await Guest.at(chrome, shell.url);
  await guest.join();
  service.child.kill('SIGSTOP');
  await guest.page.waitForSelector('#banner.bad');
  assert.match(await guest.text('banner-text'), /connection is lost/);
  service.child.kill('SIGCONT');
  await guest.page.waitForSelector('#banner.good');
  assert.match(await guest.text('banner-text'), /Connected again/);
  await guest.page.waitForSelector('#banner', { state: 'hidden' });
  await guest.is('in');
});

test('a backend that dies: the call ends with that reason, and the next one goes', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, service, { user: 'alice', room: '1' });
  const guest = await Guest.at(chrome, shell.url);
  await guest.join();
  process.kill(shell.backend(), 'SIGKILL');
  await guest.is('ended');
  assert.strictEqual(await guest.text('ended-title'), 'The media backend stopped');
  await guest.page.click('#again');
  await guest.is('in');
  await guest.moves('');
});

test('a backend that dies while one enters: the form says so, and the preview goes on with the next one', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, service, { user: 'alice', room: '1' });
  const guest = await Guest.at(chrome, shell.url);
  await guest.moves('');
  service.child.kill('SIGSTOP');
  t.after(() => service.child.kill('SIGCONT'));
  await guest.submit();
  await guest.is('entering');
  process.kill(shell.backend(), 'SIGKILL');
  await guest.page.waitForSelector('#form-error b');
  await guest.is('lobby');
  await guest.moves('');
  service.child.kill('SIGCONT');
  await guest.join();
  await guest.moves('');
});
