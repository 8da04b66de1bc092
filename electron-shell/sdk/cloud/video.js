'use strict';
/** Video: previews, the pictures of others, how they are shown, and who renders them instead. */
const { state } = require('./state');
const { BIG, SUB, TEST, complain, elements, isObject, keyOf } = require('./views');

const FILL = 0;
const MIRRORED = { true: 1, false: 2 };
const CALLBACK_FORMATS = [1, 3, 5]; // I420, BGRA32, RGBA32
const BUFFER = 1;

/** A method whose one argument has to be an object: anything else is logged and ignored. */
const withObject = (method, param, nullable) => function call(value) {
  if (!isObject(value) && !(nullable && value === null)) return complain(`${method}: an object expected`);
  return this._send(method, { [param]: value });
};

function renderable(method, pixelFormat, bufferType, callback) {
  if (callback === null) return true;
  const ok = CALLBACK_FORMATS.includes(pixelFormat) && bufferType === BUFFER && isObject(callback) && typeof callback.onRenderVideoFrame === 'function';
  if (!ok) complain(`${method}: I420, BGRA32 or RGBA32, a buffer, and {onRenderVideoFrame} or null expected`);
  return ok;
}

exports.overrides = {
  // -- the local picture

  startLocalPreview(views) {
    const found = elements('startLocalPreview', views);
    if (found !== undefined) this._send('startLocalPreview', { views: this._show('', BIG, found) });
  },

  stopLocalPreview() {
    this._hide('', BIG);
    this._send('stopLocalPreview', {});
  },

  updateLocalView(views) {
    const found = elements('updateLocalView', views);
    if (found === undefined) return;
    const shown = this._shown.has(keyOf('', BIG));
    this._send('updateLocalView', { views: shown ? this._show('', BIG, found) : null });
  },

  muteLocalVideo(mute, streamType = BIG) {
    this._send('muteLocalVideo', { mute, streamType });
  },

  setVideoMuteImage(imageBuffer, fps) {
    this._send('setVideoMuteImage', { imageBuffer: imageBuffer || null, fps: Math.min(10, Math.max(5, fps || 5)) });
  },

  setCameraCaptureParams(params) {
    const ok = isObject(params) && ['mode', 'width', 'height'].every((name) => typeof params[name] === 'number');
    if (ok) this._send('setCameraCaptureParams', { params });
    else complain('setCameraCaptureParams: mode, width and height have to be numbers');
  },

  setVideoEncoderParam: withObject('setVideoEncoderParam', 'params'),
  setSubStreamEncoderParam: withObject('setSubStreamEncoderParam', 'params'),
  setNetworkQosParam: withObject('setNetworkQosParam', 'params'),
  setMixTranscodingConfig: withObject('setMixTranscodingConfig', 'config', true),

  enableSmallVideoStream(enable, params) {
    if (enable && !isObject(params)) complain('enableSmallVideoStream: TRTCVideoEncParam expected');
    else this._send('enableSmallVideoStream', { enable, params: isObject(params) ? params : null });
  },

  // -- remote pictures

  startRemoteView(userId, views, streamType = this._priorStreamType) {
    const found = elements('startRemoteView', views);
    if (found !== undefined) this._send('startRemoteView', { userId, views: this._show(userId, streamType, found), streamType });
  },

  updateRemoteView(userId, views, streamType) {
    const found = elements('updateRemoteView', views);
    if (found === undefined) return;
    const shown = this._shown.has(keyOf(userId, streamType));
    this._send('updateRemoteView', { userId, views: shown ? this._show(userId, streamType, found) : null, streamType: streamType || BIG });
  },

  stopRemoteView(userId, streamType = this._priorStreamType) {
    this._hide(userId, streamType);
    this._send('stopRemoteView', { userId, streamType });
  },

  stopAllRemoteView() {
    for (const [key, { userId }] of this._shown) if (userId !== '') this._shown.delete(key);
    if (state().hasHub) state().hub.hideAllRemote(this._number);
    this._send('stopAllRemoteView', {});
  },

  muteRemoteVideoStream(userId, mute, streamType = BIG) {
    this._send('muteRemoteVideoStream', { userId, mute, streamType });
  },

  startRemoteSubStreamView(userId, view) {
    const found = elements('startRemoteSubStreamView', view);
    if (found !== undefined) this._send('startRemoteSubStreamView', { userId, view: this._show(userId, SUB, found) });
  },

  stopRemoteSubStreamView(userId) {
    this._hide(userId, SUB);
    this._send('stopRemoteSubStreamView', { userId });
  },

  setPriorRemoteVideoStreamType(type) {
    this._priorStreamType = type;
    this._send('setPriorRemoteVideoStreamType', { type });
  },

  // -- how they are shown

  setLocalRenderParams(params) {
    this._setParams('', BIG, params);
    this._send('setLocalRenderParams', { params });
  },

  setRemoteRenderParams(userId, streamType, params) {
    this._setParams(userId, streamType, params);
    this._send('setRemoteRenderParams', { userId, streamType, params });
  },

  setLocalViewFillMode(mode) {
    this._setParams('', BIG, { fillMode: mode });
  },

  setRemoteViewFillMode(userId, mode) {
    this._setParams(userId, BIG, { fillMode: mode });
  },

  setRemoteSubStreamViewFillMode(userId, mode) {
    this._setParams(userId, SUB, { fillMode: mode });
  },

  setLocalViewRotation(rotation) {
    this._setParams('', BIG, { rotation });
  },

  setRemoteViewRotation(userId, rotation) {
    this._setParams(userId, BIG, { rotation });
  },

  setRemoteSubStreamViewRotation(userId, rotation) {
    this._setParams(userId, SUB, { rotation });
  },

  setLocalViewMirror(mirror) {
    this._setParams('', BIG, { mirrorType: MIRRORED[Boolean(mirror)] });
  },

  // -- an application's own renderer: 0, or -1 for bad arguments

  setLocalVideoRenderCallback(pixelFormat, bufferType, callback) {
    if (!renderable('setLocalVideoRenderCallback', pixelFormat, bufferType, callback)) return -1;
    this._setRenderer('', BIG, pixelFormat, callback);
    return 0;
  },

  setRemoteVideoRenderCallback(userId, pixelFormat, bufferType, callback) {
    if (typeof userId !== 'string' || !userId) return complain('setRemoteVideoRenderCallback: userId is missing') || -1;
    if (!renderable('setRemoteVideoRenderCallback', pixelFormat, bufferType, callback)) return -1;
    this._setRenderer(userId, null, pixelFormat, callback);
    return 0;
  },

  // -- the camera test

  startCameraDeviceTest(view) {
    const found = elements('startCameraDeviceTest', view);
    if (found === undefined) return;
    this._setParams('', TEST, { fillMode: FILL });
    this._send('startCameraDeviceTest', { view: this._show('', TEST, found) });
  },

  stopCameraDeviceTest() {
    this._hide('', TEST);
    this._send('stopCameraDeviceTest', {});
  },
};
