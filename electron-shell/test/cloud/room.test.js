'use strict';
/** Plain Node programs meet in a room, each in a process of its own: pictures, messages, and every way to leave. */
const assert = require('assert');
const { before, after, test } = require('node:test');
const { act, rooms } = require('../tools/programs');
const { params, script } = require('../tools/script');

let service;
const ends = [];

before(async () => { service = await rooms({ after: (end) => ends.push(end) }); });
after(() => Promise.all(ends.map((end) => end())));

const NAMES = [
  'onEnterRoom', 'onExitRoom', 'onError', 'onRemoteUserEnterRoom', 'onRemoteUserLeaveRoom', 'onUserVideoAvailable', 'onUserAudioAvailable',
  'onFirstVideoFrame', 'onRecvCustomCmdMsg', 'onSendFirstLocalVideoFrame',
];

/** A program with a cloud that tells its events, and does what lines on its stdin say. */
const caller = (t, code = '') => script(t, { PYBACKEND_ROOMS: service.ready.signal }, `
  const cloud = TRTCCloud.getTRTCShareInstance();
  for (const name of ${JSON.stringify(NAMES)}) cloud.on(name, (...args) => say(name, ...args));
  require('readline').createInterface({ input: process.stdin }).on('line', (line) => eval(line));
  ${code}
`);

const enter = (user, room) => `cloud.enterRoom(${params(user, room)}, 0);`;
const quit = 'cloud.destroy(); process.stdin.destroy();';
const of = (run, name) => run.said.filter(([word]) => word === name).map((all) => all.slice(1));

test('two meet, see and hear of each other, talk, and one leaves', async (t) => {
  const alice = caller(t, `cloud.startLocalPreview(null); cloud.startLocalAudio(2); ${enter('alice', 1)}`);
  const bob = caller(t, `cloud.on('onUserVideoAvailable', (user, on) => { if (on === 1) cloud.startRemoteView(user, null, 0); }); ${enter('bob', 1)}`);
  await bob.sees('onRemoteUserEnterRoom', 'alice');
  await alice.sees('onRemoteUserEnterRoom', 'bob');
  await bob.sees('onUserVideoAvailable', 'alice', 1);
  await bob.sees('onUserAudioAvailable', 'alice', 1);
  const [, , , width, height] = await bob.sees('onFirstVideoFrame', 'alice', 0);
  assert.deepStrictEqual([width, height], [640, 360]);
  await alice.sees('onSendFirstLocalVideoFrame', 0);
  bob.tell('say("sent", cloud.sendCustomCmdMsg(3, "hello", true, true))');
  await bob.sees('sent', true);
  await alice.sees('onRecvCustomCmdMsg', 'bob', 3);
  alice.tell('cloud.muteLocalVideo(true)');
  await bob.sees('onUserVideoAvailable', 'alice', 0);
  alice.tell('cloud.exitRoom()');
  await alice.sees('onExitRoom', 0);
  await bob.sees('onRemoteUserLeaveRoom', 'alice', 0);
  bob.tell(quit);
  alice.tell(quit);
  assert.deepStrictEqual([(await alice.ended).code, (await bob.ended).code], [0, 0]);
  assert.deepStrictEqual([of(alice, 'onExitRoom'), of(alice, 'onError'), of(bob, 'onError')], [[[0]], [], []]);
});

test('removed by the server: reason 1, the others hear 2; dismissed: 2 for all; then it may enter again', async (t) => {
  const alice = caller(t, enter('alice', 'the room'));
  const bob = caller(t, enter('bob', 'the room'));
  await alice.sees('onRemoteUserEnterRoom', 'bob');
  await act(service, 'RemoveUserByStrRoomId', { RoomId: 'the room', UserIds: ['bob'] });
  await bob.sees('onExitRoom', 1);
  await alice.sees('onRemoteUserLeaveRoom', 'bob', 2);
  bob.tell(enter('bob', 'the room'));
  await alice.sees('onRemoteUserEnterRoom', 'bob');
  await bob.sees('onRemoteUserEnterRoom', 'alice');
  await act(service, 'DismissRoomByStrRoomId', { RoomId: 'the room' });
  await alice.sees('onExitRoom', 2);
  await bob.sees('onExitRoom', 2);
  assert.deepStrictEqual([of(alice, 'onExitRoom'), of(bob, 'onExitRoom')], [[[2]], [[1], [2]]]);
  alice.tell(enter('alice', 'the room'));
  alice.tell('cloud.once("onEnterRoom", () => say("again"))');
  await alice.sees('again');
});

