'use strict';
/**
 * The host's end of one page. Messages of a page are casts ({method, params, cloud} or {refresh, cloud}) and calls ({attach} or
 * {method, params, cloud}, answered with {v} or {e}); messages to it are `event`, `fault`, `snapshot` and `frames`.
 */
const { NO_ANSWER } = require('../bridge/codes');
const { POLLED } = require('../bridge/polled');
const { methods } = require('../generated/methods');
const { Backlog } = require('./backlog');
const { RpcError } = require('./rpc');

const BUSY = new RpcError(NO_ANSWER, 'the page has been closed');

class Port {
  constructor(host, deliver, origin) {
    this.host = host;
    this.deliver = deliver;
    this.origin = origin;
    this.share = null;
    this.listening = true;
    this.leaving = false; // another page is on its way, and may not come
    this.grace = null;
    this.isOrphan = false;
    this.closed = false;
  }

  send(message) {
    if (this.listening && !this.closed) this.deliver(message);
  }

  event(cloud, { name, args, detail }) {
    if (cloud.backlog) cloud.backlog.add({ name, args, detail });
    this.send({ type: 'event', cloud: cloud.number, name, args, detail });
  }

  // -- the life of the page ----------------------------------------------------------------------------------------------

  /** The page may be about to go: what happens until then is told to it, and kept for the one that comes. */
  leave() {
    if (this.closed) return;
    this.leaving = true;
    for (const cloud of this._clouds()) cloud.backlog = cloud.backlog || new Backlog(cloud.presence.story());
  }

  /** It does not go after all: it wanted a download, say. */
  stay() {
    if (!this.leaving) return;
    this.leaving = false;
    if (this.listening) this._clouds().forEach((cloud) => { cloud.backlog = null; });
  }

  /** The page is gone. `successor`: another page may take over. */
  away(successor) {
    if (this.closed) return;
    this.leave();
    this.leaving = false;
    this.listening = false;
    this.isOrphan = this.isOrphan || successor;
    clearTimeout(this.grace);
    this.grace = setTimeout(() => this.close(), this.host.graceMs);
    if (this.grace.unref) this.grace.unref();
  }

  adopt(deliver) {
    this.deliver = deliver;
    this.isOrphan = false;
    return this;
  }

  /** Takes its clouds with it. Idempotent. */
  close() {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.grace);
    const mine = this._clouds(); // cloud 0 last: it would take the others along
    mine.sort((one, other) => other.number - one.number).forEach((cloud) => this.host.destroy(cloud));
    this.host.forget(this);
  }

  /** The page was away for so long that its clouds are gone. */
  _reopen() {
    this.closed = false;
    this.host.ports.add(this);
  }

  _clouds() {
    return [...this.host.clouds.values()].filter((cloud) => cloud.port === this);
  }

  _cloud(number) {
    const cloud = this.host.clouds.get(number);
    if (!cloud || cloud.port !== this || cloud.destroyed) throw new RpcError(-32010, 'The cloud is destroyed');
    return cloud;
  }

  // -- what the page says ------------------------------------------------------------------------------------------------

  cast(message) {
    const { method, cloud: number } = message;
    try {
      const cloud = this._cloud(number);
      if (message.refresh !== undefined) this._refresh(cloud, message.refresh);
      else if (method === 'destroy') this.host.destroy(cloud);
      else this._cast(cloud, method, checked(method, message.params));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.send({ type: 'fault', cloud: number, method, error: plain(error) });
    }
  }

  _cast(cloud, method, params) {
    if (method === 'enterRoom' && cloud.presence.rejoins(params.params)) {
      this.event(cloud, { name: 'onEnterRoom', args: [1], detail: { cause: 'still-in' } });
      return;
    }
    this._ask(cloud, method, params, true).catch((error) => {
      this.send({ type: 'fault', cloud: cloud.number, method, error: plain(error) });
      cloud.presence.callFailed(method, error).forEach((event) => this.event(cloud, event));
    });
  }

  _ask(cloud, method, params, patient) {
    const sent = () => cloud.presence.sent(method, params);
    return this.host.link.request(method, Object.assign({}, params, { cloud: cloud.number }), { patient, sent });
  }

  /** Always resolves. */
  async call(message) {
    try {
      if (message.attach) return { v: await this._attach() };
      if (this.closed) throw BUSY;
      const cloud = this._cloud(message.cloud);
      if (message.method === 'createSubCloud') return { v: (await this.host.createSub(this)).number };
      return { v: await this._ask(cloud, message.method, checked(message.method, message.params), false) };
    } catch (error) {
      return { e: plain(error) };
    }
  }

  /** The page's share instance; after a reload the one that it had, how things stood, and what it missed. */
  async _attach() {
    const back = !this.listening || this.leaving;
    clearTimeout(this.grace);
    this.listening = true;
    this.leaving = false;
    this.isOrphan = false;
    if (this.closed) this._reopen();
    this.host.link.wake();
    if (!this.share || this.share.destroyed) this.share = await this.host.createShare(this);
    if (back) this._resume();
    return { cloud: this.share.number, frames: this.host.framesUrl };
  }

  /** For who cannot wait: the number of a share instance that needs no answer, or null. */
  attachNow() {
    this.host.link.wake();
    if (!this.share || this.share.destroyed) this.share = this.host.createFirst(this);
    return this.share && this.share.number;
  }

  /** Sub clouds belonged to objects that the reload took away. */
  _resume() {
    for (const cloud of this._clouds()) {
      const { backlog } = cloud;
      cloud.backlog = null;
      if (cloud.destroyed) continue;
      if (cloud !== this.share) this.host.destroy(cloud);
      else if (backlog) {
        cloud.presence.reloaded = true;
        backlog.events.forEach((event) => this.event(cloud, event));
      }
    }
  }

  // -- values that pages poll ----------------------------------------------------------------------------------------------

  refreshAll() {
    for (const cloud of this._clouds()) if (cloud.epoch !== null && !cloud.destroyed) this._refresh(cloud, cloud.epoch);
  }

  /** Sends the polled values; `epoch` is the page's count of what may have changed them. */
  _refresh(cloud, epoch) {
    cloud.epoch = epoch;
    if (!this.listening) return;
    Promise.all(POLLED.map((method) => this.host.link.request(method, { cloud: cloud.number }))).then(
      (values) => this.send({ type: 'snapshot', cloud: cloud.number, epoch, values }),
      () => {}, // the page asks by itself then
    );
  }
}

/** The params of a call that a page may make: methods of the surface, no others. Clouds come and go by ways of their own. */
function checked(method, params = {}) {
  if (typeof method !== 'string') throw new RpcError(-32601, 'Method not found');
  const known = Object.prototype.hasOwnProperty.call(methods, method) && method !== 'createSubCloud' && method !== 'destroy';
  if (!known) throw new RpcError(-32601, `${method}: Method not found`);
  if (params === null || typeof params !== 'object' || Array.isArray(params)) throw new RpcError(-32602, `${method}: params have to be an object`);
  return params;
}

function plain({ code, message, data }) {
  return { code: code === undefined ? -32603 : code, message, data };
}

module.exports = { Port };
