'use strict';
/** Every event of a cloud, and those that only repeat. */

const EVENTS = [
  'onError', 'onWarning',
  'onEnterRoom', 'onExitRoom', 'onSwitchRoom', 'onSwitchRole', 'onConnectOtherRoom', 'onDisconnectOtherRoom',
  'onRemoteUserEnterRoom', 'onRemoteUserLeaveRoom', 'onUserEnter', 'onUserExit',
  'onUserVideoAvailable', 'onUserSubStreamAvailable', 'onUserAudioAvailable',
  'onFirstVideoFrame', 'onFirstAudioFrame', 'onSendFirstLocalVideoFrame', 'onSendFirstLocalAudioFrame',
  'onNetworkQuality', 'onStatistics', 'onConnectionLost', 'onTryToReconnect', 'onConnectionRecovery', 'onSpeedTestResult',
  'onCameraDidReady', 'onMicDidReady', 'onUserVoiceVolume', 'onDeviceChange', 'onTestMicVolume', 'onTestSpeakerVolume',
  'onAudioDeviceCaptureVolumeChanged', 'onAudioDevicePlayoutVolumeChanged',
  'onRecvCustomCmdMsg', 'onMissCustomCmdMsg', 'onRecvSEIMsg',
  'onStartPublishing', 'onStopPublishing', 'onStartPublishCDNStream', 'onStopPublishCDNStream', 'onSetMixTranscodingConfig',
  'onStartPublishMediaStream', 'onUpdatePublishMediaStream', 'onStopPublishMediaStream', 'onCdnStreamStateChanged', 'onAudioEffectFinished',
  'onScreenCaptureCovered', 'onScreenCaptureStarted', 'onScreenCapturePaused', 'onScreenCaptureResumed', 'onScreenCaptureStopped',
  'onSnapshotComplete', 'onLocalRecordBegin', 'onLocalRecording', 'onLocalRecordComplete', 'onSystemAudioLoopbackError',
];

const REPEATING = ['onUserVoiceVolume', 'onStatistics', 'onNetworkQuality', 'onTestMicVolume', 'onTestSpeakerVolume', 'onLocalRecording'];

module.exports = { EVENTS, REPEATING };
