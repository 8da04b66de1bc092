'use strict';
/** Values that applications read again and again, and what may change them. */

exports.POLLED = [
  'getCameraDevicesList',
  'getMicDevicesList',
  'getSpeakerDevicesList',
  'getCurrentCameraDevice',
  'getCurrentMicDevice',
  'getCurrentSpeakerDevice',
  'getCurrentMicDeviceVolume',
  'getCurrentSpeakerVolume',
  'getCurrentMicDeviceMute',
  'getCurrentSpeakerDeviceMute',
  'getAudioCaptureVolume',
  'getAudioPlayoutVolume',
];

exports.TOUCHING = [
  'setCurrentCameraDevice',
  'setCurrentMicDevice',
  'setCurrentSpeakerDevice',
  'setCurrentMicDeviceVolume',
  'setCurrentSpeakerVolume',
  'setCurrentMicDeviceMute',
  'setCurrentSpeakerDeviceMute',
  'setAudioCaptureVolume',
  'setAudioPlayoutVolume',
  'enableFollowingDefaultAudioDevice',
  'callExperimentalAPI',
];

exports.TOUCHING_EVENTS = ['onDeviceChange', 'onAudioDeviceCaptureVolumeChanged', 'onAudioDevicePlayoutVolumeChanged'];
