'use strict';
/** A page without Electron: a port of a host, and what it was told. */
const { APP, userSig } = require('./programs');
const { until } = require('./wait');

class Page {
  constructor(host, origin = 'file:') {
    this.host = host;
    this.told = [];
    this.port = host.open((message) => this.told.push(message), origin);
    this.number = null;
  }

  /** Its share instance's number. */
  async attach() {
    const { v, e } = await this.port.call({ attach: true });
    if (e) throw Object.assign(new Error(e.message), e);
    this.number = v.cloud;
    return this;
  }

  /** Away, and there again with nothing in its memory. */
  async reload() {
    this.port.away(false);
    this.told = [];
    return this.attach();
  }

  cast(method, params = {}, cloud = this.number) {
    this.port.cast({ method, params, cloud });
  }

  async call(method, params = {}, cloud = this.number) {
    const { v, e } = await this.port.call({ method, params, cloud });
    if (e) throw Object.assign(new Error(e.message), e);
    return v;
  }

  /** Arguments of the events so far. */
  of(name, cloud = this.number) {
    return this.told.filter((one) => one.type === 'event' && one.name === name && one.cloud === cloud).map(({ args }) => args);
  }

  events(cloud = this.number) {
    return this.told.filter((one) => one.type === 'event' && one.cloud === cloud);
  }

  /** Once there was such an event; the arguments of the last. */
  sees(name, cloud = this.number, count = 1) {
    return until(() => this.of(name, cloud).length >= count && this.of(name, cloud).pop(), `${name} of cloud ${cloud}`);
  }

  enter(user, room, cloud = this.number) {
    this.cast('enterRoom', { params: { sdkAppId: APP.id, userId: user, userSig: userSig(user), roomId: room }, scene: 0 }, cloud);
  }

  /** In a room, with camera and microphone. */
  async isIn(user, room, cloud = this.number) {
    this.cast('startLocalPreview', { views: null }, cloud);
    this.cast('startLocalAudio', { quality: 2 }, cloud);
    this.enter(user, room, cloud);
    return this.sees('onEnterRoom', cloud);
  }
}

module.exports = { Page };
