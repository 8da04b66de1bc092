'use strict';
/** What may travel: plain objects, arrays, numbers, texts, binary values. Functions stay behind, an element is only `true`. */

const DEEPEST = 12;

const isElement = (value) => Boolean(value) && value.nodeType === 1;

function plain(value, depth = 0) {
  if (value === null || typeof value !== 'object') return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) {
    if (value instanceof Float32Array || value instanceof Float64Array) return Array.from(value);
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice(); // a Buffer's memory is shared with others
  }
  if (isElement(value) || depth > DEEPEST) return isElement(value) || null;
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  const copy = {};
  for (const key of Object.keys(value)) {
    const part = plain(value[key], depth + 1);
    if (part !== undefined) copy[key] = part;
  }
  return copy;
}

/** An ArrayBuffer of its own for a binary value that came over the wire. */
function arrayBuffer(value) {
  if (value instanceof ArrayBuffer) return value;
  if (ArrayBuffer.isView(value)) return value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
  return new ArrayBuffer(0);
}

module.exports = { plain, arrayBuffer, isElement };
