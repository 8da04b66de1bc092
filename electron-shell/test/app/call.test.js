'use strict';
/** The app's page in two browsers, in one room: each draws the other's moving picture, and they part in every way, told in words. */
const assert = require('assert');
const { test } = require('node:test');
const { EXECUTABLE, browser } = require('../tools/chromium');
const { gateway } = require('../tools/gateway');
const { Guest } = require('../tools/guest');
const { act, rooms } = require('../tools/programs');

const needs = { skip: !EXECUTABLE, timeout: 180000 };

/** Alice and Bob, each with a shell and a backend of their own, in room 5. */
async function two(t) {
  const service = await rooms(t);
  const chrome = await browser();
  t.after(() => chrome.close());
  const shells = await Promise.all(['alice', 'bob'].map((user) => gateway(t, service, { user, room: '5' })));
  const [alice, bob] = await Promise.all(shells.map(({ url }) => Guest.at(chrome, url)));
  return { service, shells, chrome, alice, bob };
}

async function meet(alice, bob) {
  await Promise.all([alice.join(), bob.join()]);
  await Promise.all([alice.moves('bob'), bob.moves('alice'), alice.moves(''), bob.moves('')]);
}

/** The screen with the reason, and nothing left of the call. */
async function isOut(guest, cause, title) {
  await guest.is('ended');
  assert.strictEqual(await guest.page.getAttribute('#ended', 'data-cause'), cause);
  assert.strictEqual(await guest.text('ended-title'), title);
  assert.ok((await guest.text('ended-text')).length > 20);
  assert.doesNotMatch(await guest.page.textContent('.ended-card'), /\$|undefined|null/);
  assert.strictEqual(await guest.page.$$eval('canvas', (all) => all.length), 0);
}

test('two pages see and hear each other, and learn why it ends', needs, async (t) => {
  const { service, alice, bob } = await two(t);

  await t.test('one leaves', async () => {
    await meet(alice, bob);
    await bob.hears('alice', 'microphone on');
    await bob.has(`${Guest.tile('alice')} .tile-bars[data-quality="excellent"], ${Guest.tile('alice')} .tile-bars[data-quality="good"]`);
    await bob.has(`${Guest.tile('alice')}.speaks`);
    await alice.page.click('#leave');
    await isOut(alice, 'leave', 'You left the room');
    await bob.hasNot(Guest.tile('alice'));
    assert.match(await bob.text('notes'), /alice left/);
    assert.ok(await bob.page.isVisible('#alone'));
    await bob.moves('');
  });

  await t.test('one joins again, and is removed', async () => {
    await alice.page.click('#again');
    await alice.is('in');
    await Promise.all([alice.moves('bob'), bob.moves('alice')]);
    await act(service, 'RemoveUser', { RoomId: 5, UserIds: ['alice'] });
    await isOut(alice, 'removed', 'You were removed from the room');
    await bob.hasNot(Guest.tile('alice'));
    assert.match(await bob.text('notes'), /alice was removed/);
  });

  await t.test('one is banned: no button leads back in, and the form says why', async () => {
    await alice.page.click('#again');
    await bob.sees('alice');
    await act(service, 'RemoveUser', { RoomId: 5, UserIds: ['alice'], BanSeconds: 60 });
    await isOut(alice, 'banned', 'You were removed, and may not come back yet');
    assert.ok(!await alice.page.isVisible('#again'));
    await alice.page.click('#back');
    await alice.submit();
    await alice.page.waitForSelector('#room[aria-invalid="true"]');
    assert.match(await alice.text('room-error'), /may not enter this room now/);
  });

  await t.test('the room is dismissed', async () => {
    await bob.page.click('#leave');
    await bob.is('ended');
    await bob.page.click('#back');
    await bob.is('lobby');
    await Promise.all([alice, bob].map((guest) => guest.page.fill('#room', 'a text')));
    await meet(alice, bob);
    await act(service, 'DismissRoomByStrRoomId', { RoomId: 'a text' });
    await Promise.all([alice, bob].map((guest) => isOut(guest, 'dismissed', 'The room was dismissed')));
  });

  await t.test('the same user joins from elsewhere', async () => {
    await alice.page.click('#again');
    await alice.is('in');
    await bob.page.click('#back');
    await bob.join({ user: 'alice' });
    await isOut(alice, 'duplicate-login', 'You joined from somewhere else');
    await bob.moves('');
  });
  assert.deepStrictEqual([...alice.page.complaints, ...bob.page.complaints], []);
});

