'use strict';
/** Two windows of a real Electron in one call, with Node in the page and without: each sees the other, and they part in every way. */
const assert = require('assert');
const { test } = require('node:test');
const { caller, diagnostics } = require('../tools/caller');
const { ELECTRON, electron } = require('../tools/electron');
const { project } = require('../tools/electron-project');
const { act, rooms } = require('../tools/programs');

async function meet(alice, bob, room) {
  await Promise.all([alice, bob].map(({ page }) => page.run('() => { window.events.length = 0; delete window.leftWith; }')));
  await alice.enter(room);
  await bob.enter(room);
  await Promise.all([alice.moves('local'), alice.moves('remote'), bob.moves('local'), bob.moves('remote')]);
}

/** Out for this reason, once, with nothing left on the page. */
async function isOut(user, reason) {
  await user.sees('onExitRoom', reason);
  assert.deepStrictEqual(await user.of('onExitRoom'), [[reason]]);
  assert.strictEqual(await user.canvases(), 0);
}

/** Alice is out, and Bob, who stays, heard why, when her picture was gone already. */
async function parted(alice, bob, reason, told) {
  await isOut(alice, reason);
  await bob.sees('onRemoteUserLeaveRoom', 'alice', told);
  assert.strictEqual(await bob.page.run('() => window.leftWith'), 0);
  assert.strictEqual(await bob.canvases(), 1);
  await bob.page.run('() => window.cloud.exitRoom()');
  await isOut(bob, 0);
}

for (const mode of ['node', 'isolated']) {
  test(`two windows see each other, and part in every way (${mode})`, { skip: !ELECTRON, timeout: 180000 }, async (t) => {
    const service = await rooms(t);
    const shell = await electron(t, [project(t, mode)], { rooms: service.ready.signal });
    const [alice, bob] = [await caller(shell, 0, 'alice'), await caller(shell, 1, 'bob')];

    await meet(alice, bob, 7);
    await alice.page.run('() => window.cloud.exitRoom()');
    await parted(alice, bob, 0, 0);

    await meet(alice, bob, 7);
    await act(service, 'RemoveUser', { RoomId: 7, UserIds: ['alice'] });
    await parted(alice, bob, 1, 2);

    await meet(alice, bob, '7');
    await act(service, 'RemoveUserByStrRoomId', { RoomId: '7', UserIds: ['alice'] });
    await parted(alice, bob, 1, 2);

    await meet(alice, bob, 8);
    await act(service, 'DismissRoom', { RoomId: 8 });
    await Promise.all([isOut(alice, 2), isOut(bob, 2)]);
    assert.deepStrictEqual((await shell.main(diagnostics)).devices, []);
  });
}
