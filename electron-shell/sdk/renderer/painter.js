'use strict';

const { GlPainter } = require('./painter-gl');
const { SoftPainter } = require('./painter-2d');

/** After the context was taken away this often, the page draws without WebGL for good. */
const MOST_LOSSES = 3;

/** WebGL while a graphics card does it, 2D otherwise; one for a page. `software`: WebGL by the CPU will do, too. */
class Painter {
  constructor(doc, software = false) {
    this._doc = doc;
    this._software = software;
    this._losses = 0;
    this._current = null;
  }

  /** `webgl` or `2d`. */
  get kind() {
    return this._choose().kind;
  }

  /** Draws; see `GlPainter.paint`. */
  paint(frame, turns, mirrored) {
    const picture = this._choose().paint(frame, turns, mirrored);
    return this._current.lost ? this._replace().paint(frame, turns, mirrored) : picture;
  }

  close() {
    if (this._current) this._current.close();
    this._current = null;
  }

  _choose() {
    return this._current && !this._current.lost ? this._current : this._replace();
  }

  _replace() {
    if (this._current) this._losses++;
    this._current = (this._losses < MOST_LOSSES && this._gl()) || new SoftPainter(this._doc);
    return this._current;
  }

  _gl() {
    try {
      return new GlPainter(this._doc, this._software);
    } catch (_) {
      return null; // no WebGL here, or no more contexts: the other painter needs none
    }
  }
}

module.exports = { Painter };