const AWAY = {
  'destroyed without a word': [quit, 0],
  'ended by process.exit': ['process.exit(0)', 0],
  'ended by an exception': ['setImmediate(() => { throw new Error("mine"); })', 0],
};

for (const name of Object.keys(AWAY)) {
  const [code, reason] = AWAY[name];
  test(`${name}: the others are told at once`, async (t) => {
    const alice = caller(t, enter('alice', 9));
    const bob = caller(t, enter('bob', 9));
    await alice.sees('onRemoteUserEnterRoom', 'bob');
    const began = Date.now();
    bob.tell(code);
    await alice.sees('onRemoteUserLeaveRoom', 'bob', reason);
    assert.ok(Date.now() - began < 3500, `${Date.now() - began} ms`);
  });
}

/** Orders of calls that applications use; each ends in its own way. */
const ORDERS = {
  'preview, audio, enterRoom; stop, stop, exitRoom': `
    cloud.startLocalPreview(null); cloud.startLocalAudio(2); cloud.enterRoom(PARAMS, 0);
    await next(cloud, 'onEnterRoom');
    cloud.stopLocalPreview(); cloud.stopLocalAudio(); cloud.exitRoom();`,
  'enterRoom, then preview and audio; exitRoom, stop, stop': `
    cloud.enterRoom(PARAMS, 0);
    await next(cloud, 'onEnterRoom');
    cloud.startLocalPreview(null); cloud.startLocalAudio(); cloud.muteLocalAudio(false); cloud.muteLocalVideo(false);
    cloud.exitRoom(); cloud.stopLocalPreview(); cloud.stopLocalAudio();`,
  'enterRoom, mute false, preview; exitRoom alone': `
    cloud.enterRoom(PARAMS, 0); cloud.muteLocalAudio(false); cloud.muteLocalVideo(false); cloud.startLocalPreview(null);
    await next(cloud, 'onEnterRoom');
    cloud.exitRoom();`,
  'custom audio pushed at once': `
    cloud.enableCustomAudioCapture(true);
    cloud.enterRoom(PARAMS, 0);
    for (let frame = 0; frame < 20; frame += 1) cloud.sendCustomAudioData({ audioFormat: 1, data: Buffer.alloc(1920), length: 1920, sampleRate: 48000, channel: 1 });
    await next(cloud, 'onEnterRoom');
    cloud.exitRoom();`,
  'a wizard before any room': `
    cloud.startCameraDeviceTest(null); cloud.setCurrentCameraDevice(cloud.getCameraDevicesList()[0].deviceId);
    for (let round = 0; round < 3; round += 1) cloud.startMicDeviceTest(300);
    await next(cloud, 'onTestMicVolume');
    cloud.startSpeakerDeviceTest('https://127.0.0.1:9/a.mp3'); cloud.stopSpeakerDeviceTest(); cloud.stopMicDeviceTest(); cloud.stopCameraDeviceTest();
    cloud.exitRoom();`,
  'enterRoom, exitRoom in the same breath': 'cloud.enterRoom(PARAMS, 0); cloud.exitRoom();',
};

for (const name of Object.keys(ORDERS)) {
  test(name, async (t) => {
    const run = script(t, { PYBACKEND_ROOMS: service.ready.signal }, `
      const PARAMS = ${params('someone', 20)};
      const cloud = TRTCCloud.getTRTCShareInstance();
      for (const event of ['onEnterRoom', 'onExitRoom', 'onError']) cloud.on(event, (...args) => say(event, ...args));
      const left = next(cloud, 'onExitRoom');
      ${ORDERS[name]}
      await left;
      const listener = () => {};
      for (const event of ['onError', 'onWarning', 'onEnterRoom']) { cloud.on(event, listener); cloud.off(event, listener); }
      await wait(1000);
      cloud.destroy();
      cloud.stopLocalPreview(); cloud.stopLocalAudio(); cloud.exitRoom();
    `);
    const { code } = await run.ended;
    assert.strictEqual(code, 0, run.errors());
    assert.deepStrictEqual(of(run, 'onExitRoom'), [[0]]);
    assert.deepStrictEqual(of(run, 'onError'), []);
    assert.ok(of(run, 'onEnterRoom').length <= 1);
  });
}
