'use strict';
/** What `onStatistics` says, as two tables: the connection, and every stream. */
const { byId, fill, h } = require('./dom');

const percent = (value) => `${Math.round(value * 10) / 10} %`;
const ms = (value) => `${Math.round(value)} ms`;
const kbps = (value) => `${Math.round(value)} kbps`;

function bytes(value) {
  if (value < 1e6) return `${(value / 1e3).toFixed(0)} kB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(2)} GB`;
}

/** Field of the statistics → what it is called, how it is written. */
const SUMMARY = [
  ['rtt', 'Round trip', ms],
  ['upLoss', 'Loss, sending', percent],
  ['downLoss', 'Loss, receiving', percent],
  ['sentBytes', 'Sent', bytes],
  ['receivedBytes', 'Received', bytes],
  ['appCpu', 'CPU, backend', percent],
  ['systemCpu', 'CPU, system', percent],
  ['appMemoryUsageInMB', 'Memory, backend', (value) => `${Math.round(value)} MB`],
];

const STREAM = [
  ['Picture', (s) => (s.width ? `${s.width} × ${s.height}` : '–')],
  ['Frame rate', (s) => (s.width ? `${Math.round(s.frameRate)} fps` : '–')],
  ['Video', (s) => kbps(s.videoBitrate)],
  ['Audio', (s) => kbps(s.audioBitrate)],
];

const REMOTE = [
  ['Video loss', (s) => percent(s.videoPacketLoss)],
  ['Audio loss', (s) => percent(s.audioPacketLoss)],
  ['Jitter buffer', (s) => ms(s.jitterBufferDelay)],
  ['Delay', (s) => ms(s.point2PointDelay)],
];

const TYPES = { 0: '', 1: ' (small)', 2: ' (screen)' };

const pair = (name, value) => [h('dt', null, name), h('dd', null, value)];

function card(title, rows, stream) {
  return h('section', { class: 'stat-card' }, h('h3', null, title),
    h('dl', null, ...[].concat(...rows.map(([name, write]) => pair(name, write(stream))))));
}

class Statistics {
  constructor() {
    this.shown = false;
    this.latest = null;
  }

  show(shown) {
    this.shown = shown;
    if (shown) this.draw();
  }

  take(statistics) {
    this.latest = statistics;
    if (this.shown) this.draw();
  }

  clear() {
    this.latest = null;
    this.draw();
  }

  draw() {
    const place = byId('statistics-body');
    const { latest } = this;
    if (!latest) {
      fill(place, h('p', { class: 'quiet' }, 'Figures come every two seconds, as soon as you are in a room.'));
      return;
    }
    const known = SUMMARY.filter(([field]) => Number.isFinite(latest[field]));
    fill(place,
      h('dl', { class: 'stat-summary' }, ...[].concat(...known.map(([field, name, write]) => pair(name, write(latest[field]))))),
      ...latest.localStatisticsArray.map((stream) => card(`You${TYPES[stream.streamType] || ''}`, STREAM, stream)),
      ...latest.remoteStatisticsArray.map((stream) => card(`${stream.userId}${TYPES[stream.streamType] || ''}`, STREAM.concat(REMOTE), stream)));
  }
}

module.exports = { Statistics, bytes };
