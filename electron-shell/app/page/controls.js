'use strict';
/** Buttons and keys. A switch is shown in more than one place, and is the same everywhere. */
const { icon, set } = require('./dom');

/** name → [its key, when on: what a press does, when off]. */
const SWITCHES = {
  microphone: { key: 'm', on: 'Mute microphone', off: 'Unmute microphone' },
  camera: { key: 'v', on: 'Turn camera off', off: 'Turn camera on' },
  speaker: { key: 's', on: 'Silence everybody', off: 'Hear everybody' },
};

const PANELS = { devices: { key: 'd', title: 'Devices' }, log: { key: 'l', title: 'Event log' }, statistics: { key: 't', title: 'Statistics' } };

/** Puts an icon, a name and a tip on a button; the tip says the key, too. */
function label(button, iconName, text, key) {
  const old = button.querySelector('.icon');
  if (old) old.remove();
  button.prepend(icon(iconName));
  button.setAttribute('aria-label', text);
  button.dataset.tip = key ? `${text} (${key.toUpperCase()})` : text;
  if (key) set(button, 'aria-keyshortcuts', key.toUpperCase());
}

class Switch {
  /** `press()` is called when somebody wants the other state. */
  constructor(name, press) {
    this.name = name;
    this.buttons = Array.from(document.querySelectorAll(`[data-switch="${name}"]`));
    this.enabled = true;
    this.press = () => this.enabled && press();
    this.buttons.forEach((button) => button.addEventListener('click', this.press));
  }

  show(on) {
    const { key, on: whenOn, off: whenOff } = SWITCHES[this.name];
    for (const button of this.buttons) {
      label(button, on ? this.name : `${this.name}-off`, on ? whenOn : whenOff, key);
      button.setAttribute('aria-pressed', String(!on));
      button.classList.toggle('off', !on);
    }
  }

  enable(enabled) {
    this.enabled = enabled;
    this.buttons.forEach((button) => { button.disabled = !enabled; });
  }
}

const typing = ({ tagName, type }) => tagName === 'TEXTAREA' || tagName === 'SELECT' || (tagName === 'INPUT' && !['checkbox', 'radio'].includes(type));

/** `actions`: key → function. Keys are for the page, not for who types or uses a shortcut of the system's. */
function keys(actions) {
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Tab') document.body.classList.add('by-keyboard');
    const { ctrlKey, metaKey, altKey, repeat, key } = event;
    const name = key.length === 1 ? key.toLowerCase() : key;
    if (ctrlKey || metaKey || altKey || repeat || !actions[name]) return;
    if (name !== 'Escape' && typing(event.target)) return;
    if (actions[name]() !== false) event.preventDefault();
  });
  document.addEventListener('mousedown', () => document.body.classList.remove('by-keyboard'));
}

module.exports = { PANELS, SWITCHES, Switch, keys, label };
