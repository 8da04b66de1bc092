'use strict';
/** The form with which one joins. Where an answer is wrong, the field says so. */
const { byId, fill, h, icon, say } = require('./dom');

const ANCHOR = 20;
const AUDIENCE = 21;

/** By number: its name, whether there are pictures, whether roles count. */
const SCENES = [
  { name: 'Video call', video: true, roles: false },
  { name: 'Live', video: true, roles: true },
  { name: 'Audio call', video: false, roles: false },
  { name: 'Voice chat', video: false, roles: true },
];

const FIELDS = { server: 'server', user: 'user', room: 'room', app: 'sdk-app-id', signature: 'user-sig' };

const isNumber = (room) => /^\d+$/.test(room);

class JoinForm {
  /** `onJoin(values)`, `onCancel()` while entering, `onChange(values)`. */
  constructor({ onJoin, onCancel, onChange }) {
    this.element = byId('join');
    this.button = byId('join-button');
    this.summary = byId('form-error');
    this.signs = false;
    this.busy = false;
    this.onChange = onChange;
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.busy) onCancel();
      else onJoin(this.values());
    });
    this.element.addEventListener('input', (event) => this._changed(event.target));
  }

  values() {
    const { elements } = this.element;
    const room = elements.room.value.trim();
    const number = isNumber(room) && !elements.text.checked;
    const scene = Number(elements.scene.value);
    return {
      server: elements.server.value.trim(),
      sdkAppId: Number(elements['sdk-app-id'].value) || 0,
      userSig: elements['user-sig'].value.trim(),
      user: elements.user.value.trim(),
      room,
      roomId: number ? Number(room) : 0,
      strRoomId: number ? '' : room,
      text: elements.text.checked,
      scene,
      role: SCENES[scene].roles ? Number(elements.role.value) : ANCHOR,
    };
  }

  /** What was typed before a reload wins over what the launcher says; `signs`: the launcher signs for whoever is chosen. */
  prefill(told, remembered) {
    const { elements } = this.element;
    this.signs = Boolean(told.signs);
    elements.server.value = remembered.server || told.server || '';
    elements.user.value = remembered.user || told.user || '';
    elements.room.value = remembered.room || told.room || '';
    elements.text.checked = Boolean(remembered.text);
    elements.scene.value = String(remembered.scene || 0);
    elements.role.value = String(remembered.role || ANCHOR);
    elements['sdk-app-id'].value = remembered.sdkAppId || told.sdkAppId || '';
    byId('credentials').hidden = this.signs;
    byId('signed').hidden = !this.signs;
    this._follow();
  }

  focus() {
    const { elements } = this.element;
    const empty = [elements.server, elements.user, elements.room].find((field) => !field.value);
    (empty || this.button).focus();
  }

  setBusy(busy) {
    this.busy = busy;
    this.element.classList.toggle('busy', busy);
    this.element.setAttribute('aria-busy', String(busy));
    say(byId('join-label'), busy ? 'Cancel' : 'Join');
  }

  /** Shows an error of errors.js where it belongs, and leads there. */
  show(error) {
    this.clear();
    const id = FIELDS[error.at];
    const signedForUs = this.signs && ['app', 'signature'].includes(error.at);
    if (!id || signedForUs) {
      fill(this.summary, icon('warning'), h('span', null, h('b', null, error.title), ` ${error.own || ''} ${error.todo}`));
      return;
    }
    const field = byId(id);
    fill(byId(`${id}-error`), icon('warning'), h('span', null, h('b', null, error.title), ` ${error.todo}`));
    field.setAttribute('aria-invalid', 'true');
    field.focus();
  }

  clear() {
    fill(this.summary);
    for (const id of Object.keys(FIELDS).map((name) => FIELDS[name])) this._valid(id);
  }

  _valid(id) {
    fill(byId(`${id}-error`));
    byId(id).removeAttribute('aria-invalid');
  }

  _changed(target) {
    if (Object.keys(FIELDS).some((name) => FIELDS[name] === target.id)) this._valid(target.id);
    fill(this.summary);
    this._follow();
  }

  _follow() {
    const values = this.values();
    say(byId('room-hint'), values.room ? `A ${values.roomId ? 'number' : 'text'}` : '');
    this.element.elements.text.disabled = !isNumber(values.room);
    byId('role').disabled = !SCENES[values.scene].roles;
    byId('role').title = SCENES[values.scene].roles ? '' : 'In calls everybody sends';
    this.onChange(values);
  }
}

module.exports = { ANCHOR, AUDIENCE, JoinForm, SCENES };
