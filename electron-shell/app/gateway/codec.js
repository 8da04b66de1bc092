'use strict';
/** JSON with binary values in it, as `{"$bytes": base64}`; for Node and for pages. */

function base64(bytes) {
  if (typeof Buffer !== 'undefined') return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode.apply(null, bytes.subarray(at, at + 8192));
  return btoa(text);
}

function bytesOf(text) {
  if (typeof Buffer !== 'undefined') return Uint8Array.from(Buffer.from(text, 'base64'));
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** A copy of what is not binary. Buffers are asked for before JSON does: they would turn themselves into long lists. */
function outsourced(value) {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof ArrayBuffer) return { $bytes: base64(new Uint8Array(value)) };
  if (ArrayBuffer.isView(value)) return { $bytes: base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  if (Array.isArray(value)) return value.map(outsourced);
  return Object.keys(value).reduce((copy, key) => Object.assign(copy, { [key]: outsourced(value[key]) }), {});
}

const encode = (value) => JSON.stringify(outsourced(value));

const decode = (text) => JSON.parse(text, (key, value) => (
  value !== null && typeof value === 'object' && typeof value.$bytes === 'string' ? bytesOf(value.$bytes) : value));

module.exports = { decode, encode };
