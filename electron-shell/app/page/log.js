'use strict';
/** Every event with its arguments, as it came: the newest, and a bounded number of them. */
const { byId, fill, h } = require('./dom');
const { REPEATING } = require('./events');

const MOST = 500;
const LONGEST = 400;

const two = (number) => String(number).padStart(2, '0');

function clock(date) {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Bytes and long lists say how long they are. */
const short = (key, value) => {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `${value.byteLength} bytes`;
  return value;
};

function words(args) {
  const text = args.map((arg) => JSON.stringify(arg, short)).join(', ');
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

class EventLog {
  constructor() {
    this.entries = [];
    this.shown = false;
    this.list = byId('log-list');
    this.filter = byId('log-filter');
    this.repeating = byId('log-repeating');
    this.filter.addEventListener('input', () => this.draw());
    this.repeating.addEventListener('change', () => this.draw());
    byId('log-clear').addEventListener('click', () => {
      this.entries = [];
      this.draw();
    });
  }

  /** Remembers an event; what only repeats has a share of its own, so that it pushes nothing else out. */
  add(name, args, detail) {
    const cause = detail && detail.cause ? detail.cause : '';
    const entry = { at: new Date(), name, text: words(args), cause, repeats: REPEATING.includes(name) };
    this.entries.push(entry);
    const alike = this.entries.filter(({ repeats }) => repeats === entry.repeats);
    if (alike.length > MOST / 2) this.entries.splice(this.entries.indexOf(alike[0]), 1);
    if (!this.shown) return;
    if (this._matches(entry)) this._append(entry);
  }

  show(shown) {
    this.shown = shown;
    if (shown) this.draw();
  }

  draw() {
    fill(this.list, ...this.entries.filter((entry) => this._matches(entry)).map(row));
    byId('log-empty').hidden = this.list.childElementCount > 0;
    this.list.scrollTop = this.list.scrollHeight;
  }

  _append(entry) {
    const { list } = this;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(row(entry));
    byId('log-empty').hidden = true;
    if (list.childElementCount > MOST) list.firstChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  _matches({ name, text, cause, repeats }) {
    if (repeats && !this.repeating.checked) return false;
    const wanted = this.filter.value.trim().toLowerCase();
    return !wanted || `${name} ${text} ${cause}`.toLowerCase().includes(wanted);
  }
}

const TONES = { onError: 'bad', onWarning: 'warn', onConnectionLost: 'warn', onTryToReconnect: 'warn' };

function row({ at, name, text, cause }) {
  const tone = TONES[name] || '';
  return h('li', { class: `log-row ${tone}`, 'data-event': name },
    h('b', null, name), h('time', null, clock(at)), h('code', null, text), cause ? h('em', null, cause) : null);
}

module.exports = { EventLog, MOST };
