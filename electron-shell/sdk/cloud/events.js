'use strict';
/** Events of the wire as the SDK gives them to applications: a table of those that differ. */
const { arrayBuffer } = require('./plain');

const available = ([userId, value]) => [['', [userId, Number(value) === 1 ? 1 : 0]]];

const volumes = ([users, count, total]) => {
  const infos = (users || []).map((info) => Object.assign({}, info, { spectrumData: Float32Array.from(info.spectrumData || []) }));
  return [['', [infos, count === undefined ? infos.length : count, total]]];
};

const stopped = (args) => [['onScreenCaptureStoped', args], ['onScreenCaptureStopped', args]];

/** name → what becomes of it: [name ('' for the same), arguments] each. */
const SPECIAL = {
  onUserVideoAvailable: available,
  onUserAudioAvailable: available,
  onUserSubStreamAvailable: available,
  onUserVoiceVolume: volumes,
  onRecvSEIMsg: ([userId, message]) => [['', [userId, arrayBuffer(message)]]],
  onNetworkQuality: ([local, remotes]) => [['', [local, remotes || []]]],
  onLocalRecording: ([duration, path]) => [['', [Number(duration), path]]],
  onScreenCaptureStopped: stopped, // applications listen to either spelling
  onScreenCaptureStoped: () => [],
};

/** What calls back instead of being emitted: event → which of the cloud's callback objects has a member of this name. */
const CALLBACKS = {
  onStart: '_musicObserver',
  onPlayProgress: '_musicObserver',
  onComplete: '_musicObserver',
  onCapturedAudioFrame: '_audioFrames',
  onLocalProcessedAudioFrame: '_audioFrames',
  onPlayAudioFrame: '_audioFrames',
  onMixedPlayAudioFrame: '_audioFrames',
  onMixedAllAudioFrame: '_audioFrames',
};

function events(name, args) {
  const special = Object.prototype.hasOwnProperty.call(SPECIAL, name) ? SPECIAL[name] : null;
  return special ? special(args).map(([as, values]) => [as || name, values]) : [[name, args]];
}

module.exports = { events, CALLBACKS };
