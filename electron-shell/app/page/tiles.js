'use strict';
/** What is seen of one stream: a picture or initials, a name, how loud, how well connected. And the stage that holds them all. */
const { fill, h, icon, say } = require('./dom');
const { arrange } = require('./layout');

const GAP = 12;
const QUALITIES = ['unknown', 'excellent', 'good', 'poor', 'bad', 'very bad', 'down'];
const BARS = [0, 4, 3, 2, 1, 1, 0]; // of the four, by quality
const SPEAKS = 12; // a volume from which somebody is heard

function initials(name) {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = words.length > 1 ? words[0][0] + words[1][0] : (words[0] || '?').slice(0, 2);
  return letters.toUpperCase();
}

/** The same name has the same colour everywhere. */
function hue(name) {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + char.codePointAt(0)) % 360;
  return sum;
}

class Tile {
  /** `kind`: `camera` or `screen`. */
  constructor(user, name, kind) {
    this.user = user;
    this.kind = kind;
    this.state = { video: false, audio: kind === 'screen', quality: 0 };
    this.view = h('div', { class: 'tile-view' });
    this.avatar = h('div', { class: 'tile-avatar', 'aria-hidden': 'true' });
    this.label = h('span', { class: 'tile-name' });
    this.silent = h('span', { class: 'tile-silent' }, icon(kind === 'screen' ? 'screen' : 'microphone-off'));
    this.level = h('span', { class: 'tile-level', 'aria-hidden': 'true' }, h('i'));
    this.bars = h('span', { class: 'tile-bars', 'aria-hidden': 'true' }, h('i'), h('i'), h('i'), h('i'));
    this.note = h('div', { class: 'tile-note', role: 'alert' });
    const badge = h('div', { class: 'tile-badge' }, this.silent, this.level, this.label, this.bars);
    this.element = h('article', { class: `tile tile-${kind}`, 'data-user': user, 'data-stream': kind }, this.view, this.avatar, this.note, badge);
    this.rename(name);
  }

  /** `shown`: the name as it is written; initials and colour are the name's own. */
  rename(name, shown = name) {
    this.name = shown;
    say(this.label, shown);
    say(this.avatar, initials(name));
    this.element.style.setProperty('--hue', hue(name));
    this._describe();
  }

  setVideo(on) {
    this.state.video = on;
    this.element.classList.toggle('has-video', on);
    this._describe();
  }

  setAudio(on) {
    this.state.audio = on;
    this.element.classList.toggle('has-audio', on);
    if (!on) this.setVolume(0);
    this._describe();
  }

  setVolume(volume) {
    this.level.firstChild.style.transform = `scaleX(${Math.min(1, volume / 100).toFixed(2)})`;
    this.element.classList.toggle('speaks', volume >= SPEAKS);
  }

  setQuality(quality) {
    this.state.quality = quality;
    this.bars.dataset.bars = BARS[quality] || 0;
    this.bars.dataset.quality = QUALITIES[quality] || QUALITIES[0];
    this._describe();
  }

  /** A sentence over the picture; none takes it away. */
  setNote(...content) {
    fill(this.note, ...content);
    this.element.classList.toggle('has-note', content.length > 0);
  }

  _describe() {
    const { video, audio, quality } = this.state;
    const parts = this.kind === 'screen' ? [this.name] : [this.name, `camera ${video ? 'on' : 'off'}`, `microphone ${audio ? 'on' : 'off'}`];
    if (quality) parts.push(`connection ${QUALITIES[quality]}`);
    const text = parts.join(', ');
    if (this.element.getAttribute('aria-label') !== text) this.element.setAttribute('aria-label', text);
    this.bars.title = quality ? `Connection: ${QUALITIES[quality]}` : '';
  }
}

/** Screens come first, then the others; oneself is last. */
const RANK = { screen: 0, camera: 1 };
const rank = (tile) => (tile.user === '' ? 2 : RANK[tile.kind]);

class Stage {
  constructor(element) {
    this.element = element;
    this.room = element.parentNode;
    this.tiles = [];
    new ResizeObserver(() => this.arrange()).observe(this.room);
  }

  add(tile) {
    if (this.tiles.includes(tile)) return;
    const after = this.tiles.find((other) => rank(other) > rank(tile));
    this.tiles.splice(after ? this.tiles.indexOf(after) : this.tiles.length, 0, tile);
    this.element.insertBefore(tile.element, after ? after.element : null);
    this.arrange();
  }

  remove(tile) {
    this.tiles = this.tiles.filter((other) => other !== tile);
    if (tile.element.parentNode === this.element) tile.element.remove();
    this.arrange();
  }

  arrange() {
    const { columns, width, height } = arrange(this.tiles.length, this.room.clientWidth - 2 * GAP, this.room.clientHeight - 2 * GAP, GAP);
    if (!width) return;
    const { style } = this.element;
    style.setProperty('--tile-width', `${width}px`);
    style.setProperty('--tile-height', `${height}px`);
    style.setProperty('--stage-width', `${columns * (width + GAP)}px`);
  }
}

module.exports = { QUALITIES, Stage, Tile, initials };