test('what one switches off is off for the other', needs, async (t) => {
  const { alice, bob } = await two(t);
  await meet(alice, bob);
  await bob.hears('alice', 'camera on, microphone on');

  await alice.page.click('#call [data-switch="camera"]');
  await bob.hears('alice', 'camera off, microphone on');
  assert.ok(await bob.page.isVisible(`${Guest.tile('alice')} .tile-avatar`));
  assert.strictEqual(await bob.page.textContent(`${Guest.tile('alice')} .tile-avatar`), 'AL');
  await alice.hasNot(`${Guest.tile('')} canvas`);

  await alice.page.click('#call [data-switch="microphone"]');
  await bob.hears('alice', 'camera off, microphone off');
  assert.ok(await bob.page.isVisible(`${Guest.tile('alice')} .tile-silent`));

  await alice.page.keyboard.press('v');
  await bob.hears('alice', 'camera on');
  await bob.moves('alice');
  await alice.page.keyboard.press('m');
  await bob.hears('alice', 'microphone on');

  await bob.page.keyboard.press('s');
  await bob.page.waitForSelector('#call [data-switch="speaker"][aria-pressed="true"]');
  await bob.hasNot(`${Guest.tile('alice')}.speaks`);
  await bob.page.keyboard.press('s');
  await bob.has(`${Guest.tile('alice')}.speaks`);
  assert.deepStrictEqual([...alice.page.complaints, ...bob.page.complaints], []);
});

test('four in a room share the stage; one in the audience is shown nowhere and sends nothing', needs, async (t) => {
  const service = await rooms(t);
  const chrome = await browser();
  t.after(() => chrome.close());
  const shell = await gateway(t, service, { user: 'u', room: '9' });
  const guests = [];
  for (let number = 1; number <= 4; number += 1) guests.push(await Guest.at(chrome, shell.url));
  for (const guest of guests.slice(0, 3)) {
    await guest.page.selectOption('#scene', '1');
    await guest.join();
  }
  await guests[3].page.selectOption('#scene', '1');
  await guests[3].page.selectOption('#role', '21');
  await guests[3].join();
  for (const user of ['u', 'u-2', 'u-3']) await guests[3].moves(user);
  await guests[0].sees('u-3');
  assert.strictEqual(await guests[0].page.$$eval('#stage .tile', (all) => all.length), 3);
  assert.strictEqual(await guests[3].page.$$eval('#stage .tile', (all) => all.length), 3);
  for (const name of ['camera', 'microphone']) assert.ok(await guests[3].page.isDisabled(`#call [data-switch="${name}"]`));
  const boxes = await guests[0].page.$$eval('#stage .tile', (all) => all.map((tile) => tile.getBoundingClientRect().toJSON()));
  for (const box of boxes) assert.ok(box.width > 250 && box.right <= 1100 && box.bottom <= 650, JSON.stringify(box));
});

test('the panel shows every event and the figures of every stream', needs, async (t) => {
  const { alice, bob } = await two(t);
  await meet(alice, bob);
  const names = (await alice.log()).map(({ name }) => name);
  for (const name of ['onEnterRoom', 'onRemoteUserEnterRoom', 'onUserVideoAvailable', 'onFirstVideoFrame']) assert.ok(names.includes(name), name);
  assert.ok(!names.includes('onUserVoiceVolume'));

  await alice.page.keyboard.press('l');
  await alice.page.check('#log-repeating');
  await alice.has('.log-row[data-event="onUserVoiceVolume"]');
  await alice.page.fill('#log-filter', 'enterroom');
  const filtered = await alice.page.$$eval('.log-row', (all) => all.map((row) => row.dataset.event));
  assert.deepStrictEqual([...new Set(filtered)].sort(), ['onEnterRoom', 'onRemoteUserEnterRoom']);
  await alice.page.click('#log-clear');
  assert.ok(await alice.page.isVisible('#log-empty'));

  await alice.page.click('[data-panel="statistics"]');
  await alice.has('.stat-card:nth-of-type(2)');
  const cards = await alice.page.$$eval('.stat-card', (all) => all.map((card) => card.textContent));
  assert.match(cards[0], /You.*640 × 360/s);
  assert.match(cards[1], /bob.*640 × 360.*fps.*Delay/s);
  assert.match(await alice.text('statistics-body'), /Round trip\d+ ms/);
});
