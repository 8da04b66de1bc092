'use strict';
/**
 * Camera, microphone and speaker of this page: what the switches say, brought about where one is. A camera that is off is closed;
 * a microphone is opened when it is first switched on in a call, and muted from then on.
 */
const { memory, remember } = require('./memory');
const { Switch } = require('./controls');
const { h, icon } = require('./dom');

const BIG = 0;
const DEFAULT_QUALITY = 2;
const LOCAL = { rotation: 0, fillMode: 0, mirrorType: 2 };

class Media {
  constructor(cloud, tile, devices) {
    this.cloud = cloud;
    this.tile = tile;
    this.devices = devices;
    this.on = Object.assign({}, memory.switches);
    this.where = { place: 'none', video: true, sends: true };
    this.running = { camera: false, microphone: false };
    this.switches = {};
    for (const name of Object.keys(this.on)) this.switches[name] = new Switch(name, () => this.toggle(name));
    cloud.setLocalRenderParams(LOCAL);
    this._follow();
  }

  /** `place`: `none`, `lobby` (a preview) or `call`; `video`: the call has pictures; `sends`: not in the audience. */
  at(where) {
    Object.assign(this.where, where);
    this._follow();
  }

  toggle(name) {
    if (!this.switches[name].enabled) return;
    this.on[name] = !this.on[name];
    remember({ switches: this.on });
    this.devices.setError(name, null);
    this._follow();
  }

  /** Another device of this kind was chosen: whoever does that wants to use it. */
  chosen(name) {
    if (name === 'camera' && this.tile.note.textContent) {
      this.on.camera = true;
      this._follow();
    }
  }

  /** A device failed: errors.js tells which. It is off, and stays so until it is switched on. */
  failed(error) {
    const name = error.at;
    this.devices.setError(name, error);
    if (name === 'speaker') return;
    this.on[name] = false;
    if (name === 'microphone') this.running.microphone = false;
    remember({ switches: this.on });
    this._follow();
    if (name === 'camera') this.tile.setNote(icon('warning'), h('span', null, h('b', null, error.title), h('span', { class: 'more' }, ` ${error.own || error.todo}`)));
  }

  /** The backend has ended, and every device with it; another one is started. */
  lost() {
    this.running = { camera: false, microphone: false };
    this._follow();
  }

  /** The room is left, and every device closed with it. */
  released() {
    this.running = { camera: false, microphone: false };
    this.tile.setVideo(false);
    this.tile.setVolume(0);
    this.at({ place: 'none' });
  }

  _follow() {
    const { place, video, sends } = this.where;
    this._camera(place !== 'none' && video && sends && this.on.camera);
    if (place === 'call') this._sound(sends);
    this.switches.camera.enable(video && sends);
    this.switches.microphone.enable(sends);
    for (const name of Object.keys(this.switches)) this.switches[name].show(this.on[name] && this.switches[name].enabled);
    this.tile.setAudio(sends && this.on.microphone);
  }

  _camera(wanted) {
    if (wanted === this.running.camera) return;
    this.running.camera = wanted;
    this.tile.setVideo(wanted);
    if (wanted) {
      this.tile.setNote();
      this.cloud.startLocalPreview(this.tile.view);
    } else this.cloud.stopLocalPreview();
  }

  _sound(sends) {
    if (sends && this.on.microphone && !this.running.microphone) {
      this.running.microphone = true;
      this.cloud.startLocalAudio(DEFAULT_QUALITY);
    }
    if (this.running.microphone) this.cloud.muteLocalAudio(!this.on.microphone);
    this.cloud.muteAllRemoteAudio(!this.on.speaker);
  }
}

module.exports = { BIG, Media };
