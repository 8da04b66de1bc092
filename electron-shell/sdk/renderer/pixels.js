'use strict';

/*
 * I420 (BT.601, limited range) to four bytes a pixel, for pages without WebGL and for custom renderers that ask for it.
 * Fixed point with 16 bits of fraction; two pixels of a row share their chroma. A pixel is written at once, as a number whose
 * lowest byte comes first in memory: so it is on every processor that Chromium runs on.
 */
const Y_GAIN = 76309;
const V_RED = 104597;
const U_GREEN = 25675;
const V_GREEN = 53279;
const U_BLUE = 132201;
const HALF = 32768;

/** What is brought into 0…255 by a table: sums from -BELOW on. */
const BELOW = 384;
const CLAMPED = Uint8Array.from({ length: 1024 }, (_, index) => Math.min(Math.max(index - BELOW, 0), 255));
const OFFSET = BELOW * 65536 - 16 * Y_GAIN + HALF;

const OPAQUE = 0xff000000;

/** Fills `out` (width * height * 4 bytes); `bgra` swaps red and blue. Alpha is opaque. */
function convert(frame, out, bgra) {
  const { width, height, chromaWidth, y, u, v } = frame;
  const pixels = new Uint32Array(out.buffer, out.byteOffset, width * height);
  const redBit = bgra ? 16 : 0;
  const blueBit = 16 - redBit;
  for (let row = 0; row < height; row++) {
    const first = row * width;
    const chroma = (row >> 1) * chromaWidth;
    for (let column = 0; column < width; column += 2) {
      const blue = u[chroma + (column >> 1)] - 128;
      const red = v[chroma + (column >> 1)] - 128;
      const toRed = OFFSET + V_RED * red;
      const toGreen = OFFSET - U_GREEN * blue - V_GREEN * red;
      const toBlue = OFFSET + U_BLUE * blue;
      for (let at = first + column, end = first + Math.min(column + 2, width); at < end; at++) {
        const luma = y[at] * Y_GAIN;
        pixels[at] = OPAQUE | (CLAMPED[(luma + toRed) >> 16] << redBit) | (CLAMPED[(luma + toGreen) >> 16] << 8)
          | (CLAMPED[(luma + toBlue) >> 16] << blueBit);
      }
    }
  }
  return out;
}

module.exports = { convert };
