'use strict';
/** In plain Node, with a backend: what returns something returns it at once, of the right type, from the first call on; nothing throws. */
const assert = require('assert');
const { before, after, test } = require('node:test');
const { methods, plausible } = require('../tools/arguments');
const { COMMAND, rooms } = require('../tools/programs');
const { CHECKS, check } = require('../tools/values');
const { until } = require('../tools/wait');

const TRTCCloud = require('../../sdk');

const ends = [];

before(async () => {
  const service = await rooms({ after: (end) => ends.push(end) });
  Object.assign(process.env, { PYBACKEND_COMMAND: COMMAND, PYBACKEND_ROOMS: service.ready.signal });
});
after(() => Promise.all(ends.map((end) => end())));

const share = (t) => {
  const made = TRTCCloud.getTRTCShareInstance();
  t.after(() => TRTCCloud.destroyTRTCShareInstance());
  return made;
};

const valued = methods.filter(({ returns }) => returns !== 'void').map(({ name }) => name);
const args = (name) => plausible(methods.find((method) => method.name === name));

test('the table is that of the surface', () => {
  assert.deepStrictEqual(Object.keys(CHECKS).sort(), valued.slice().sort());
  assert.strictEqual(methods.length + 2, 188); // getTRTCShareInstance and destroyTRTCShareInstance are the class's
});

test('every value is right on the first call after construction', (t) => {
  const cloud = share(t);
  const began = Date.now();
  assert.deepStrictEqual(cloud.getCameraDevicesList().map(({ deviceId }) => deviceId), ['virtual:camera']);
  assert.ok(Date.now() - began < 10000);
  for (const name of valued) check(name, cloud[name](...args(name)));
  assert.strictEqual(cloud.getCurrentMicDevice().deviceId, 'virtual:mic');
  assert.strictEqual(cloud.getCurrentSpeakerDevice().deviceId, 'virtual:speaker');
  assert.strictEqual(cloud.setLocalVideoRenderCallback(1, 1, null), 0);
  assert.strictEqual(cloud.setLocalVideoRenderCallback(2, 1, { onRenderVideoFrame() {} }), -1);
  assert.strictEqual(cloud.setRemoteVideoRenderCallback('', 1, 1, null), -1);
  assert.strictEqual(cloud.startAudioRecording({}), -4);
  assert.strictEqual(cloud.startSpeedTest(1400000001, '', ''), -1);
  const { length } = cloud.getSDKVersion();
  assert.ok(length > 0);
});

test('what was set is what one gets, in the next line and later', async (t) => {
  const cloud = share(t);
  for (const volume of [0, 1, 57, 100]) {
    cloud.setAudioCaptureVolume(volume);
    assert.strictEqual(cloud.getAudioCaptureVolume(), volume);
    cloud.setAudioPlayoutVolume(100 - volume);
    assert.deepStrictEqual([cloud.getAudioPlayoutVolume(), cloud.getAudioCaptureVolume()], [100 - volume, volume]);
  }
  for (let volume = 0; volume <= 100; volume += 2) {
    cloud.setCurrentMicDeviceVolume(volume);
    cloud.setCurrentSpeakerVolume(100 - volume);
    cloud.setCurrentMicDeviceMute(volume % 4 === 0);
    cloud.setCurrentSpeakerDeviceMute(volume % 4 !== 0);
    assert.strictEqual(cloud.getCurrentSpeakerDeviceMute(), volume % 4 !== 0); // the last one first
    assert.strictEqual(cloud.getCurrentMicDeviceMute(), volume % 4 === 0);
    assert.deepStrictEqual([cloud.getCurrentSpeakerVolume(), cloud.getCurrentMicDeviceVolume()], [100 - volume, volume]);
  }
  const first = cloud.generateCustomPTS();
  await new Promise((resolve) => setTimeout(resolve, 30));
  const later = cloud.generateCustomPTS();
  assert.ok(later - first >= 29 && later - first < 1000);
});

test('an application may do with a value what it likes', async (t) => {
  const cloud = share(t);
  for (let round = 0; round < 5; round += 1) {
    const list = cloud.getCameraDevicesList();
    list[0].deviceId = 'spoilt';
    list.push(1);
    cloud.getCurrentCameraDevice().deviceId = 'spoilt';
    assert.strictEqual(cloud.getCameraDevicesList()[0].deviceId, 'virtual:camera');
    assert.strictEqual(cloud.getCurrentCameraDevice().deviceId, 'virtual:camera');
    await new Promise((resolve) => setTimeout(resolve, 20)); // from the snapshot, too
  }
  cloud.removePlugin('none');
  assert.strictEqual(cloud.addPlugin({ id: 'x', path: 'x.so' }).enable(), -1);
});

test('polled values cost next to nothing', async (t) => {
  const cloud = share(t);
  cloud.getCurrentMicDevice();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const began = process.hrtime.bigint();
  for (let round = 0; round < 2000; round += 1) cloud.getCurrentMicDeviceVolume();
  const each = Number(process.hrtime.bigint() - began) / 2000 / 1000;
  assert.ok(each < 100, `${each} µs each`);
});

test('no method throws for arguments that make sense; void ones return nothing', (t) => {
  const cloud = share(t);
  for (const method of methods) {
    if (method.name === 'destroy') continue;
    const value = cloud[method.name](...plausible(method));
    if (method.returns === 'void') assert.strictEqual(value, undefined, method.name);
  }
  for (const method of methods) if (method.name !== 'destroy') cloud[method.name](...plausible(method)); // and again
});

