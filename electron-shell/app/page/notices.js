'use strict';
/** What is said in passing: short notes that go by themselves, and how the connection stands. */
const { byId, fill, h, icon, say } = require('./dom');

const NOTE_MS = 6000;
const MOST = 4;
const RECOVERED_MS = 3000;

/** A note; `tone`: '' or `bad`. */
function note(text, tone = '') {
  const place = byId('notes');
  const element = h('div', { class: `note ${tone}` }, tone ? icon('warning') : null, h('span', null, text));
  place.append(element);
  while (place.childElementCount > MOST) place.firstChild.remove();
  setTimeout(() => element.remove(), NOTE_MS);
}

class Banner {
  constructor() {
    this.element = byId('banner');
    this.timer = null;
    this.attempts = 0;
  }

  lost() {
    this.attempts = 0;
    this._show('bad', 'The connection is lost. Your call goes on as soon as it is back.');
  }

  retrying(attempt) {
    this.attempts = attempt || this.attempts + 1;
    this._show('bad', `The connection is lost. Trying to reconnect, attempt ${this.attempts}…`);
  }

  recovered() {
    this._show('good', 'Connected again.');
    this.timer = setTimeout(() => this.hide(), RECOVERED_MS);
  }

  hide() {
    clearTimeout(this.timer);
    this.element.hidden = true;
    fill(byId('banner-text'));
  }

  _show(tone, text) {
    clearTimeout(this.timer);
    this.element.hidden = false;
    this.element.className = `banner ${tone}`;
    say(byId('banner-text'), text);
  }
}

module.exports = { Banner, note };
