'use strict';

/** A hidden page is given no animation frames: this is its pace, and the longest that anything waits. */
const SLOW_MS = 1000;

/** How often what cannot be seen is looked at again. */
const WATCH_MS = 100;

/** Calls `tick` before the page is next painted, or a little later if it is hidden; and again while there is cause to. */
class Pacer {
  constructor(tick) {
    this._tick = tick;
    this._frame = null;
    this._timer = null;
    this._due = Infinity;
    this._visible = () => this.soon();
    document.addEventListener('visibilitychange', this._visible);
  }

  /** At the next animation frame. */
  soon() {
    if (this._frame === null && !document.hidden) this._frame = requestAnimationFrame(() => this._run());
    this._at(SLOW_MS);
  }

  /** Within a moment. */
  later() {
    this._at(document.hidden ? SLOW_MS : WATCH_MS);
  }

  close() {
    document.removeEventListener('visibilitychange', this._visible);
    this._clear();
  }

  _at(delay) {
    const due = performance.now() + delay;
    if (this._timer !== null && due >= this._due) return;
    clearTimeout(this._timer);
    this._due = due;
    this._timer = setTimeout(() => this._run(), delay);
  }

  _run() {
    this._clear();
    this._tick();
  }

  _clear() {
    if (this._frame !== null) cancelAnimationFrame(this._frame);
    clearTimeout(this._timer);
    this._frame = null;
    this._timer = null;
    this._due = Infinity;
  }
}

module.exports = { Pacer };
