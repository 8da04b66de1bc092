'use strict';
/**
 * Shares one backend among pages. Each page has a port with clouds of its own: the first page's share instance is cloud 0, further
 * ones, and sub clouds, are made as needed. Numbers stay the same when the backend has to be started again.
 */
const { notice } = require('./fit');
const { Link } = require('./link');
const { Port } = require('./port');
const { Presence } = require('./presence');

class Host {
  /** `options`: those of Supervisor and Link, and {log, graceMs, says}; `says`: whether it tells by `log` that there is no backend. */
  constructor(options = {}) {
    this.log = options.log || ((line) => process.stderr.write(`${line}\n`));
    this.graceMs = options.graceMs || 10000;
    this.says = options.says !== false;
    this.said = ''; // the last reason why there is no backend
    this.clouds = new Map(); // number → {number, port, presence, destroyed, epoch}
    this.ports = new Set();
    this.creating = 0;
    this.link = new Link(Object.assign({}, options, { log: this.log }));
    this.link.on('event', (event) => this._event(event));
    this.link.on('up', (ready, hello, fresh) => this._up(ready, hello, fresh));
    this.link.on('gap', (state) => {
      this.log('trtc-bridge: events of the backend are lost');
      this._reconcile(state);
    });
    this.link.on('lost', (why) => {
      this.log(`trtc-bridge: the backend is lost: ${why}`);
      this._lost(why);
    });
    this.link.on('failed', (why) => {
      if (this.says && why !== this.said) this.log(`trtc-bridge: there is no backend: ${why}`);
      this.said = why;
      this._lost(why);
    });
    this.link.on('beat', () => this.ports.forEach((port) => port.refreshAll()));
  }

  get framesUrl() {
    return this.link.ready ? this.link.ready.frames : null;
  }

  /** Where the room service is, or undefined. */
  get rooms() {
    return this.link.supervisor.rooms;
  }

  /** Another room service. Whoever is in a room at the one before is out of it. Throws for what is no address. */
  moveTo(rooms) {
    if (!/^wss?:\/\/[^\s/]/.test(rooms)) throw new TypeError(`${rooms}: ws://HOST:PORT/signal or wss://… expected`);
    if (rooms !== this.rooms) this.link.moveTo(rooms);
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

  /** Cloud 0, which needs no answer from the backend; null while somebody else has it, or is about to leave a room with it. */
  createFirst(port) {
    const other = this.clouds.get(0);
    if (other && (!other.destroyed || other.presence.state !== 'idle')) return null;
    const cloud = this._add(0, port);
    this._revive();
    return cloud;
  }

  _revive() {
    this.link.request('getTRTCShareInstance', {}, { patient: true }).catch(() => {});
  }

  async createSub(port) {
    this.creating += 1;
    try {
      const first = this.clouds.get(0);
      if (!first || first.destroyed) this._revive(); // only a living share instance makes others
      const number = await this.link.request('createSubCloud', { cloud: 0 });
      const cloud = this._add(number, port);
      if (port.closed) this.destroy(cloud); // meanwhile
      return cloud;
    } finally {
      this.creating -= 1;
    }
  }

  _add(number, port) {
    const cloud = { number, port, presence: new Presence(), destroyed: false, epoch: null, backlog: null };
    this.clouds.set(number, cloud);
    return cloud;
  }

  /** Destroying cloud 0 takes every other cloud of the backend along: while others need theirs, it only leaves its room. */
  destroy(cloud) {
    if (cloud.destroyed) return;
    cloud.destroyed = true;
    const others = this.creating > 0 || [...this.clouds.values()].some((other) => !other.destroyed);
    const method = cloud.number === 0 && others ? 'exitRoom' : 'destroy';
    if (this.link.state !== 'up' && this.link.state !== 'starting') return;
    const sent = () => cloud.presence.sent('destroy');
    this.link.request(method, { cloud: cloud.number }, { patient: true, sent }).then(() => this._clear(cloud), () => {});
  }

  /** A destroyed cloud is remembered as long as events of it may come. */
  _clear(cloud) {
    const over = cloud.destroyed && cloud.presence.state === 'idle' && cloud.number !== 0;
    if (over && this.clouds.get(cloud.number) === cloud) this.clouds.delete(cloud.number);
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
    const silent = cloud.destroyed && cloud.presence.state === 'idle' && event.name === 'onExitRoom'; // there was no room to leave
    cloud.presence.observe(event);
    if (!silent) cloud.port.event(cloud, event);
    this._clear(cloud);
  }

  _up(ready, state, fresh) {
    this.said = '';
    if (fresh) this._restore();
    else this._reconcile(state);
    if (fresh && notice(state.version)) this.log(`trtc-bridge: ${notice(state.version)}`);
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

  /** Events are lost, or calls: what the backend says about rooms counts. */
  _reconcile({ clouds }) {
    for (const cloud of this.clouds.values()) {
      const { presence, port, number } = cloud;
      const theirs = (clouds.find(({ id }) => id === number) || { state: 'idle' }).state;
      const events = presence.reconcile(theirs, 'The connection to the backend was lost for a while');
      events.forEach((event) => port.event(cloud, event));
      if (presence.state === 'exiting' && theirs !== 'exiting') this.link.urgent('exitRoom', { cloud: number }).catch(() => {});
    }
  }

  _lost(why) {
    this.clouds.forEach((cloud) => {
      const events = cloud.presence.backendLost(`The backend is lost: ${why}`);
      events.forEach((event) => cloud.port.event(cloud, event));
      this._clear(cloud);
    });
    this.ports.forEach((port) => port.send({ type: 'frames', url: null }));
  }
}

module.exports = { Host };
