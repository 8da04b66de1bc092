'use strict';
/**
 * JSON-RPC over a Dealer: calls with deadlines, events in order and without gaps.
 *
 * Events: `event` (its params and name), `up` (what `hello` said; `fresh` on the first contact), `down`, `gap` (events are lost for good).
 */
const { EventEmitter } = require('events');
const { Dealer } = require('./zmtp');
const { encode, decode } = require('./wire');

const PROTOCOL = 1;
const HELD_EVENTS = 10000; // while a replay is under way; beyond that the oldest go, which counts as a gap

class RpcError extends Error {
  constructor(code, message, data) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

function named({ method, params }) {
  return Object.assign({ name: method }, params);
}

class Rpc extends EventEmitter {
  constructor(ready, { label = 'trtc-bridge', leaseS = 5 } = {}) {
    super();
    this.hello = { client: label, protocol: PROTOCOL, owner: true, lease_s: leaseS };
    this.waiting = new Map();
    this.lastId = 0;
    this.seq = null;
    this.held = null; // events that came during a replay
    this.dealer = new Dealer(ready.endpoint, ready.auth);
    this.dealer.on('message', (frames) => this._received(frames));
    this.dealer.on('up', () => this._greet());
    this.dealer.on('down', (reason) => this._lost(reason));
    this.dealer.on('refused', (reason) => this._lost(reason));
    this.dealer.connect();
  }

  /** The result, or an RpcError: the backend's, or -32000 when there is no answer by the deadline. */
  call(method, params, deadlineMs) {
    return new Promise((resolve, reject) => {
      const id = ++this.lastId;
      if (!this.dealer.send(encode({ jsonrpc: '2.0', id, method, params }))) {
        reject(new RpcError(-32000, `${method}: no connection to the backend`));
        return;
      }
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new RpcError(-32000, `${method}: no answer within ${deadlineMs} ms`));
      }, deadlineMs);
      this.waiting.set(id, { resolve, reject, timer });
    });
  }

  close() {
    this._lost('closed');
    this.dealer.close();
  }

  _lost(reason) {
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new RpcError(-32000, `the connection to the backend is lost: ${reason}`));
    }
    this.waiting.clear();
    this.held = null;
    this.emit('down', reason);
  }

  /** A connection is anonymous: who we are, what we want and what we missed has to be said on each. */
  async _greet() {
    const fresh = this.seq === null;
    this.held = [];
    try {
      const state = await this.call('hello', this.hello, 5000);
      await this.call('on', { event: '*' }, 5000);
      if (fresh) this.seq = state.seq;
      const missed = await this.call('events.replay', { since: this.seq }, 5000);
      this._catchUp(missed);
      this.emit('up', state, fresh);
    } catch (error) {
      if (this.dealer.socket) this.dealer.socket.destroy(error); // try again from the start
    }
  }

  _catchUp({ events, complete }) {
    const held = this.held || [];
    this.held = null;
    if (!complete) this.emit('gap');
    events.map(named).concat(held).forEach((event) => this._deliver(event));
  }

  _received(frames) {
    let message;
    try {
      message = decode(frames);
    } catch (error) {
      return; // not JSON: nothing that a backend says
    }
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
  _replay(event) {
    this.held = [event];
    this.call('events.replay', { since: this.seq }, 5000).then(
      (missed) => this._catchUp(missed),
      () => this._catchUp({ events: [], complete: false }),
    );
  }

  _deliver(event) {
    if (event.seq <= this.seq) return;
    this.seq = event.seq;
    this.emit('event', event);
  }
}

module.exports = { Rpc, RpcError };
