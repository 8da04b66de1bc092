'use strict';
/** Which camera, microphone and speaker: three pickers that follow what is plugged in. */
const { byId, fill, h, icon } = require('./dom');

/** In the SDK's own numbering of device types. */
const KINDS = [
  { name: 'microphone', id: 'microphone-picker', list: 'getMicDevicesList', current: 'getCurrentMicDevice', choose: 'setCurrentMicDevice' },
  { name: 'speaker', id: 'speaker-picker', list: 'getSpeakerDevicesList', current: 'getCurrentSpeakerDevice', choose: 'setCurrentSpeakerDevice' },
  { name: 'camera', id: 'camera-picker', list: 'getCameraDevicesList', current: 'getCurrentCameraDevice', choose: 'setCurrentCameraDevice' },
];

class Devices {
  /** `onChosen(name)`: another device is in use. */
  constructor(cloud, onChosen) {
    this.cloud = cloud;
    this.element = byId('devices');
    for (const kind of KINDS) {
      byId(kind.id).addEventListener('change', (event) => {
        this.cloud[kind.choose](event.target.value);
        this.setError(kind.name, null);
        onChosen(kind.name);
      });
    }
  }

  /** Asks anew what there is. */
  refresh(kinds = KINDS) {
    for (const kind of kinds) {
      const devices = this.cloud[kind.list]();
      const { deviceId } = this.cloud[kind.current]();
      const picker = byId(kind.id);
      const options = devices.map((device) => h('option', { value: device.deviceId, selected: device.deviceId === deviceId }, device.deviceName || device.deviceId));
      fill(picker, ...(options.length ? options : [h('option', { value: '' }, `No ${kind.name} found`)]));
      picker.disabled = options.length === 0;
      picker.classList.toggle('none', options.length === 0);
    }
  }

  /** `onDeviceChange(deviceId, type, state)`. */
  changed(type) {
    if (KINDS[type]) this.refresh([KINDS[type]]);
  }

  /** An error of errors.js, beside the device; null takes it away. */
  setError(name, error) {
    const place = byId(`${name}-picker-error`);
    if (error) fill(place, icon('warning'), h('span', null, h('b', null, error.title), ` ${error.own || error.todo}`));
    else fill(place);
    byId(`${name}-picker`).setAttribute('aria-invalid', String(Boolean(error)));
  }
}

module.exports = { Devices };
