'use strict';
/** Screens and windows: what may be shared, and sharing it. */
const { arrayBuffer } = require('./plain');
const { BIG, SUB, complain, elements, isObject } = require('./views');

const numeric = (method) => function call(win) {
  if (!/^\d+$/.test(String(win))) return complain(`${method}: ${win} is not a window's number`);
  return this._send(method, { win: String(win) });
};

/** A picture has all of its bytes, or none. */
function bitmap(image) {
  const { buffer, width = 0, height = 0 } = image || {};
  const bytes = arrayBuffer(buffer);
  const whole = bytes.byteLength === width * height * 4;
  return whole ? { buffer: bytes, length: bytes.byteLength, width, height } : { buffer: new ArrayBuffer(0), length: 0, width: 0, height: 0 };
}

exports.overrides = {
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
};