test('what is documented to throw does, and nothing else', (t) => {
  const cloud = share(t);
  for (const role of [0, 22, undefined, 'TRTCRoleNobody', 'toString']) assert.throws(() => cloud.switchRole(role), /switchRole/);
  assert.throws(() => cloud.switchRole(20, 7), /privateMapKey/);
  cloud.switchRole('TRTCRoleAnchor');
  for (const pitch of [-1.1, 2, NaN, '0', undefined]) assert.throws(() => cloud.setVoicePitch(pitch));
  for (const pitch of [-1, 0, 1]) cloud.setVoicePitch(pitch);
  for (const message of ['text', undefined, null, 3, {}, [1]]) assert.throws(() => cloud.sendSEIMsg(message, 1), TypeError);
  for (const message of [new ArrayBuffer(2), new DataView(new ArrayBuffer(4), 1, 2), Buffer.from('x'), new Uint16Array(1)]) assert.strictEqual(cloud.sendSEIMsg(message, 1), false);
  for (const options of [undefined, null, {}, { filePath: '' }]) assert.throws(() => cloud.startLocalRecording(options));
  const options = { filePath: 'x.mp4', recordType: 0, interval: 5 };
  cloud.startLocalRecording(options);
  assert.deepStrictEqual(options, { filePath: 'x.mp4', recordType: 2, interval: -1 });
  for (const param of [{ maxCount: -1, includeUsers: ['a'] }, { maxCount: 1, includeUsers: [] }, { maxCount: 1 }]) assert.throws(() => cloud.setRemoteAudioParallelParams(param));
  assert.throws(() => cloud.updateSelf3DSpatialPosition([1, 2], [0, 0, 0], [0, 0, 0], [0, 0, 0]));
  assert.throws(() => cloud.updateRemote3DSpatialPosition('a', 3));
});

test('views: null is fine, an element has nowhere to be, undefined is ignored', (t) => {
  const cloud = share(t);
  const element = { nodeType: 1 };
  const calls = [
    (view) => cloud.startLocalPreview(view), (view) => cloud.updateLocalView(view), (view) => cloud.startRemoteView('a', view, 0),
    (view) => cloud.updateRemoteView('a', view, 0), (view) => cloud.startRemoteSubStreamView('a', view), (view) => cloud.startCameraDeviceTest(view),
  ];
  for (const call of calls) {
    call(null);
    call(undefined);
    assert.throws(() => call(element), /no page to draw in.*null/);
    assert.throws(() => call([element]), /no page to draw in/);
  }
  cloud.startScreenCapture();
  assert.throws(() => cloud.startScreenCapture(element, 2, null), /no page/);
});

test('what applications pass in passing', (t) => {
  const cloud = share(t);
  const { Rect, TRTCScreenCaptureProperty, TRTCVideoEncParam } = TRTCCloud;
  cloud.startLocalAudio(undefined);
  cloud.startLocalAudio();
  cloud.sendCustomAudioData({ audioFormat: 1, data: Buffer.alloc(1920), length: 1920, sampleRate: 48000, channel: 1 });
  cloud.sendCustomAudioData(undefined);
  for (const text of ['{"api":"unknownThing","params":{}}', '{}', 'null', 'no JSON', '', undefined, null, '{"api":"muteLocalAudio","params":true}', '{"api":"setLogLevel","params":0}', '{"api":7}']) cloud.callExperimentalAPI(text);
  const source = { type: 1, sourceId: 'screen:1', sourceName: 'one', thumbBGRA: { buffer: new ArrayBuffer(4) } };
  cloud.selectScreenCaptureTarget(source, new Rect(0, 0, 0, 0), new TRTCScreenCaptureProperty());
  cloud.selectScreenCaptureTarget(1, 'screen:1', 'one', new Rect(0, 0, 0, 0), true, true);
  cloud.selectScreenCaptureTarget(null);
  cloud.selectScreenCaptureTarget();
  cloud.startScreenCapture(null, 2, new TRTCVideoEncParam());
  cloud.startScreenCapture(null, 0);
  cloud.startScreenCapture(null, 2, 3);
  cloud.stopScreenCapture();
  cloud.stopScreenCapture();
  for (const win of ['12', 12, 'x', null, undefined]) cloud.addExcludedShareWindow(win);
  for (let round = 0; round < 3; round += 1) cloud.startMicDeviceTest(300);
  cloud.stopMicDeviceTest();
  cloud.stopMicDeviceTest();
  cloud.startSpeakerDeviceTest('https://example.org/a.mp3');
  cloud.stopSpeakerDeviceTest();
  cloud.startPlayMusic({ id: 1, path: 'https://example.org/a.mp3' }, {});
  cloud.startRemoteView('a', null);
  cloud.stopRemoteView('a');
  cloud.stopRemoteView('never');
  cloud.setLocalViewFillMode(0);
  cloud.setRemoteViewFillMode('a', 1);
  cloud.setAudioFrameCallback({ onCapturedAudioFrame: null });
  cloud.setAudioFrameCallback(null);
  cloud.setVideoEncoderParam(undefined);
  cloud.setNetworkQosParam(2);
  cloud.exitRoom();
});
