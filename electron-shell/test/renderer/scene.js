'use strict';
/*
 * What the tests have in the page: a hub, views, and frames made by hand for a socket that is a script.
 * Loaded by `page.js` as `window.scene`, with the renderer itself and the reader of the test card beside it.
 */
const { RendererHub } = require('../../sdk/renderer');
const { readPattern } = require('../tools/pattern');

const HEADER = 32;

/** What nobody caught. */
const errors = [];
window.addEventListener('error', ({ message: text }) => errors.push(text.replace('Uncaught Error: ', '')));

/** Limited-range BT.601 of full colours, as [y, u, v]. */
const COLOURS = {
  black: [16, 128, 128],
  white: [235, 128, 128],
  grey: [126, 128, 128],
  red: [81, 90, 240],
  green: [145, 54, 34],
  blue: [41, 240, 110],
};

/** The same as [r, g, b]. */
const RGB = {
  black: [0, 0, 0], white: [255, 255, 255], grey: [128, 128, 128], red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255],
};

/** A message of the frame endpoint. `colourAt(x, y)`, of whole pixels, names a colour; chroma is that of the even ones. */
function message({ source = 1, width = 64, height = 48, turns = 0, number = 0, timeMs = Date.now(), colourAt = () => 'grey' }) {
  const [across, down] = [(width + 1) >> 1, (height + 1) >> 1];
  const buffer = new ArrayBuffer(HEADER + width * height + 2 * across * down);
  const view = new DataView(buffer);
  [1, 1, 0, turns].forEach((byte, index) => view.setUint8(index, byte));
  view.setUint16(4, width, true);
  view.setUint16(6, height, true);
  view.setUint32(8, source, true);
  view.setUint32(12, number, true);
  view.setUint32(16, (timeMs * 1000) % 0x100000000, true);
  view.setUint32(20, Math.floor((timeMs * 1000) / 0x100000000), true);
  const bytes = new Uint8Array(buffer, HEADER);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) bytes[y * width + x] = COLOURS[colourAt(x, y)][0];
  for (const [plane, value] of [[0, 1], [1, 2]]) {
    const start = width * height + plane * across * down;
    for (let y = 0; y < down; y++) for (let x = 0; x < across; x++) bytes[start + y * across + x] = COLOURS[colourAt(2 * x, 2 * y)][value];
  }
  return buffer;
}

/** A backend's frame endpoint that is a script: it counts credit, and sends what it is told to. */
class ScriptedSocket {
  constructor(url) {
    this.url = url;
    this.readyState = 0;
    this.wanted = [];
    this.credit = new Map(); // by source id
    this.messages = [];
    setTimeout(() => this._opened());
  }

  send(text) {
    const { want, credit, source } = JSON.parse(text);
    this.messages.push(text);
    if (want) {
      this.wanted = want;
      setTimeout(() => this._said());
    }
    if (credit) this.credit.set(source, (this.credit.get(source) || 0) + credit);
  }

  close() {
    if (this.readyState === 3) return;
    this.readyState = 3;
    setTimeout(() => this.onclose && this.onclose({}));
  }

  /** Sends raw bytes, whatever the credit. */
  push(buffer) {
    this.onmessage({ data: buffer });
  }

  _opened() {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.onopen({});
  }

  _said() {
    if (this.readyState !== 1) return;
    const sources = this.wanted.map((source) => Object.assign({ id: idOf(source) }, source));
    this.onmessage({ data: JSON.stringify({ sources }) });
  }
}

const ids = new Map();

/** The number of a source: the same on every socket. */
function idOf({ cloud, user, stream }) {
  const key = `${cloud}/${stream}/${user}`;
  if (!ids.has(key)) ids.set(key, ids.size + 1);
  return ids.get(key);
}

const frames = (count = 1) => new Promise((resolve) => {
  const step = () => (count-- > 0 ? requestAnimationFrame(step) : resolve());
  step();
});

async function until(check, what = String(check), limitMs = 15000) {
  for (const end = performance.now() + limitMs; ;) {
    const value = check();
    if (value) return value;
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A div in the page. */
function view(width = 320, height = 240, parent = document.body) {
  const made = document.createElement('div');
  made.style.cssText = `width:${width}px;height:${height}px`;
  return parent ? parent.appendChild(made) : made;
}

const canvasOf = (element) => element.querySelector('canvas');

/** Colour of a pixel of a view's canvas, as [r, g, b]. */
function colourOf(element, x, y) {
  const canvas = element.tagName === 'CANVAS' ? element : canvasOf(element);
  return Array.from(canvas.getContext('2d').getImageData(x, y, 1, 1).data.slice(0, 3));
}

/** The name of the colour at a pixel, or its three numbers if it is none of ours. */
function nameAt(element, x, y, tolerance = 6) {
  const found = colourOf(element, x, y);
  const known = Object.keys(RGB).find((name) => RGB[name].every((value, index) => Math.abs(value - found[index]) <= tolerance));
  return known || found.join(',');
}

/** A hub with a scripted endpoint. */
class Scene {
  constructor(options = {}) {
    this.sockets = [];
    const openSocket = (url) => {
      const socket = new ScriptedSocket(url);
      this.sockets.push(socket);
      return socket;
    };
    this.hub = new RendererHub(Object.assign({ framesUrl: () => 'ws://scripted', openSocket }, options));
  }

  get socket() {
    return this.sockets[this.sockets.length - 1];
  }

  /** Sends a frame when there is credit for it. `of` is [cloud, user, stream]. */
  async send(of, frame = {}) {
    const [cloud, user, stream] = of;
    const source = idOf({ cloud, user, stream });
    await until(() => this.socket && this.socket.readyState === 1 && this.socket.credit.get(source) > 0, `credit for ${of}`);
    this.socket.credit.set(source, this.socket.credit.get(source) - 1);
    this.socket.push(message(Object.assign({ source }, frame)));
  }

  /** Sends a frame and waits until it is drawn. */
  async draw(of, frame) {
    const before = this.drawn(of);
    await this.send(of, frame);
    await until(() => this.drawn(of) > before, `a frame of ${of} drawn`);
  }

  drawn([cloud, user, stream]) {
    const shown = this.hub.statistics().streams.find((other) => other.cloud === cloud && other.user === user && other.stream === stream);
    return shown ? shown.drawn : 0;
  }
}

module.exports = { COLOURS, RGB, RendererHub, Scene, ScriptedSocket, canvasOf, colourOf, errors, frames, idOf, message, nameAt, readPattern, until, view };
