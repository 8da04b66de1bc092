'use strict';

const { I420 } = require('./frame');
const { convert } = require('./pixels');
const { Surface, surfaceOf } = require('./surface');

const FILL = 0;
const BGRA32 = 3;
const RGBA32 = 5;
const CAMERA_TEST = 3;
const MIRROR = { auto: 0, enable: 1 };

/** A stream that nobody can see is drawn this seldom. */
const IDLE_MS = 1000;

/** So long after its last view left the document, a stream is not asked for any more. It is again when one comes back. */
const DETACHED_MS = 2000;

/** A reference that does not keep a view alive; where there is none (Electron 9), one that does. */
const weak = (view) => (typeof WeakRef === 'function' ? new WeakRef(view) : { deref: () => view });

/** A buffer of four bytes a pixel. */
const pixels = (frame, bgra) => convert(frame, new Uint8ClampedArray(frame.width * frame.height * 4), bgra).buffer;

/** One picture source of one cloud: the views it is drawn in, how, and who renders it instead. */
class Stream {
  constructor(source, painter) {
    this.source = source;
    this.params = { rotation: 0, fillMode: source.stream === CAMERA_TEST ? FILL : 1, mirrorType: 2 };
    this.callback = null; // {pixelFormat, render}
    this.drawn = 0;
    this.latencyMs = null;
    this._painter = painter;
    this._views = [];
    this._frame = null;
    this._drawnAt = -Infinity;
    this._seenAt = performance.now();
  }

  /** Whether pictures should be sent for it. */
  get wanted() {
    return this.callback !== null || (this._surfaces().length > 0 && performance.now() - this._attachedAt() < DETACHED_MS);
  }

  /** Whether somebody has to look again, by and by, if it is wanted. */
  get watched() {
    return this._surfaces().some((surface) => !surface.attached);
  }

  /** Whether a frame waits to be drawn. */
  get pending() {
    return this._frame !== null;
  }

  /** Moves the stream into these views. Those that had it already are left alone. */
  show(views) {
    const former = this._surfaces();
    const seed = former.find((surface) => surface.painted);
    const surfaces = views.map((view) => surfaceOf(view, this) || this._surface(view, seed));
    surfaces.forEach((surface) => surface.place());
    former.filter((surface) => !surfaces.includes(surface)).forEach((surface) => surface.remove());
    this._views = views.map(weak);
    this._seenAt = performance.now();
  }

  /** Empties its views. */
  hide() {
    this._surfaces().forEach((surface) => surface.remove());
    this._views = [];
    this._frame = null;
  }

  /** What was given replaces what was; fitting is done at once, the rest with the next picture. */
  setParams(params) {
    for (const name of Object.keys(this.params)) if (Number.isInteger(params[name])) this.params[name] = params[name];
    this._surfaces().forEach((surface) => surface.fit(this._fills));
  }

  /** A picture has come. */
  take(frame) {
    this._frame = frame;
  }

  /** Whether the waiting picture is to be drawn now: at once if it can be seen, once a second if not. */
  due(hidden, now) {
    const seen = !hidden && (this.callback !== null || this._surfaces().some((surface) => surface.visible));
    return seen || now - this._drawnAt >= IDLE_MS;
  }

  /** Draws the waiting picture, or hands it to who renders instead. */
  draw(now, onCustomFrame) {
    const frame = this._frame;
    this._frame = null;
    this._drawnAt = now;
    if (this.callback !== null) this._hand(frame, onCustomFrame);
    else this._paint(frame);
    this.drawn++;
    this.latencyMs = Date.now() - frame.timeMs;
  }

  get _fills() {
    return this.params.fillMode === FILL;
  }

  get _mirrored() {
    const { mirrorType } = this.params;
    const camera = this.source.user === '' && this.source.stream !== 2;
    return mirrorType === MIRROR.enable || (mirrorType === MIRROR.auto && camera);
  }

  /** In a view that shows something else yet; `seed` has a picture for it, if there is one. */
  _surface(view, seed) {
    const surface = new Surface(view, this, this._painter.kind);
    if (seed) surface.copy(seed, this._fills);
    else surface.fit(this._fills);
    return surface;
  }

  _paint(frame) {
    const surfaces = this._surfaces();
    if (surfaces.length === 0) return;
    const picture = this._painter.paint(frame, (frame.turns + this.params.rotation) % 4, this._mirrored);
    surfaces.forEach((surface) => surface.draw(picture, this._painter.kind, this._fills));
  }

  _hand(frame, onCustomFrame) {
    const { width, height } = frame;
    const wanted = this.callback.pixelFormat;
    const videoFormat = wanted === BGRA32 || wanted === RGBA32 ? wanted : I420;
    const bytes = videoFormat === I420 ? frame.planes() : pixels(frame, videoFormat === BGRA32);
    const data = window.Buffer ? window.Buffer.from(bytes) : new Uint8Array(bytes);
    onCustomFrame(this.callback.render, this.source.user, this.source.stream, {
      videoFormat,
      bufferType: 1,
      data,
      length: data.length,
      width,
      height,
      timestamp: Math.round(frame.timeMs),
      rotation: frame.turns,
    });
  }

  /** Of the views that are left. */
  _surfaces() {
    const surfaces = [];
    this._views = this._views.filter((reference) => {
      const surface = surfaceOf(reference.deref(), this);
      if (surface) surfaces.push(surface);
      return surface;
    });
    return surfaces;
  }

  _attachedAt() {
    if (this._surfaces().some((surface) => surface.attached)) this._seenAt = performance.now();
    return this._seenAt;
  }
}

module.exports = { Stream };
