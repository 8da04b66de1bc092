'use strict';
/**
 * Starts the backend, learns where it listens, notices its end, starts it again.
 *
 * Events: `ready` (its ready line), `lost` (why), `failed` (why: it is not tried again until `start`).
 * The backend ends with us: its stdin is our pipe (`--parent-watch`).
 */
const { spawn } = require('child_process');
const { EventEmitter } = require('events');
const { candidates } = require('./command');

const DEADLINES = {
  readyMs: 20000,
  askedMs: 3000, // from the end of stdin to SIGTERM
  termMs: 2000, // from SIGTERM to SIGKILL
  restartMs: [0, 200, 500, 1000, 2000], // before each further try; then it has failed
  stableMs: 30000, // after which a loss counts as the first again
};

const RUNGS = Object.freeze({ NONE: 'none', ASKED: 'asked', TERMINATED: 'terminated', KILLED: 'killed' });

const STDERR_LINES = 20;

class Supervisor extends EventEmitter {
  /** `options`: {rooms, args, commands, deadlines, log}; `commands` as `candidates()` gives them. */
  constructor(options = {}) {
    super();
    this.options = options;
    this.deadlines = Object.assign({}, DEADLINES, options.deadlines);
    this.log = options.log || ((line) => process.stderr.write(`${line}\n`));
    this.child = null;
    this.ready = null;
    this.tries = 0;
    this.timer = null;
    this.stopping = null;
    this.rung = RUNGS.NONE;
  }

  /** Does nothing while one runs or is about to. */
  start() {
    if (this.child || this.timer || this.stopping) return;
    this.tries = 0;
    this._start();
  }

  _start() {
    this.timer = null;
    let commands;
    try {
      commands = this.options.commands || candidates();
    } catch (error) {
      this.emit('failed', error.message);
      return;
    }
    const rooms = this.options.rooms || process.env.PYBACKEND_ROOMS;
    if (!rooms) {
      this.emit('failed', 'PYBACKEND_ROOMS has to say where the room service is (ws://…/signal)');
      return;
    }
    this._launch(commands, ['--rooms', rooms, '--parent-watch'].concat(this.options.args || []));
  }

  _launch(commands, args) {
    const [program, ...before] = commands[0];
    const child = spawn(program, before.concat(args), { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    this.child = child;
    this.ready = null;
    const run = { program, said: [], reason: '', timer: null, startedAt: Date.now() };
    run.timer = setTimeout(() => this._kill(run, `it was not ready within ${this.deadlines.readyMs} ms`), this.deadlines.readyMs);
    child.on('error', (error) => {
      if (error.code === 'ENOENT' && child.pid === undefined && commands.length > 1) {
        clearTimeout(run.timer);
        this._launch(commands.slice(1), args);
      } else if (child.pid === undefined) this._ended(run, error.message);
    });
    child.on('exit', (code, signal) => this._ended(run, signal ? `it was ended by ${signal}` : `it ended with code ${code}`));
    child.stdin.on('error', () => {}); // it is gone already: `exit` tells
    child.stdin.write('{}\n');
    lines(child.stdout, (line) => this._said(run, line));
    lines(child.stderr, (line) => {
      run.said.push(line);
      if (run.said.length > STDERR_LINES) run.said.shift();
      this.log(line);
    });
  }

  _said(run, line) {
    if (this.ready) return;
    let message;
    try {
      message = JSON.parse(line);
    } catch (error) {
      return; // chatter before the ready line
    }
    if (!message || message.ready !== true) return;
    if (typeof message.endpoint !== 'string') {
      this._kill(run, 'its ready line has no endpoint');
      return;
    }
    clearTimeout(run.timer);
    this.ready = message;
    this.emit('ready', message);
  }

  /** For a backend that runs but does not answer. */
  kill(reason) {
    if (this.child) this._kill({ reason: '' }, reason);
  }

  _kill(run, reason) {
    run.reason = reason;
    this.reason = reason;
    if (this.child) this.child.kill('SIGKILL');
  }

  _ended(run, how) {
    clearTimeout(run.timer);
    this.child = null;
    this.ready = null;
    const last = run.said[run.said.length - 1];
    const reason = `${run.program}: ${this.reason || how}${last ? ` (${last})` : ''}`;
    this.reason = '';
    if (this.stopping) return;
    if (Date.now() - run.startedAt > this.deadlines.stableMs) this.tries = 0;
    const pause = this.deadlines.restartMs[this.tries];
    this.tries += 1;
    if (pause !== undefined) this.timer = setTimeout(() => this._start(), pause);
    this.emit(pause === undefined ? 'failed' : 'lost', reason);
  }

  /** In order: it is asked, then told, then made to end. Resolves to the rung that was needed. */
  stop() {
    if (this.stopping) return this.stopping;
    clearTimeout(this.timer);
    this.timer = null;
    const child = this.child;
    this.stopping = new Promise((resolve) => {
      if (!child) {
        resolve(this.rung);
        return;
      }
      this.rung = RUNGS.ASKED;
      child.stdin.end();
      let timer = setTimeout(() => {
        this.rung = RUNGS.TERMINATED;
        child.kill('SIGTERM');
        timer = setTimeout(() => {
          this.rung = RUNGS.KILLED;
          child.kill('SIGKILL');
        }, this.deadlines.termMs);
      }, this.deadlines.askedMs);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve(this.rung);
      });
    });
    return this.stopping;
  }
}

/** Calls back with each line of a stream. */
function lines(stream, callback) {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => {
    const parts = (rest + chunk).split(/\r?\n/);
    rest = parts.pop();
    parts.forEach(callback);
  });
  stream.on('end', () => rest && callback(rest));
}

module.exports = { Supervisor, RUNGS };
