'use strict';
/**
 * Shares one backend among pages. Each page has a port with clouds of its own: the first page's share instance is cloud 0, further
 * ones, and sub clouds, are made as needed. Numbers stay the same when the backend has to be started again.
 */
const { Link } = require('./link');
const { Port } = require('./port');
const { Presence } = require('./presence');

class Host {
  /** `options`: those of Supervisor and Link, and {log, graceMs}. */
  constructor(options = {}) {
    this.log = options.log || ((line) => process.stderr.write(`${line}\n`));
    this.graceMs = options.graceMs || 10000;
    this.clouds = new Map(); // number → {number, port, presence, destroyed, epoch}
    this.ports = new Set();
    this.creating = 0;
    this.link = new Link(Object.assign({}, options, { log: this.log }));
    this.link.on('event', (event) => this._event(event));
    this.link.on('up', (ready, hello, fresh) => this._up(ready, hello, fresh));
    this.link.on('lost', (why) => this._lost(why));
    this.link.on('failed', (why) => this.log(`trtc-bridge: there is no backend: ${why}`));
    this.link.on('beat', () => this.ports.forEach((port) => port.refreshAll()));
  }

  get framesUrl() {
    return this.link.ready ? this.link.ready.frames : null;
  }

  /** A port for a page; `deliver` sends it a message. A page that came to replace a closed one takes over its port. */
  open(deliver, origin = '') {
    const orphan = [...this.ports].find((port) => port.isOrphan && port.origin === origin);
    if (orphan) return orphan.adopt(deliver);
    const port = new Port(this, deliver, origin);
    this.ports.add(port);
    return port;
  }

  /** A cloud for a page's share instance. */
  async createShare(port) {
    return this.createFirst(port) || this.createSub(port);
  }

  /** Cloud 0, which needs no answer from the backend; null while somebody else has it. */
  createFirst(port) {
    if (this.clouds.has(0) && !this.clouds.get(0).destroyed) return null;
    const cloud = this._add(0, port);
    this.link.request('getTRTCShareInstance', {}).catch(() => {});
    return cloud;
  }

  async createSub(port) {
    this.creating += 1;
    try {
      return this._add(await this.link.request('createSubCloud', { cloud: 0 }), port);
    } finally {
      this.creating -= 1;
    }
  }

  _add(number, port) {
    const cloud = { number, port, presence: new Presence(), destroyed: false, epoch: null };
    this.clouds.set(number, cloud);
    return cloud;
  }

  /** Destroying cloud 0 takes every other cloud of the backend along: while others need theirs, it only leaves its room. */
  destroy(cloud) {
    if (cloud.destroyed) return;
    cloud.destroyed = true;
    cloud.presence.calling('exitRoom');
    const others = this.creating > 0 || [...this.clouds.values()].some((other) => !other.destroyed);
    const method = cloud.number === 0 && others ? 'exitRoom' : 'destroy';
    if (this.link.state !== 'idle') this.link.request(method, { cloud: cloud.number }).catch(() => {});
  }

  forget(port) {
    this.ports.delete(port);
    for (const [number, cloud] of this.clouds) if (cloud.port === port && number !== 0) this.clouds.delete(number);
  }

  /** Resolves when no cloud is in a room any more, or soon. */
  async settle(deadlineMs = 2000) {
    const until = Date.now() + deadlineMs;
    const busy = () => [...this.clouds.values()].some((cloud) => cloud.presence.state !== 'idle');
    while (busy() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  stop() {
    this.ports.forEach((port) => port.close());
    return this.link.stop();
  }

  _event(event) {
    const cloud = this.clouds.get(event.cloud);
    if (!cloud) return;
    this._tell(cloud, event);
    if (event.name === 'onExitRoom' && cloud.destroyed && cloud.number !== 0) this.clouds.delete(cloud.number);
  }

  _tell(cloud, event) {
    cloud.presence.observe(event, cloud.port.listening);
    cloud.port.event(cloud, event);
  }

  _up(ready, hello, fresh) {
    if (fresh) this._restore();
    else this._reconcile(hello);
    this.ports.forEach((port) => port.send({ type: 'frames', url: ready.frames }));
  }

  /** A new backend knows cloud 0 only, and counts the others from 1. */
  _restore() {
    const numbers = [...this.clouds.values()].filter((cloud) => !cloud.destroyed).map((cloud) => cloud.number);
    const made = Math.max(0, ...numbers);
    for (let number = 1; number <= made; number += 1) {
      this.link.urgent('createSubCloud', { cloud: 0 }).catch(() => {});
    }
    for (let number = 1; number <= made; number += 1) {
      if (!numbers.includes(number)) this.link.urgent('destroy', { cloud: number }).catch(() => {});
    }
  }

  /** We were silent for longer than the lease: the backend has left rooms without a word. */
  _reconcile({ clouds }) {
    const idle = (number) => clouds.every(({ id, state }) => id !== number || state === 'idle');
    for (const cloud of this.clouds.values()) {
      if (cloud.presence.state === 'in' && idle(cloud.number)) this._bury(cloud, 'the backend had given up waiting for us');
    }
  }

  _bury(cloud, why) {
    for (const event of cloud.presence.backendLost(`The backend is lost: ${why}`)) this._tell(cloud, event);
  }

  _lost(why) {
    this.log(`trtc-bridge: the backend is lost: ${why}`);
    this.clouds.forEach((cloud) => this._bury(cloud, why));
    this.ports.forEach((port) => port.send({ type: 'frames', url: null }));
  }
}

module.exports = { Host };
