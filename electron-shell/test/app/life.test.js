'use strict';
/** Pages, tabs and the gateway come and go: a reload keeps the call, an end ends it, and nothing is left behind. */
const assert = require('assert');
const { before, after, test } = require('node:test');
const { EXECUTABLE, browser } = require('../tools/chromium');
const { gateway } = require('../tools/gateway');
const { Guest } = require('../tools/guest');
const { isRunning } = require('../tools/processes');
const { rooms } = require('../tools/programs');
const { until } = require('../tools/wait');

const needs = { skip: !EXECUTABLE || process.platform === 'win32', timeout: 120000 };

let chrome;
before(async () => { chrome = EXECUTABLE && await browser(); });
after(() => chrome && chrome.close());

async function meeting(t) {
  const service = await rooms(t);
  const [mine, theirs] = await Promise.all(['alice', 'bob'].map((user) => gateway(t, service, { user, room: '3' })));
  const [alice, bob] = await Promise.all([mine, theirs].map(({ url }) => Guest.at(chrome, url)));
  await Promise.all([alice.join(), bob.join()]);
  await bob.moves('alice');
  return { service, mine, theirs, alice, bob };
}

const departures = async (guest) => (await guest.log()).filter(({ name }) => name === 'onRemoteUserLeaveRoom').length;

test('a reload in mid-call keeps it, switches and all, and the others notice nothing', needs, async (t) => {
  const { alice, bob } = await meeting(t);
  await alice.page.keyboard.press('m');
  await bob.hears('alice', 'microphone off');
  for (let time = 0; time < 3; time += 1) {
    await alice.page.reload();
    await alice.is('in');
    await alice.moves('bob');
    await alice.moves('');
  }
  assert.match(await alice.page.title(), /alice in room 3/);
  await alice.hears('', 'microphone off');
  await bob.moves('alice');
  await bob.hears('alice', 'camera on, microphone off');
  assert.strictEqual(await departures(bob), 0);
  await alice.page.keyboard.press('m');
  await bob.hears('alice', 'microphone on');
  await alice.page.click('#leave');
  await alice.is('ended');
  await bob.hasNot(Guest.tile('alice'));
  await alice.page.reload();
  await alice.is('lobby');
});

test('a tab that is duplicated is another user; a renderer that crashed finds its call again', needs, async (t) => {
  const { mine, alice, bob } = await meeting(t);
  const kept = await alice.page.evaluate(() => JSON.stringify(sessionStorage));
  const heir = async () => { // as the browser makes one: with what the other has in its session
    const made = await alice.page.context().newPage();
    await made.addInitScript((text) => {
      const items = JSON.parse(text);
      if (!sessionStorage.length) Object.keys(items).forEach((key) => sessionStorage.setItem(key, items[key]));
    }, kept);
    await made.goto(mine.url);
    return new Guest(made);
  };
  const twin = await heir();
  await twin.is('lobby');
  await alice.moves('bob');
  await twin.page.close();

  const cdp = await alice.page.context().newCDPSession(alice.page);
  const crashed = alice.page.waitForEvent('crash');
  cdp.send('Page.crash').catch(() => {}); // it cannot answer
  await crashed;
  const again = await heir();
  await again.is('in');
  await again.moves('bob');
  assert.strictEqual(await departures(bob), 0);
});

test('a page whose events are cut off for a while learns what it missed, and stays in its call', needs, async (t) => {
  const service = await rooms(t);
  const [mine, theirs] = await Promise.all(['alice', 'bob'].map((user) => gateway(t, service, { user, room: '3' })));
  const bob = await Guest.at(chrome, theirs.url);
  const alice = new Guest(await (await chrome.newContext()).newPage());
  let open = true;
  const sockets = [];
  await alice.page.routeWebSocket(/\/events$/, (socket) => {
    if (!open) return socket.close();
    sockets.push(socket);
    return socket.connectToServer();
  });
  await alice.page.goto(mine.url);
  await alice.is('lobby');
  await Promise.all([alice.join(), bob.join()]);
  await alice.moves('bob');
  open = false;
  await sockets[0].close();
  await bob.page.click('#leave');
  await bob.is('ended');
  await bob.page.click('#back');
  await bob.join({ user: 'carol' });
  open = true;
  await alice.hasNot(Guest.tile('bob'));
  await alice.moves('carol');
  await bob.moves('alice');
  await alice.is('in');
  assert.strictEqual(sockets.length, 2);
  await alice.page.click('#leave');
  await alice.is('ended');
});

test('a page that is closed leaves when the grace is over', needs, async (t) => {
  const { alice, bob } = await meeting(t);
  const before = Date.now();
  await alice.page.close();
  await bob.hasNot(Guest.tile('alice'));
  const tookMs = Date.now() - before;
  assert.ok(tookMs >= 10000, `${tookMs} ms`);
});

const GONE_MS = 2000;
const ENDS = {
  SIGKILL: (shell) => shell.child.kill('SIGKILL'),
  SIGTERM: (shell) => shell.child.kill('SIGTERM'),
  'the end of its stdin': (shell) => shell.child.stdin.end(),
};

for (const name of Object.keys(ENDS)) {
  test(`a gateway ended by ${name}: its backend leaves and is gone in time`, needs, async (t) => {
    const { mine, bob } = await meeting(t);
    const backend = mine.backend();
    const since = Date.now();
    ENDS[name](mine);
    await bob.hasNot(Guest.tile('alice'));
    await until(() => !isRunning(backend), 'the backend is gone');
    const tookMs = Date.now() - since;
    assert.ok(tookMs < GONE_MS, `${tookMs} ms`);
    const [code] = await mine.exited;
    assert.strictEqual(code, name === 'SIGKILL' ? null : 0);
  });
}

test('a page whose gateway is gone for good says so, and what to do', needs, async (t) => {
  const { mine, alice } = await meeting(t);
  ENDS.SIGKILL(mine);
  await alice.is('ended');
  assert.strictEqual(await alice.text('ended-title'), 'The media backend stopped');
  assert.match(await alice.text('ended-todo'), /gateway is gone/);
  await alice.page.click('#again');
  await alice.page.waitForSelector('#form-error b');
  assert.match(await alice.text('form-error'), /gateway is gone/);
});
