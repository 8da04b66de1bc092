'use strict';
/** Video: which element shows what is ours to know; the backend only learns whether pictures are wanted at all. */
const { arrayBuffer, isElement } = require('./plain');
const { state } = require('./state');

const BIG = 0;
const SUB = 2;
const TEST = 3; // the camera test's pictures, in the frame endpoint's numbering
const FILL = 0;
const MIRRORED = { true: 1, false: 2 };
const CALLBACK_FORMATS = [1, 3, 5]; // I420, BGRA32, RGBA32
const BUFFER = 1;

const complain = (text) => console.error(`TRTCCloud.${text}`);

const isObject = (value) => value !== null && typeof value === 'object';

/** A big and a small stream share one place. */
const keyOf = (userId, streamType) => `${streamType === 1 ? BIG : streamType}/${userId}`;

/** The elements among `views`, null for none wanted; undefined after a complaint. Throws where there is no page to draw in. */
function elements(method, views) {
  if (views === null) return null;
  if (views === undefined) return complain(`${method}: a view expected, or null for none`);
  if (typeof document === 'undefined') throw new TypeError(`TRTCCloud.${method}: there is no page to draw in here, so the view has to be null`);
  const all = [].concat(views);
  const found = all.filter(isElement);
  if (found.length < all.length) console.warn(`TRTCCloud.${method}: what is not an element is left out`);
  return found;
}

/** A method whose one argument has to be an object: anything else is logged and ignored. */
const withObject = (method, param, nullable) => function call(value) {
  if (!isObject(value) && !(nullable && value === null)) return complain(`${method}: an object expected`);
  return this._send(method, { [param]: value });
};

const numeric = (method) => function call(win) {
  if (!/^\d+$/.test(String(win))) return complain(`${method}: ${win} is not a window's number`);
  return this._send(method, { win: String(win) });
};

/** Shown streams by key, custom renderers by user, render parameters by key: what is needed to tell the backend when frames are wanted. */
exports.start = () => ({
  _shown: new Map(),
  _renderers: new Map(),
  _priorStreamType: BIG,
  _shareType: null,
});

/** Not part of the SDK's surface; installed beside it. */
const helpers = {
  /** `views`: elements or null. Tells whether pictures are wanted. */
  _show(userId, streamType, views) {
    this._shown.set(keyOf(userId, streamType), { userId, streamType, views });
    const wanted = this._wants(userId, streamType, views);
    if (wanted && this._isThere()) state().hub.show(this._number, userId, streamType, views);
    else if (state().hasHub) state().hub.hide(this._number, userId, streamType);
    return wanted ? true : null;
  },

  _wants(userId, streamType, views) {
    const custom = this._renderers.has(userId) && (userId !== '' || streamType === BIG);
    return custom || (views !== null && views.length > 0);
  },

  _hide(userId, streamType) {
    this._shown.delete(keyOf(userId, streamType));
    if (state().hasHub) state().hub.hide(this._number, userId, streamType);
  },

  /** A room is left, and every device closed: no picture comes any more. */
  _outside() {
    if (state().hasHub) state().hub.hideAll(this._number);
    this._shown.clear();
    this._shareType = null;
    this._roomParams = null;
  },

  _setParams(userId, streamType, params) {
    if (typeof document !== 'undefined' && this._isThere()) state().hub.setParams(this._number, userId, streamType, params);
  },

  /** A custom renderer came or went: streams that are shown in no view need pictures all of a sudden, or no more. */
  _setRenderer(userId, streamType, pixelFormat, callback) {
    if (typeof document === 'undefined') {
      if (callback) console.warn('TRTCCloud: a renderer of your own gets its pictures in a page only');
      return;
    }
    const before = this._renderers.has(userId);
    if (callback) this._renderers.set(userId, callback);
    else this._renderers.delete(userId);
    if (!this._isThere()) return;
    state().hub.setCallback(this._number, userId, streamType, pixelFormat, callback);
    if (before === Boolean(callback)) return;
    for (const shown of Array.from(this._shown.values())) {
      if (shown.userId !== userId || shown.streamType === TEST) continue;
      const wanted = this._show(userId, shown.streamType, shown.views);
      if (userId === '' && shown.streamType === BIG) this._send('updateLocalView', { views: wanted });
      else if (userId !== '') this._send('updateRemoteView', { userId, views: wanted, streamType: shown.streamType });
    }
  },
};

const surface = {
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

  // -- screens

  /** (source, rect, property), or the older (type, sourceId, sourceName, rect, mouse, highlight). */
  selectScreenCaptureTarget(source, captureRect, property, deprecatedCaptureRect, captureMouse, highlightWindow) {
    if (isObject(source)) {
      if (!source.sourceId || !isObject(captureRect) || !isObject(property)) return complain('selectScreenCaptureTarget: source, rect and property expected');
      const { type, sourceId, sourceName, isMinimizeWindow, width, height, isMainScreen } = source; // its pictures stay here
      const named = { type, sourceId, sourceName, isMinimizeWindow, width, height, isMainScreen };
      return this._send('selectScreenCaptureTarget', { source: named, captureRect, property });
    }
    if (typeof source !== 'number' || arguments.length < 6) return complain('selectScreenCaptureTarget: a source expected');
    return this._send('selectScreenCaptureTarget', { source, captureRect, property, deprecatedCaptureRect, captureMouse, highlightWindow });
  },

  startScreenCapture(view = null, type = SUB, params = null) {
    if (params !== null && !isObject(params)) return complain('startScreenCapture: TRTCVideoEncParam or null expected');
    const found = elements('startScreenCapture', view);
    if (found === undefined) return undefined;
    const stream = type === BIG ? BIG : SUB;
    if (this._shareType !== null && this._shareType !== stream) this.stopScreenCapture();
    this._shareType = stream;
    return this._send('startScreenCapture', { view: this._show('', stream, found), type: stream, params });
  },

  stopScreenCapture() {
    if (this._shareType !== null) this._hide('', this._shareType);
    this._shareType = null;
    this._send('stopScreenCapture', {});
  },

  getScreenCaptureSources(thumbWidth, thumbHeight, iconWidth, iconHeight) {
    const sources = this._call('getScreenCaptureSources', { thumbWidth, thumbHeight, iconWidth, iconHeight });
    return sources.map((source) => Object.assign({}, source, { thumbBGRA: bitmap(source.thumbBGRA), iconBGRA: bitmap(source.iconBGRA) }));
  },

  addExcludedShareWindow: numeric('addExcludedShareWindow'),
  removeExcludedShareWindow: numeric('removeExcludedShareWindow'),
  addIncludedShareWindow: numeric('addIncludedShareWindow'),
  removeIncludedShareWindow: numeric('removeIncludedShareWindow'),

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

function renderable(method, pixelFormat, bufferType, callback) {
  if (callback === null) return true;
  const ok = CALLBACK_FORMATS.includes(pixelFormat) && bufferType === BUFFER && isObject(callback) && typeof callback.onRenderVideoFrame === 'function';
  if (!ok) complain(`${method}: I420, BGRA32 or RGBA32, a buffer, and {onRenderVideoFrame} or null expected`);
  return ok;
}

/** A picture has all of its bytes, or none. */
function bitmap(image) {
  const { buffer, width = 0, height = 0 } = image || {};
  const bytes = arrayBuffer(buffer);
  const whole = bytes.byteLength === width * height * 4;
  return whole ? { buffer: bytes, length: bytes.byteLength, width, height } : { buffer: new ArrayBuffer(0), length: 0, width: 0, height: 0 };
}

exports.overrides = surface;
exports.helpers = helpers;
