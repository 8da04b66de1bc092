'use strict';
/** What the 32 methods of an instance that return something may return: a check for each. A page can load it. */

const isDevice = (value) => value && ['deviceId', 'deviceName'].every((name) => typeof value[name] === 'string')
  && value.deviceProperties !== null && typeof value.deviceProperties === 'object';
const isPercent = (value) => typeof value === 'number' && value >= 0 && value <= 100;
const isBoolean = (value) => value === true || value === false;
const areDevices = (value) => Array.isArray(value) && value.every(isDevice);
const isBitmap = (image) => image.buffer instanceof ArrayBuffer && image.length === image.buffer.byteLength && image.length === image.width * image.height * 4;
const isSource = (source) => typeof source.sourceId === 'string' && !/\s/.test(source.sourceId) && [0, 1].includes(source.type)
  && isBitmap(source.thumbBGRA) && isBitmap(source.iconBGRA);
const isPlugin = (value) => 'id' in value && ['enable', 'disable', 'setParameter'].every((name) => Number.isInteger(value[name]('{}')));
const orNull = (check) => (value) => value === null || check(value);

const CHECKS = {
  createSubCloud: orNull((value) => typeof value.enterRoom === 'function'),
  getConfigObject: (value) => typeof value.getDebugMode() === 'boolean',
  getAudioCaptureVolume: isPercent,
  getAudioPlayoutVolume: isPercent,
  startAudioRecording: (value) => [0, -1, -2, -3, -4].includes(value),
  getCameraDevicesList: areDevices,
  getCurrentCameraDevice: isDevice,
  getMicDevicesList: areDevices,
  getCurrentMicDevice: isDevice,
  getCurrentMicDeviceVolume: isPercent,
  getCurrentMicDeviceMute: isBoolean,
  getSpeakerDevicesList: areDevices,
  getCurrentSpeakerDevice: isDevice,
  getCurrentSpeakerVolume: isPercent,
  getCurrentSpeakerDeviceMute: isBoolean,
  getScreenCaptureSources: (value) => Array.isArray(value) && value.every(isSource),
  mixExternalAudioFrame: Number.isInteger,
  generateCustomPTS: Number.isInteger,
  setLocalVideoRenderCallback: (value) => value === 0 || value === -1,
  setRemoteVideoRenderCallback: (value) => value === 0 || value === -1,
  sendCustomCmdMsg: isBoolean,
  sendSEIMsg: isBoolean,
  getBGMDuration: Number.isInteger,
  getMusicCurrentPosInMS: (value) => Number.isInteger(value) || value instanceof Promise,
  getMusicDurationInMS: Number.isInteger,
  startSpeedTest: Number.isInteger,
  getSDKVersion: (value) => /^\d+\.\d+\.\d+$/.test(value),
  addPlugin: isPlugin,
  getPluginList: orNull(Array.isArray),
  createLocalMediaTranscoder: (value) => value === null,
  getMediaMixingManager: (value) => value === null,
  getMediaMixingService: (value) => value === null,
};

function check(name, value) {
  if (!CHECKS[name](value)) throw new Error(`${name} gives ${JSON.stringify(value)}`);
}

module.exports = { CHECKS, check };
