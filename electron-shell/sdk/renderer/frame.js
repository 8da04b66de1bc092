'use strict';

/** Bytes before the pixels of every message of the frame endpoint. */
const HEADER_BYTES = 32;

const I420 = 1;

/**
 * A picture as the backend sends it: header and I420 planes in one ArrayBuffer, nothing copied.
 * `turns` is the quarter turns clockwise that a viewer has to apply; `timeMs` is Unix time.
 */
class Frame {
  constructor(buffer, view) {
    this.buffer = buffer;
    this.turns = view.getUint8(3) % 4;
    this.width = view.getUint16(4, true);
    this.height = view.getUint16(6, true);
    this.source = view.getUint32(8, true);
    this.number = view.getUint32(12, true);
    this.timeMs = (view.getUint32(16, true) + view.getUint32(20, true) * 0x100000000) / 1000;
  }

  get y() {
    return new Uint8Array(this.buffer, HEADER_BYTES, this.width * this.height);
  }

  get u() {
    return this._chroma(0);
  }

  get v() {
    return this._chroma(1);
  }

  get chromaWidth() {
    return (this.width + 1) >> 1;
  }

  get chromaHeight() {
    return (this.height + 1) >> 1;
  }

  /** A copy of the planes in a buffer of their own, which is what custom renderers cut theirs from. */
  planes() {
    return this.buffer.slice(HEADER_BYTES);
  }

  _chroma(index) {
    const bytes = this.chromaWidth * this.chromaHeight;
    return new Uint8Array(this.buffer, HEADER_BYTES + this.width * this.height + index * bytes, bytes);
  }
}

/** The frame in a binary message, or null if it is not one that can be drawn. */
function parseFrame(buffer) {
  if (buffer.byteLength < HEADER_BYTES) return null;
  const view = new DataView(buffer);
  if (view.getUint8(0) !== 1 || view.getUint8(1) !== I420) return null;
  const frame = new Frame(buffer, view);
  const pixels = frame.width * frame.height + 2 * frame.chromaWidth * frame.chromaHeight;
  return pixels > 0 && buffer.byteLength >= HEADER_BYTES + pixels ? frame : null;
}

module.exports = { I420, parseFrame };
