'use strict';

const { convert } = require('./pixels');

/** Draws where there is no WebGL: the pixels are converted here, and turned by the canvas. */
class SoftPainter {
  constructor(doc) {
    this.kind = '2d';
    this.lost = false;
    this._plain = doc.createElement('canvas');
    this._turned = doc.createElement('canvas');
    this._image = null;
  }

  /** As `GlPainter.paint`. */
  paint(frame, turns, mirrored) {
    const { width, height } = frame;
    const context = this._plain.getContext('2d');
    if (!this._image || this._plain.width !== width || this._plain.height !== height) {
      this._plain.width = width;
      this._plain.height = height;
      this._image = context.createImageData(width, height);
    }
    convert(frame, this._image.data, false);
    context.putImageData(this._image, 0, 0);
    if (turns === 0 && !mirrored) return { canvas: this._plain, x: 0, y: 0, width, height };
    return this._turn(width, height, turns, mirrored);
  }

  close() {
    this._image = null;
  }

  _turn(width, height, turns, mirrored) {
    const canvas = this._turned;
    canvas.width = turns % 2 ? height : width;
    canvas.height = turns % 2 ? width : height;
    const context = canvas.getContext('2d');
    context.translate(canvas.width / 2, canvas.height / 2);
    if (mirrored) context.scale(-1, 1);
    context.rotate((turns * Math.PI) / 2);
    context.drawImage(this._plain, -width / 2, -height / 2);
    return { canvas, x: 0, y: 0, width: canvas.width, height: canvas.height };
  }
}

module.exports = { SoftPainter };
