'use strict';
/** Arguments that make sense for each method of TRTCCloud, from the surface's types. */
const fs = require('fs');
const path = require('path');
const { ROOT } = require('./programs');

const surface = JSON.parse(fs.readFileSync(path.join(ROOT, 'pybackend/spec/surface.json'), 'utf8'));

/** All methods of an instance. */
const methods = surface.methods.filter((method) => method.class === 'TRTCCloud' && !method.static && method.name !== 'constructor');

const SOURCE = { type: 1, sourceId: 'screen:0', sourceName: 'a screen' };
const SOUND = { audioFormat: 1, data: new Uint8Array(1920), length: 1920, sampleRate: 48000, channel: 1, timestamp: 0 };

/** Where types do not say it all. */
const SPECIAL = {
  enterRoom: [{ sdkAppId: 1, userId: 'nobody', userSig: 'none', roomId: 1 }, 0],
  switchRole: [20, ''],
  connectOtherRoom: ['{"roomId":8,"userId":"other"}'],
  startLocalRecording: [{ filePath: 'film.mp4' }],
  setRemoteAudioParallelParams: [{ maxCount: 1, includeUsers: ['a'] }],
  updateSelf3DSpatialPosition: [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
  updateRemote3DSpatialPosition: ['a', [1, 2, 3]],
  selectScreenCaptureTarget: [SOURCE, { left: 0, top: 0, right: 0, bottom: 0 }, { enableCaptureMouse: true }],
  addExcludedShareWindow: ['17'],
  removeExcludedShareWindow: ['17'],
  addIncludedShareWindow: ['17'],
  removeIncludedShareWindow: ['17'],
  sendCustomAudioData: [SOUND],
  mixExternalAudioFrame: [SOUND],
  sendCustomCmdMsg: [1, 'text', true, true],
  sendSEIMsg: [new Uint8Array([1, 2, 3]), 1],
  callExperimentalAPI: ['{"api":"something","params":{}}'],
  setLocalVideoRenderCallback: [1, 1, { onRenderVideoFrame() {} }],
  setRemoteVideoRenderCallback: ['a', 1, 1, { onRenderVideoFrame() {} }],
  setVideoEncoderParam: [{ videoResolution: 108, resMode: 0, videoFps: 15, videoBitrate: 550, minVideoBitrate: 0, enableAdjustRes: false }],
  setCameraCaptureParams: [{ mode: 0, width: 640, height: 480 }],
  startPlayMusic: [{ id: 1, path: 'music.mp3', loopCount: 0 }, null],
  playAudioEffect: [{ effectId: 2, path: 'effect.wav', loopCount: 0, publish: false }],
  addPlugin: [{ id: 'p', path: 'p.so', type: 1 }],
  setWaterMark: [0, 'mark.png', 0, 10, 10, 0, 0, 0.1],
};

const BY_TYPE = [
  [/^boolean/, true],
  [/^number|^TRTC\w*(Type|Mode|Scene|Level|Quality|Rotation|Resolution|Style|Format)\b/, 1],
  [/^string/, 'text'],
  [/HTMLElement|Callback|Function|=>/, null],
  [/^Array|\[\]$/, []],
];

function argument({ type }) {
  const found = BY_TYPE.find(([pattern]) => pattern.test(type));
  return found ? found[1] : {};
}

const plausible = ({ name, params }) => SPECIAL[name] || params.map(argument);

module.exports = { methods, plausible, surface };
