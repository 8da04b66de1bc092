'use strict';

/*
 * Reads the test card of `virtual:camera` from a canvas: 10 x 8 blocks in the middle, a 20th of the shorter side each, that
 * carry frame number, clock in ms and CRC-16, most significant bit first (pybackend/devices/pattern.py).
 * `readPattern` is sent to pages as text, so it stands alone.
 */
function readPattern(canvas) {
  if (!canvas || !canvas.width) return null;
  const { width, height } = canvas;
  const copy = document.createElement('canvas');
  copy.width = width;
  copy.height = height;
  const context = copy.getContext('2d');
  context.drawImage(canvas, 0, 0);
  const unit = Math.min(width, height) / 20;
  const { data } = context.getImageData(0, 0, width, height);
  const levels = [];
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 10; column++) {
      let sum = 0;
      for (const dy of [0.35, 0.5, 0.65]) {
        for (const dx of [0.35, 0.5, 0.65]) {
          const x = Math.floor(width / 2 + unit * (column - 5 + dx));
          const y = Math.floor(height / 2 + unit * (row - 4 + dy));
          sum += data[(y * width + x) * 4 + 1];
        }
      }
      levels.push(sum / 9);
    }
  }
  const darkest = Math.min(...levels);
  const brightest = Math.max(...levels);
  if (brightest - darkest < 60) return null;
  const bytes = new Uint8Array(10);
  levels.forEach((level, bit) => {
    if (level > (darkest + brightest) / 2) bytes[bit >> 3] |= 128 >> (bit & 7);
  });
  let crc = 0xffff;
  for (const byte of bytes.subarray(0, 8)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  const view = new DataView(bytes.buffer);
  if (crc !== view.getUint16(8)) return null;
  const age = (Date.now() - view.getUint32(4)) >>> 0;
  return { number: view.getUint32(0), ageMs: age > 0x7fffffff ? age - 0x100000000 : age, width, height };
}

module.exports = { readPattern };
