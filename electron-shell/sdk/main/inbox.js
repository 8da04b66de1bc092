'use strict';
/** Bytes as they come from a socket, taken in pieces of a wanted length; they are joined only when a piece is all there. */
class Inbox {
  constructor() {
    this.chunks = [];
    this.length = 0;
  }

  push(chunk) {
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  /** The first bytes, left in place; null while there are not enough. */
  peek(length) {
    if (this.length < length) return null;
    if (this.chunks[0].length < length) this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0];
  }

  take(length) {
    if (length === 0) return Buffer.alloc(0);
    const first = this.peek(length);
    this.length -= length;
    if (first.length === length) return this.chunks.shift();
    this.chunks[0] = first.slice(length);
    return first.slice(0, length);
  }
}

module.exports = { Inbox };
