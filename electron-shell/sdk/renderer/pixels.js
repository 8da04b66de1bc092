'use strict';

/*
 * I420 (BT.601, limited range) to four bytes a pixel, for pages without WebGL and for custom renderers that ask for BGRA.
 * Fixed point with 16 bits of fraction; two pixels of a row share their chroma.
 */
const Y_GAIN = 76309;
const V_RED = 104597;
const U_GREEN = 25675;
const V_GREEN = 53279;
const U_BLUE = 132201;
const HALF = 32768;

/** Fills `out` (width * height * 4 bytes); `bgra` swaps red and blue. Alpha is opaque. */
function convert(frame, out, bgra) {
  const { width, height, chromaWidth, y, u, v } = frame;
  const first = bgra ? 2 : 0;
  const third = 2 - first;
  for (let row = 0, at = 0; row < height; row++) {
    const chroma = (row >> 1) * chromaWidth;
    for (let column = 0; column < width; column++, at++) {
      const c = chroma + (column >> 1);
      const luma = (y[at] - 16) * Y_GAIN + HALF;
      const blue = u[c] - 128;
      const red = v[c] - 128;
      const to = at * 4;
      out[to + first] = (luma + V_RED * red) >> 16;
      out[to + 1] = (luma - U_GREEN * blue - V_GREEN * red) >> 16;
      out[to + third] = (luma + U_BLUE * blue) >> 16;
      out[to + 3] = 255;
    }
  }
  return out;
}

module.exports = { convert };
