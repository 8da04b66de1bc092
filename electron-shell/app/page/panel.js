'use strict';
/** The panel at the side of a call: devices, event log, statistics; one of them at a time, or none. */
const { byId, say } = require('./dom');
const { PANELS, label } = require('./controls');

class Panel {
  /** `onShow(name)`: what is shown now, or null. */
  constructor(onShow) {
    this.element = byId('panel');
    this.open = null;
    this.onShow = onShow;
    this.buttons = {};
    for (const name of Object.keys(PANELS)) {
      const button = document.querySelector(`[data-panel="${name}"]`);
      label(button, name, PANELS[name].title, PANELS[name].key);
      button.addEventListener('click', () => this.toggle(name));
      this.buttons[name] = button;
    }
    label(byId('panel-close'), 'close', 'Close panel', '');
    byId('panel-close').addEventListener('click', () => this.close());
    this.show(null);
  }

  toggle(name) {
    this.show(this.open === name ? null : name);
  }

  /** Whether there was one to close. The focus goes back to the button that opened it. */
  close() {
    if (this.open === null) return false;
    const button = this.buttons[this.open];
    const inside = this.element.contains(document.activeElement);
    this.show(null);
    if (inside) button.focus();
    return true;
  }

  show(name) {
    this.open = name;
    this.element.hidden = name === null;
    for (const each of Object.keys(PANELS)) {
      byId(`panel-${each}`).hidden = each !== name;
      this.buttons[each].setAttribute('aria-expanded', String(each === name));
      this.buttons[each].classList.toggle('open', each === name);
    }
    if (name) say(byId('panel-title'), PANELS[name].title);
    this.onShow(name);
  }
}

module.exports = { Panel };
