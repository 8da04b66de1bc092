'use strict';
/** Pages, windows, the shell and the backend go away in every way: the call goes on, or ends as it should, and nothing is left behind. */
const assert = require('assert');
const { test } = require('node:test');
const { backendPid, caller, diagnostics } = require('../tools/caller');
const { ELECTRON, electron } = require('../tools/electron');
const { project } = require('../tools/electron-project');
const { Observer } = require('../tools/observer');
const { isRunning } = require('../tools/processes');
const { rooms } = require('../tools/programs');
const { until } = require('../tools/wait');

const GRACE_MS = 10000;
const options = { skip: !ELECTRON, timeout: 120000 };

/** A shell with Alice in room 7, and Bob, who watches from a backend of his own. */
async function watched(t, mode) {
  const service = await rooms(t);
  const bob = await Observer.in(t, service, 'bob', 7);
  const shell = await electron(t, [project(t, mode)], { rooms: service.ready.signal });
  const alice = await caller(shell, 0, 'alice');
  await alice.enter(7);
  await alice.moves('remote');
  return { service, bob, shell, alice };
}

for (const mode of ['node', 'isolated']) {
  test(`a page that is reloaded finds its call again (${mode})`, options, async (t) => {
    const { bob, shell, alice } = await watched(t, mode);
    for (let round = 0; round < 3; round += 1) {
      await alice.page.contents('(contents) => { contents.reload(); }');
      await alice.page.until(() => window.TRTCCloud && !window.cloud);
      await alice.page.run('() => window.start()');
      await alice.sees('onEnterRoom');
      await alice.moves('remote');
      await alice.page.run(() => window.cloud.startLocalPreview(document.getElementById('local')));
      await alice.moves('local');
    }
    assert.deepStrictEqual(bob.of('onRemoteUserLeaveRoom'), []);
    assert.deepStrictEqual(bob.of('onRemoteUserEnterRoom'), [['alice']]);
    assert.deepStrictEqual(shell.log.filter((line) => /Uncaught|crash|trtc-bridge/i.test(line)), []);
  });

  test(`the backend is killed: an error, one exit, and in again within 3 s (${mode})`, options, async (t) => {
    const { bob, shell, alice } = await watched(t, mode);
    const pid = await backendPid(shell);
    await alice.page.run('() => { window.events.length = 0; }');
    process.kill(pid, 'SIGKILL');
    const killed = Date.now();
    await alice.sees('onExitRoom', 1);
    const told = await alice.page.run(() => window.events.filter(({ name }) => name === 'onError' || name === 'onExitRoom'));
    assert.deepStrictEqual(told.map(({ name, detail }) => [name, detail.cause]), [['onError', 'backend-lost'], ['onExitRoom', 'backend-lost']]);
    assert.strictEqual(await alice.canvases(), 0);
    await alice.enter(7);
    assert.ok(Date.now() - killed < 3000, `in again after ${Date.now() - killed} ms`);
    await alice.moves('remote');
    await bob.sees('onRemoteUserLeaveRoom', 'alice', 1);
    assert.notStrictEqual(await backendPid(shell), pid);
  });
}

test('a window that is closed and a page that is killed, with no successor, take their clouds with them after 10 s', options, async (t) => {
  const { bob, shell, alice } = await watched(t, 'isolated');
  const carol = await caller(shell, 1, 'carol');
  await carol.enter(7);
  const staying = await caller(shell, 2, 'dora'); // so that there is a window at the end
  await staying.page.run('() => window.start()');
  const open = (await shell.main(diagnostics)).devices.map(({ kind }) => kind).sort();
  assert.deepStrictEqual(open, ['camera', 'mic', 'speaker']);
  const gone = Date.now();
  process.kill(await alice.page.contents('(contents) => contents.getOSProcessId()'), 'SIGKILL');
  await carol.page.contents('(contents, { BrowserWindow } = require("electron")) => BrowserWindow.fromWebContents(contents).destroy()');
  await bob.sees('onRemoteUserLeaveRoom', 'alice', 0);
  await bob.sees('onRemoteUserLeaveRoom', 'carol', 0);
  const after = Date.now() - gone;
  assert.ok(after > GRACE_MS - 1000 && after < GRACE_MS + 2000, `after ${after} ms`);
  await until(async () => (await shell.main(diagnostics)).devices.length === 0, 'free devices');
});

test('a page that is killed and replaced goes on', options, async (t) => {
  const { bob, shell, alice } = await watched(t, 'isolated');
  process.kill(await alice.page.contents('(contents) => contents.getOSProcessId()'), 'SIGKILL');
  const again = await caller(shell, 1, 'alice');
  await again.page.run('() => window.start()');
  await again.sees('onEnterRoom');
  await again.moves('remote');
  assert.deepStrictEqual(bob.of('onRemoteUserLeaveRoom'), []);
});

test('the shell is killed: within 2 s the backend has left the room and is gone', options, async (t) => {
  const { bob, shell } = await watched(t, 'isolated');
  const pid = await backendPid(shell);
  const killed = Date.now();
  process.kill(shell.pid, 'SIGKILL');
  await bob.sees('onRemoteUserLeaveRoom', 'alice', 0);
  await until(() => !isRunning(pid), 'the end of the backend');
  assert.ok(Date.now() - killed < 2000, `after ${Date.now() - killed} ms`);
});

test('the app quits: the backend leaves and ends in order', options, async (t) => {
  const { bob, shell } = await watched(t, 'node');
  const pid = await backendPid(shell);
  await shell.main((electron) => setTimeout(() => electron.app.quit(), 0)).catch(() => {});
  await bob.sees('onRemoteUserLeaveRoom', 'alice', 0);
  assert.deepStrictEqual(await shell.exited, [0, null]);
  assert.ok(!isRunning(pid));
});

test('a page of another origin is answered, at once, that it may not', options, async (t) => {
  const { shell } = await watched(t, 'isolated');
  await shell.main(`(electron) => {
    const webPreferences = { contextIsolation: true, sandbox: true, preload: ${JSON.stringify(require.resolve('../../sdk/preload'))} };
    new electron.BrowserWindow({ webPreferences }).loadURL('data:text/html,<title>stranger</title>');
  }`);
  const stranger = await shell.page(1);
  const answer = await stranger.run(() => {
    window.__trtcBridge.cast({ method: 'exitRoom', params: {}, cloud: 0 });
    return window.__trtcBridge.call({ attach: true });
  });
  assert.match(answer.e.message, /not allowed/);
});
