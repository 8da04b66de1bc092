'use strict';
/** What outlives a reload of this window, and of no other: the form, the switches, whether there was a call. */

const KEY = 'trtc-bridge-app';

const DEFAULTS = { form: {}, switches: { camera: true, microphone: true, speaker: true }, inCall: false };

function load() {
  try {
    return Object.assign({}, DEFAULTS, JSON.parse(window.sessionStorage.getItem(KEY)));
  } catch (error) {
    return Object.assign({}, DEFAULTS);
  }
}

const memory = load();

/** Changes some of it. */
function remember(changes) {
  Object.assign(memory, changes);
  window.sessionStorage.setItem(KEY, JSON.stringify(memory));
}

module.exports = { memory, remember };
