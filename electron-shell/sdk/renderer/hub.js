'use strict';

const { parseFrame } = require('./frame');
const { Pacer } = require('./pacer');
const { Painter } = require('./painter');
const { FrameSocket, keyOf } = require('./socket');
const { Stream } = require('./stream');

const BIG = 0;
const SMALL = 1;

/** Calls the app's renderer; what it throws is the app's, and is shown as such. */
function renderCustom(render, user, stream, frame) {
  try {
    render(user, stream, frame);
  } catch (error) {
    setTimeout(() => { throw error; });
  }
}

/**
 * Everything a page draws: which stream of which cloud goes into which views. A big and a small stream share one place.
 * It touches neither DOM nor network before the first `show`, and lets go of both after the last `hide`.
 */
class RendererHub {
  /**
   * `framesUrl()` is the frame endpoint's URL now, or null while there is none. `onCustomFrame(render, user, stream, frame)`
   * replaces the way an app's own renderer is called. `openSocket` and `openRelay`: see FrameSocket; `softwareGl`: see Painter.
   */
  constructor({ framesUrl, onCustomFrame = renderCustom, openSocket, openRelay, softwareGl }) {
    this._softwareGl = softwareGl;
    this._onCustomFrame = onCustomFrame;
    this._options = { url: framesUrl, openSocket, openRelay, onFrame: (key, buffer) => this._take(key, buffer) };
    this._streams = new Map(); // shown, by key
    this._params = new Map(); // by key: they outlive showing
    this._callbacks = new Map(); // by cloud/stream/user, or cloud/*/user
    this._wantedKeys = '';
    this._socket = null;
    this._pacer = null;
    this._painter = null;
  }

  /** Draws a stream in `views`: an element, several, or null to have it for a custom renderer only. */
  show(cloud, userId, streamType, views) {
    const source = this._source(cloud, userId, streamType);
    const key = keyOf(source);
    this._start();
    if (!this._streams.has(key)) this._streams.set(key, this._made(key, source));
    const elements = [].concat(views || []).filter((view) => view && view.nodeType === 1);
    this._streams.get(key).show(Array.from(new Set(elements)));
    this._follow();
  }

  /** Empties the views of a stream. */
  hide(cloud, userId, streamType) {
    this._remove((source) => keyOf(source) === keyOf(this._source(cloud, userId, streamType)));
  }

  /** Empties the views of all streams of others. */
  hideAllRemote(cloud) {
    this._remove((source) => source.cloud === cloud && source.user !== '');
  }

  /** Empties all views of a cloud: previews and camera tests, too. */
  hideAll(cloud) {
    this._remove((source) => source.cloud === cloud);
  }

  /** The user has left the room. */
  userLeft(cloud, userId) {
    this._remove((source) => source.cloud === cloud && source.user === userId);
  }

  /** `params` may hold rotation, fillMode and mirrorType, and is remembered also while the stream is not shown. */
  setParams(cloud, userId, streamType, params) {
    const key = keyOf(this._source(cloud, userId, streamType));
    this._params.set(key, Object.assign({}, this._params.get(key), params));
    if (this._streams.has(key)) this._streams.get(key).setParams(params);
  }

  /**
   * Hands pictures to `callback(userId, streamType, frame)` (or its method `onRenderVideoFrame`) instead of drawing them;
   * null ends that. `streamType` null: all streams of the user. The streams have to be shown, in no view if need be.
   */
  setCallback(cloud, userId, streamType, pixelFormat, callback) {
    const stream = streamType === null ? '*' : this._source(cloud, userId, streamType).stream;
    const key = `${cloud}/${stream}/${userId}`;
    if (callback) {
      const render = (...args) => (callback.onRenderVideoFrame ? callback.onRenderVideoFrame(...args) : callback(...args));
      this._callbacks.set(key, { pixelFormat, render });
    } else this._callbacks.delete(key);
    for (const shown of this._streams.values()) shown.callback = this._callback(shown.source);
    this._follow();
  }

  /** Forgets all about a cloud. */
  destroy(cloud) {
    for (const known of [this._params, this._callbacks]) {
      for (const key of known.keys()) if (key.startsWith(`${cloud}/`)) known.delete(key);
    }
    this.hideAll(cloud);
  }

  /** What is shown: `{cloud, user, stream, drawn, latencyMs}` each, and what draws it. */
  statistics() {
    const streams = Array.from(this._streams.values());
    return {
      painter: this._painter ? this._painter.kind : null,
      streams: streams.map(({ source, drawn, latencyMs }) => Object.assign({ drawn, latencyMs }, source)),
    };
  }

  _source(cloud, user, stream) {
    return { cloud, user, stream: stream === SMALL ? BIG : stream };
  }

  _made(key, source) {
    const stream = new Stream(source, this._painter);
    stream.setParams(this._params.get(key) || {});
    stream.callback = this._callback(source);
    return stream;
  }

  _callback(source) {
    return this._callbacks.get(keyOf(source)) || this._callbacks.get(`${source.cloud}/*/${source.user}`) || null;
  }

  _remove(matches) {
    for (const [key, stream] of this._streams) {
      if (!matches(stream.source)) continue;
      stream.hide();
      this._streams.delete(key);
    }
    this._follow();
    if (this._streams.size === 0) this._stop();
  }

  _start() {
    if (this._socket !== null) return;
    this._painter = new Painter(document, this._softwareGl);
    this._socket = new FrameSocket(this._options);
    this._pacer = new Pacer(() => this._tick());
  }

  _stop() {
    if (this._socket === null) return;
    this._pacer.close();
    this._painter.close();
    this._socket = null;
    this._pacer = null;
    this._painter = null;
    this._wantedKeys = '';
  }

  /** Asks for what is wanted now, if that is another set than before; looks again while that may change by itself. */
  _follow() {
    if (this._socket === null) return;
    const streams = Array.from(this._streams.values());
    const sources = streams.filter((stream) => stream.wanted).map((stream) => stream.source);
    const keys = JSON.stringify(sources.map(keyOf));
    if (keys !== this._wantedKeys) this._socket.want(sources);
    this._wantedKeys = keys;
    if (streams.some((stream) => stream.watched)) this._pacer.later();
  }

  _take(key, buffer) {
    const stream = this._streams.get(key);
    if (!stream) return;
    const frame = parseFrame(buffer);
    if (frame === null) {
      this._socket.credit(key);
      return;
    }
    stream.take(frame);
    this._pacer.soon();
  }

  _tick() {
    const now = performance.now();
    for (const [key, stream] of this._streams) {
      if (!stream.pending) continue;
      if (stream.due(document.hidden, now)) {
        stream.draw(now, this._onCustomFrame);
        if (this._socket === null) return; // the app's own renderer has hidden the last stream
        this._socket.credit(key);
      } else this._pacer.later();
    }
    this._follow();
  }
}

module.exports = { RendererHub };
