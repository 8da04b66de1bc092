'use strict';
/** Which element shows which stream: that is ours to know. The backend only learns whether pictures are wanted at all. */
const { isElement } = require('./plain');
const { state } = require('./state');

const BIG = 0;
const SUB = 2;
const TEST = 3; // the camera test's pictures, in the frame endpoint's numbering

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

/** Shown streams by key, custom renderers by user, render parameters by key: what is needed to tell the backend when frames are wanted. */
const start = () => ({
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

module.exports = { BIG, SUB, TEST, complain, elements, helpers, isObject, keyOf, start };
