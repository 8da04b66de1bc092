'use strict';
/** JSON-RPC messages as ZeroMQ frames: JSON first, then binary values, which the JSON names as `{"$bin": i}`. */

function bytesOf(value) {
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  return ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : null;
}

function encode(message) {
  const frames = [null];
  const outsource = (value) => {
    if (value === null || typeof value !== 'object') return value;
    const bytes = bytesOf(value);
    if (bytes) return { $bin: frames.push(bytes) - 1 };
    if (Array.isArray(value)) return value.map(outsource);
    return Object.keys(value).reduce((copy, key) => Object.assign(copy, { [key]: outsource(value[key]) }), {});
  };
  frames[0] = Buffer.from(JSON.stringify(outsource(message)));
  return frames;
}

function decode(frames) {
  const text = frames[0].toString();
  if (frames.length === 1) return JSON.parse(text);
  return JSON.parse(text, (key, value) => (value !== null && typeof value === 'object' && '$bin' in value ? frames[value.$bin] : value));
}

module.exports = { encode, decode };
