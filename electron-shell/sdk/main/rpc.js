'use strict';
/**
 * JSON-RPC over a Dealer: calls with deadlines, events in order and without gaps.
 *
 * Events: `event` (its params and name), `up` (what `hello` said; `fresh` on the first contact), `down` (why), `gap` (events are
 * lost for good; what `hello` says now), `unfit` (why this backend cannot be used).
 */
const { EventEmitter } = require('events');
const { NO_ANSWER } = require('../bridge/codes');
const { Dealer } = require('./zmtp');
const { encode, decode } = require('./wire');
const { PROTOCOL, refusal, Unfit } = require('./fit');

const OWN_MS = 5000; // the deadline of calls of our own
const HELD_EVENTS = 10000; // while a replay is under way; beyond that the oldest go, and are asked for again

class RpcError extends Error {
  constructor(code, message, data) {
    super(message);
    this.code = code;
    this.data = data;
    this.unanswered = false; // it was sent: nobody knows whether it took effect
  }
}

function unanswered(message) {
  return Object.assign(new RpcError(NO_ANSWER, message), { unanswered: true });
}

function named({ method, params }) {
  return Object.assign({ name: method }, params);
}

class Rpc extends EventEmitter {
  constructor(ready, { label = 'trtc-bridge', leaseS = 5 } = {}) {
    super();
    this.version = ready.version;
    this.hello = { client: label, protocol: PROTOCOL, owner: true, lease_s: leaseS };
    this.waiting = new Map();
    this.lastId = 0;
    this.seq = null;
    this.held = null; // events that came during a replay
    this.dealer = new Dealer(ready.endpoint, ready.auth);
    this.dealer.on('message', (frames) => this._received(frames));
    this.dealer.on('up', () => this._greet());
    this.dealer.on('down', (reason) => this._lost(reason));
    this.dealer.on('refused', (reason) => this.emit('unfit', `its socket refuses us: ${reason}`));
    this.dealer.connect();
  }

  /** The result, or an RpcError: the backend's, or NO_ANSWER when there is none by the deadline. `sent` is called once it is on its way. */
  call(method, params, deadlineMs, sent) {
    return new Promise((resolve, reject) => {
      const id = ++this.lastId;
      if (!this.dealer.send(encode({ jsonrpc: '2.0', id, method, params }))) {
        reject(new RpcError(NO_ANSWER, `${method}: no connection to the backend`));
        return;
      }
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(unanswered(`${method}: no answer within ${deadlineMs} ms`));
      }, deadlineMs);
      this.waiting.set(id, { resolve, reject, timer });
      if (sent) sent();
    });
  }

  get isUp() {
    return this.dealer.isUp;
  }

  /** A sign of life; and events that were lost with none after them to show it. */
  async beat(deadlineMs) {
    if (this.held) {
      await this.call('ping', {}, deadlineMs);
      return;
    }
    const { events, complete } = await this.call('events.replay', { since: this.seq }, deadlineMs);
    if (this.held) return; // meanwhile a gap was found
    events.map(named).forEach((event) => this._deliver(event));
    if (!complete) await this._tellGap();
  }

  close() {
    this._lost('closed');
    this.dealer.close();
  }

  _lost(reason) {
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(unanswered(`the connection to the backend is lost: ${reason}`));
    }
    this.waiting.clear();
    this.held = null;
    this.emit('down', reason);
  }

  /** A connection is anonymous: who we are, what we want and what we missed has to be said on each. */
  async _greet() {
    const { socket } = this.dealer;
    const fresh = this.seq === null;
    this.held = [];
    let state;
    try {
      state = await this.call('hello', this.hello, OWN_MS);
      refusal(this.version, state);
      await this.call('on', { event: '*' }, OWN_MS);
      if (fresh) this.seq = state.seq;
      this._catchUp(await this.call('events.replay', { since: this.seq }, OWN_MS), state);
    } catch (error) {
      this._notGreeted(error, socket);
      return;
    }
    this.emit('up', state, fresh);
  }

  _notGreeted(error, socket) {
    try {
      refusal(this.version, null, error);
    } catch (unfit) {
      if (!(unfit instanceof Unfit)) throw unfit;
      this.emit('unfit', unfit.message);
      return;
    }
    if (socket && this.dealer.socket === socket) socket.destroy(error); // try again from the start
  }

  _catchUp({ events, complete }, state) {
    const held = this.held || [];
    this.held = null;
    events.map(named).concat(held).forEach((event) => this._deliver(event)); // the backend answers in order: there is no gap among the held
    if (!complete) this.emit('gap', state);
  }

  async _tellGap() {
    this.emit('gap', await this.call('hello', this.hello, OWN_MS));
  }

  _received(frames) {
    let message;
    try {
      message = decode(frames);
    } catch (error) {
      return; // not JSON: nothing that a backend says
    }
    if (message === null || typeof message !== 'object') return;
    if (message.method !== undefined) this._event(named(message));
    else this._answer(message);
  }

  _answer({ id, result, error }) {
    const call = this.waiting.get(id);
    if (!call) return; // after its deadline
    this.waiting.delete(id);
    clearTimeout(call.timer);
    if (error) call.reject(new RpcError(error.code, error.message, error.data));
    else call.resolve(result);
  }

  _event(event) {
    if (this.held) {
      this.held.push(event);
      if (this.held.length > HELD_EVENTS) this.held.shift();
    } else if (event.seq > this.seq + 1) {
      this._replay(event);
    } else {
      this._deliver(event);
    }
  }

  /** A number is missing: the backend still has it, most likely. */
  async _replay(event) {
    const { socket } = this.dealer;
    this.held = [event];
    try {
      const missed = await this.call('events.replay', { since: this.seq }, OWN_MS);
      this._catchUp(missed, missed.complete ? null : await this.call('hello', this.hello, OWN_MS));
    } catch (error) {
      if (socket && this.dealer.socket === socket) socket.destroy(error); // the next greeting asks again
    }
  }

  _deliver(event) {
    if (event.seq <= this.seq) return;
    this.seq = event.seq;
    this.emit('event', event);
  }
}

module.exports = { Rpc, RpcError };
