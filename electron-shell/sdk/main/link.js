'use strict';
/**
 * The one backend, kept alive, as something that can always be asked: while it starts requests wait, bounded and with a deadline;
 * when it is gone for good, or does not answer, they fail at once.
 *
 * Events: `event`, `up` (ready line, what `hello` said, whether the process is new), `lost` (why: the process is gone), `failed` (why).
 */
const { EventEmitter } = require('events');
const { Rpc, RpcError } = require('./rpc');
const { Supervisor } = require('./supervisor');

const DEADLINES = {
  callMs: 5000,
  startMs: 10000, // for what waits for the backend to be there
  pingMs: 1000,
  suspectMs: 3000, // without an answer to a ping: nobody is made to wait for it any more
  hungMs: 8000, // it is ended, and started again
  retryMs: 2000, // a failed start is tried again when asked, but not more often
};

const WAITING = 1000; // requests, while there is no connection; further ones fail

class Link extends EventEmitter {
  constructor(options = {}) {
    super();
    this.deadlines = Object.assign({}, DEADLINES, options.deadlines);
    this.supervisor = new Supervisor(options);
    this.supervisor.on('ready', (ready) => this._connect(ready));
    this.supervisor.on('lost', (why) => this._gone('lost', why));
    this.supervisor.on('failed', (why) => this._gone('failed', why));
    this.state = 'idle'; // starting, up, failed, stopped
    this.why = '';
    this.failedAt = 0;
    this.waiting = [];
    this.rpc = null;
    this.ready = null;
    this.pinged = null;
    this.heartbeat = null;
  }

  /** Starts it, unless it runs, or has just failed. */
  wake() {
    const recently = this.state === 'failed' && Date.now() - this.failedAt < this.deadlines.retryMs;
    if (recently || !['idle', 'failed'].includes(this.state)) return;
    this.state = 'starting';
    this.supervisor.start();
  }

  /** The result; an RpcError when there is none in time. Requests are carried out in the order in which they were made. */
  request(method, params) {
    this.wake();
    if (this.state === 'up') return this._ask(method, params);
    if (this.state !== 'starting') return Promise.reject(new RpcError(-32000, `${method}: there is no backend: ${this.why || this.state}`));
    if (this.waiting.length >= WAITING) return Promise.reject(new RpcError(-32000, `${method}: too many calls wait for the backend`));
    return new Promise((resolve, reject) => {
      const entry = { method, params, resolve, reject };
      entry.timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(new RpcError(-32000, `${method}: the backend was not there within ${this.deadlines.startMs} ms`));
      }, this.deadlines.startMs);
      this.waiting.push(entry);
    });
  }

  get suspect() {
    return this.pinged !== null && Date.now() - this.pinged > this.deadlines.suspectMs;
  }

  _ask(method, params) {
    if (this.suspect) return Promise.reject(new RpcError(-32000, `${method}: the backend does not answer`));
    return this.rpc.call(method, params, this.deadlines.callMs);
  }

  _connect(ready) {
    this.ready = ready;
    const rpc = new Rpc(ready);
    this.rpc = rpc;
    rpc.on('event', (event) => this.emit('event', event));
    rpc.on('down', () => {
      if (this.rpc === rpc && this.state === 'up') this.state = 'starting';
      clearInterval(this.heartbeat);
    });
    rpc.on('up', (hello, fresh) => {
      this.pinged = null;
      this.heartbeat = setInterval(() => this._ping(), this.deadlines.pingMs);
      this.emit('up', ready, hello, fresh); // listeners may put requests in front, by `urgent`
      this.state = 'up';
      const waiting = this.waiting.splice(0);
      for (const { method, params, resolve, reject, timer } of waiting) {
        clearTimeout(timer);
        this._ask(method, params).then(resolve, reject);
      }
    });
  }

  /** For listeners of `up`: before everything that waits. */
  urgent(method, params) {
    return this.rpc.call(method, params, this.deadlines.callMs);
  }

  _ping() {
    this.emit('beat');
    if (this.pinged !== null) {
      if (Date.now() - this.pinged > this.deadlines.hungMs) this.supervisor.kill(`it did not answer for ${this.deadlines.hungMs} ms`);
      return;
    }
    this.pinged = Date.now();
    this.rpc.call('ping', {}, this.deadlines.hungMs * 2).then(() => { this.pinged = null; }, () => {});
  }

  _gone(how, why) {
    clearInterval(this.heartbeat);
    this.pinged = null;
    this.why = why;
    const rpc = this.rpc;
    this.rpc = null;
    this.ready = null;
    this.state = how === 'failed' ? 'failed' : 'starting';
    this.failedAt = Date.now();
    this.emit('lost', why);
    if (rpc) rpc.close();
    if (how !== 'failed') return;
    this._drop(why);
    this.emit('failed', why);
  }

  _drop(why) {
    for (const { method, reject, timer } of this.waiting.splice(0)) {
      clearTimeout(timer);
      reject(new RpcError(-32000, `${method}: there is no backend: ${why}`));
    }
  }

  /** In order; resolves to the rung of the ladder that was needed. */
  stop() {
    const goodbye = this.supervisor.stop();
    clearInterval(this.heartbeat);
    this.state = 'stopped';
    if (this.rpc) this.rpc.close();
    this._drop('it was stopped');
    return goodbye;
  }
}

module.exports = { Link };
