'use strict';
/**
 * The one backend, kept alive, as something that can always be asked: while it starts requests wait, bounded and with a deadline;
 * when it is gone for good, or does not answer, they fail at once.
 *
 * Events: `event`, `up` (ready line, what `hello` said, whether the process is new), `beat`, `gap` (what `hello` says now), `lost` (why:
 * the process is gone), `failed` (why: and there will be no other soon).
 */
const { EventEmitter } = require('events');
const { NO_ANSWER, UNREACHABLE } = require('../bridge/codes');
const { Rpc, RpcError } = require('./rpc');
const { Supervisor } = require('./supervisor');

const DEADLINES = {
  callMs: 5000,
  startMs: 10000, // for who waits for an answer while there is no backend
  patientMs: 30000, // the same where nobody is kept waiting
  pingMs: 1000,
  suspectMs: 3000, // without an answer to a ping: nobody is made to wait for it any more
  hungMs: 8000, // without an answer, or a greeting: it is ended, and started again
  retryMs: 2000, // a failed start is tried again when asked, but not more often
};

const WAITING = 1000; // requests, while there is no connection; further ones fail

class Link extends EventEmitter {
  constructor(options = {}) {
    super();
    this.deadlines = Object.assign({}, DEADLINES, options.deadlines);
    this.supervisor = new Supervisor(options);
    this.supervisor.on('ready', (ready) => this._connect(ready));
    this.supervisor.on('lost', (why) => this._gone(why));
    this.supervisor.on('failed', (why) => this._failed(why));
    this.state = 'idle'; // starting, up, failed, stopped
    this.since = 0; // when it last was about to start
    this.why = '';
    this.failedAt = null; // until it is up again
    this.unfit = false; // another try would end the same way
    this.waiting = [];
    this.rpc = null;
    this.ready = null;
    this.pinged = null;
    this.heartbeat = null;
    this.contact = null; // runs out when there is a process, and no connection to it
  }

  /** Starts it, unless it runs, or has just failed. */
  wake() {
    const recently = this.state === 'failed' && Date.now() - this.failedAt < this.deadlines.retryMs;
    if (recently || this.unfit || !['idle', 'failed'].includes(this.state)) return;
    this._starting();
    this.supervisor.start();
  }

  /** The next backend finds its rooms at another service. It is started at once, and gets whatever is asked from now on. */
  moveTo(rooms) {
    this.supervisor.again(rooms);
    if (this.state === 'up') this._starting();
    if (this.state !== 'failed' || this.unfit) return;
    this.state = 'idle';
    this.failedAt = null;
    this.wake();
  }

  /**
   * The result; an RpcError when there is none in time. Requests are carried out in the order in which they were made.
   * `patient`: nobody is kept waiting by it. `sent` is called once it is on its way.
   */
  request(method, params, { patient = false, sent } = {}) {
    this.wake();
    if (this.state === 'up' && this.rpc.isUp) return this._ask({ method, params, patient, sent });
    const hopeless = this.failedAt !== null && !patient; // it has failed, and is tried again: that takes its time
    if (!['starting', 'up'].includes(this.state) || hopeless) return Promise.reject(this._absent());
    if (this.waiting.length >= WAITING) return Promise.reject(new RpcError(NO_ANSWER, `${method}: too many calls wait for the backend`));
    return this._queue({ method, params, patient, sent });
  }

  /** From now on requests wait. */
  _starting() {
    this.state = 'starting';
    this.since = Date.now();
  }

