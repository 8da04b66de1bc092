'use strict';
/** What may travel: plain objects, arrays, numbers, texts, binary values. Functions stay behind, an element is only `true`. */

/** Objects of one call. An application may hand over a piece of something endless, which everything in it leads back to. */
const MOST = 10000;
const DEEPEST = 12;

const isElement = (value) => Boolean(value) && value.nodeType === 1;

function plain(value, above = [], budget = { left: MOST }) {
  if (value === null || typeof value !== 'object') return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) {
    if (value instanceof Float32Array || value instanceof Float64Array) return Array.from(value);
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice(); // a Buffer's memory is shared with others
  }
  if (isElement(value)) return true;
  budget.left -= 1;
  if (above.includes(value) || above.length > DEEPEST || budget.left < 0) return null;
  const within = above.concat([value]);
  if (Array.isArray(value)) return value.map((item) => plain(item, within, budget));
  const copy = {};
  for (const key of Object.keys(value)) {
    const part = plain(value[key], within, budget);
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
