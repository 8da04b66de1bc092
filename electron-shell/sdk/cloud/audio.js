'use strict';
/** Sound and music: local checks, and the older names of the music API. */

const BGM = 1 << 29; // the music id behind playBGM

const quietly = (text) => console.error(`TRTCCloud.${text}`);

const vector = (value) => Array.isArray(value) && value.length === 3;

const onWindows = () => typeof navigator !== 'undefined' && /Windows/.test(navigator.userAgent);

/** A path for one, or a file URL; https URLs stay as they are. */
const withoutScheme = (path) => (typeof path === 'string' ? path.replace(/^file:\/\/\//, onWindows() ? '' : '/') : path);

const alias = (method, convert) => function call(...args) {
  return this[method](...convert(...args));
};

exports.overrides = {
  setAudioQuality(quality) {
    this._audioQuality = quality;
    this._send('setAudioQuality', { quality });
  },

  startLocalAudio(quality) {
    this._send('startLocalAudio', { quality: quality || this._audioQuality });
  },

  startAudioRecording(params) {
    const ok = typeof params === 'string' ? params : params && typeof params === 'object' && params.filePath;
    return ok ? this._call('startAudioRecording', { params }) : -4;
  },

  startLocalRecording(options) {
    if (!options || !options.filePath) throw new Error('startLocalRecording: options.filePath is missing');
    options.recordType = 2;
    if (!(options.interval >= 1000 && options.interval <= 10000)) options.interval = -1;
    this._send('startLocalRecording', { options });
  },

  setRemoteAudioParallelParams(param) {
    if (param.maxCount < 0) throw new Error('setRemoteAudioParallelParams: maxCount has to be 0 or more');
    if (!Array.isArray(param.includeUsers) || !param.includeUsers.length) throw new Error('setRemoteAudioParallelParams: includeUsers is empty');
    this._send('setRemoteAudioParallelParams', { param });
  },

  updateSelf3DSpatialPosition(position, axisForward, axisRight, axisUp) {
    const all = { position, axisForward, axisRight, axisUp };
    for (const name of Object.keys(all)) if (!vector(all[name])) throw new Error(`updateSelf3DSpatialPosition: ${name}: 3 numbers expected`);
    this._send('updateSelf3DSpatialPosition', all);
  },

  updateRemote3DSpatialPosition(userId, position) {
    if (!vector(position)) throw new Error('updateRemote3DSpatialPosition: position: 3 numbers expected');
    this._send('updateRemote3DSpatialPosition', { userId, position });
  },

  setVoicePitch(pitch) {
    if (typeof pitch !== 'number' || !(pitch >= -1 && pitch <= 1)) throw new Error('setVoicePitch: a number from -1 to 1 expected');
    this._send('setVoicePitch', { pitch });
  },

  setAudioFrameCallback(callback) {
    this._audioFrames = callback || null;
    this._send('setAudioFrameCallback', { callback: callback ? true : null });
  },

  sendCustomAudioData(frame) {
    if (!frame || !frame.data) quietly('sendCustomAudioData: frame.data is missing');
    else this._send('sendCustomAudioData', { frame });
  },

  setMusicObserver(observer) {
    this._musicObserver = observer || null;
    this._send('setMusicObserver', { observer: observer ? true : null });
  },

  startPlayMusic(musicParam, callbackMap) {
    if (callbackMap && Object.keys(callbackMap).some((name) => callbackMap[name])) this._musicObserver = callbackMap;
    this._send('startPlayMusic', { musicParam, callbackMap: callbackMap ? true : null });
  },

  getMusicDurationInMS(path) {
    return this._call('getMusicDurationInMS', { path: withoutScheme(path) });
  },

  startSpeakerDeviceTest(testAudioFilePath) {
    this._send('startSpeakerDeviceTest', { testAudioFilePath: withoutScheme(testAudioFilePath) });
  },

  setLogDirPath(path) {
    this._send('setLogDirPath', { path: withoutScheme(path) });
  },

  startSystemAudioLoopback(path) {
    this._send('startSystemAudioLoopback', { path: path ? withoutScheme(path) : null });
  },

  // -- background music: one piece of the music API

  playBGM: alias('startPlayMusic', (path) => [{ id: BGM, path, loopCount: 0, publish: true, isShortFile: false, startTimeMS: 0, endTimeMS: 0 }]),
  stopBGM: alias('stopPlayMusic', () => [BGM]),
  pauseBGM: alias('pausePlayMusic', () => [BGM]),
  resumeBGM: alias('resumePlayMusic', () => [BGM]),
  getBGMDuration: alias('getMusicDurationInMS', (path) => [path]),
  setBGMPosition: alias('seekMusicToPosInTime', (pos) => [BGM, pos]),
  setBGMVolume(volume) {
    this.setMusicPlayoutVolume(BGM, volume);
    this.setMusicPublishVolume(BGM, volume);
  },
  setBGMPlayoutVolume: alias('setMusicPlayoutVolume', (volume) => [BGM, volume]),
  setBGMPublishVolume: alias('setMusicPublishVolume', (volume) => [BGM, volume]),

  // -- sound effects: pieces of the music API under the effects' own numbers

  playAudioEffect(effect) {
    this._effects.add(effect.effectId);
    this.startPlayMusic({
      id: effect.effectId, path: effect.path, loopCount: effect.loopCount || 0, publish: Boolean(effect.publish), isShortFile: true, startTimeMS: 0, endTimeMS: 0,
    });
  },
  setAudioEffectVolume(effectId, volume) {
    this.setMusicPlayoutVolume(effectId, volume);
    this.setMusicPublishVolume(effectId, volume);
  },
  stopAudioEffect(effectId) {
    this._effects.delete(effectId);
    this.stopPlayMusic(effectId);
  },
  stopAllAudioEffects() {
    Array.from(this._effects).forEach((effectId) => this.stopAudioEffect(effectId));
  },
  setAllAudioEffectsVolume(volume) {
    this._effects.forEach((effectId) => this.setAudioEffectVolume(effectId, volume));
  },
  pauseAudioEffect: alias('pausePlayMusic', (effectId) => [effectId]),
  resumeAudioEffect: alias('resumePlayMusic', (effectId) => [effectId]),
};