  /** Who waits for an answer does so until `startMs` are over, and no second time: a start that takes longer hangs no page. */
  _queue(call) {
    const { patientMs, startMs } = this.deadlines;
    const limit = call.patient ? patientMs : startMs - (Date.now() - this.since);
    if (limit <= 0) return Promise.reject(new RpcError(NO_ANSWER, `${call.method}: the backend is still not there`));
    return new Promise((resolve, reject) => {
      const entry = { call, resolve, reject };
      entry.timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(new RpcError(NO_ANSWER, `${call.method}: the backend was not there in time`));
      }, limit);
      this.waiting.push(entry);
    });
  }

  _absent() {
    return new RpcError(this.why ? UNREACHABLE : NO_ANSWER, `there is no backend: ${this.why || `it is ${this.state}`}`);
  }

  get suspect() {
    return this.pinged !== null && Date.now() - this.pinged > this.deadlines.suspectMs;
  }

  _ask({ method, params, patient, sent }) {
    if (this.suspect && !patient) return Promise.reject(new RpcError(NO_ANSWER, `${method}: the backend does not answer`));
    return this.rpc.call(method, params, this.deadlines.callMs, sent);
  }

  _connect(ready) {
    this.ready = ready;
    const rpc = new Rpc(ready);
    this.rpc = rpc;
    this._expectContact();
    rpc.on('event', (event) => this.emit('event', event));
    rpc.on('gap', (state) => this.emit('gap', state));
    rpc.on('down', () => {
      if (this.rpc !== rpc) return;
      clearInterval(this.heartbeat);
      if (this.state === 'up') this._starting();
      this._expectContact();
    });
    rpc.on('unfit', (why) => {
      this.unfit = true;
      this.supervisor.stop();
      this._failed(why);
    });
    rpc.on('up', (state, fresh) => this._up(state, fresh));
  }

  _expectContact() {
    const { hungMs } = this.deadlines;
    clearTimeout(this.contact);
    this.contact = setTimeout(() => this.supervisor.kill(`it could not be reached for ${hungMs} ms`), hungMs);
  }

  _up(state, fresh) {
    if (this.supervisor.ending) return; // what waits is for the next one
    clearTimeout(this.contact);
    this.pinged = null;
    this.failedAt = null;
    this.heartbeat = setInterval(() => this._ping(), this.deadlines.pingMs);
    this.emit('up', this.ready, state, fresh); // listeners may put requests in front, by `urgent`
    this.state = 'up';
    for (const { call, resolve, reject, timer } of this.waiting.splice(0)) {
      clearTimeout(timer);
      this._ask(call).then(resolve, reject);
    }
  }

  /** For listeners of `up`: before everything that waits. */
  urgent(method, params) {
    return this.rpc.call(method, params, this.deadlines.callMs);
  }

  _ping() {
    this.emit('beat');
    const { hungMs } = this.deadlines;
    if (this.pinged !== null) {
      if (Date.now() - this.pinged > hungMs) this.supervisor.kill(`it did not answer for ${hungMs} ms`);
      return;
    }
    this.pinged = Date.now();
    this.rpc.beat(hungMs * 2).then(() => { this.pinged = null; }, () => {});
  }

  /** The process is gone. */
  _gone(why) {
    this._part(why);
    if (this.state === 'up') this._starting();
    this.emit('lost', why);
  }

  /** And there will be no other, unless somebody asks for it later. */
  _failed(why) {
    this._part(why);
    this.state = 'failed';
    this.failedAt = Date.now();
    for (const { reject, timer } of this.waiting.splice(0)) {
      clearTimeout(timer);
      reject(this._absent());
    }
    this.emit('failed', why);
  }

  _part(why) {
    clearInterval(this.heartbeat);
    clearTimeout(this.contact);
    this.pinged = null;
    this.why = why;
    const { rpc } = this;
    this.rpc = null;
    this.ready = null;
    if (rpc) rpc.close();
  }

  /** In order; resolves to the rung of the ladder that was needed. */
  stop() {
    const goodbye = this.supervisor.stop();
    this._part('it was stopped');
    this.state = 'stopped';
    for (const { reject, timer } of this.waiting.splice(0)) {
      clearTimeout(timer);
      reject(this._absent());
    }
    return goodbye;
  }
}

module.exports = { Link };
