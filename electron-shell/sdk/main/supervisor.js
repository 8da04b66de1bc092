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
const { lines } = require('./lines');

const DEADLINES = {
  readyMs: 20000,
  askedMs: 3000, // from the end of stdin to SIGTERM
  termMs: 2000, // from SIGTERM to SIGKILL
  restartMs: [0, 200, 500, 1000, 2000], // before each further try; then it has failed
  firstMs: [200, 500], // the same for one that has never been ready
  stableMs: 30000, // after which a loss counts as the first again
  lastWordsMs: 200, // what it wrote may come after its end
};

const RUNGS = Object.freeze({ NONE: 'none', ASKED: 'asked', TERMINATED: 'terminated', KILLED: 'killed' });

const STDERR_LINES = 20;
const BAD_ARGUMENTS = 2; // the exit code of a program that will say the same the next time

const ADVICE = 'install pybackend (pip install pybackend), or say in PYBACKEND_COMMAND how it is started';

class Supervisor extends EventEmitter {
  /** `options`: {rooms, args, commands, deadlines, log}; `commands` as `candidates()` gives them. */
  constructor(options = {}) {
    super();
    this.options = options;
    this.deadlines = Object.assign({}, DEADLINES, options.deadlines);
    this.log = options.log || ((line) => process.stderr.write(`${line}\n`));
    this.child = null;
    this.ready = null;
    this.wasReady = false;
    this.reason = ''; // why we ended it ourselves
    this.tries = 0;
    this.timer = null;
    this.stopping = null;
    this.rung = RUNGS.NONE;
  }

  /** Where the room service is; undefined as long as nobody has said it. */
  get rooms() {
    return this.options.rooms || process.env.PYBACKEND_ROOMS;
  }

  /** Whether the one that runs is to end: what it still says of itself does not count. */
  get ending() {
    return this.stopping !== null || this.reason !== '';
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
    const { rooms } = this;
    if (!rooms) {
      this.emit('failed', 'PYBACKEND_ROOMS has to say where the room service is (ws://HOST:PORT/signal)');
      return;
    }
    this._launch(commands, ['--rooms', rooms, '--parent-watch'].concat(this.options.args || []));
  }

  _launch(commands, args) {
    const [program, ...before] = commands[0];
    let child;
    try {
      child = spawn(program, before.concat(args), { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    } catch (error) {
      this.emit('failed', `${program}: ${error.message}`);
      return;
    }
    this.child = child;
    this.ready = null;
    const run = { program, said: [], timer: null, startedAt: Date.now(), over: false };
    child.on('error', (error) => {
      if (child.pid === undefined) this._absent(run, error, commands.slice(1), args);
    });
    if (child.pid === undefined) return;
    run.timer = setTimeout(() => this.kill(`it was not ready within ${this.deadlines.readyMs} ms`), this.deadlines.readyMs);
    this._watch(run, child);
    child.stdin.on('error', () => {}); // it is gone already: `exit` tells
    child.stdin.write('{}\n');
    lines(child.stdout, (line) => this._said(run, line));
    lines(child.stderr, (line) => {
      run.said.push(line);
      if (run.said.length > STDERR_LINES) run.said.shift();
      this.log(`[pybackend] ${line}`);
    });
  }

  /** There is no such program: the next candidate, or the end of it. */
  _absent(run, error, rest, args) {
    this.child = null;
    if (this.stopping) return;
    if (error.code === 'ENOENT' && rest.length) {
      this._launch(rest, args);
      return;
    }
    const what = error.code === 'ENOENT' ? 'there is no such program' : error.message;
    this.emit('failed', `${run.program}: ${what}; ${ADVICE}`);
  }

  _watch(run, child) {
    child.on('exit', (code, signal) => {
      const ended = () => this._ended(run, code, signal);
      if (this.ready) {
        ended();
        return;
      }
      const patience = setTimeout(ended, this.deadlines.lastWordsMs);
      child.once('close', () => {
        clearTimeout(patience);
        ended();
      });
    });
  }

  _said(run, line) {
    if (this.ready || this.ending || run.over) return;
    let message;
    try {
      message = JSON.parse(line);
    } catch (error) {
      return; // chatter before the ready line
    }
    if (!message || message.ready !== true) return;
    if (typeof message.endpoint !== 'string') {
      this.kill('its ready line has no endpoint');
      return;
    }
    clearTimeout(run.timer);
    this.ready = message;
    this.wasReady = true;
    this.emit('ready', message);
  }

  /** For a backend that runs but does not answer. */
  kill(reason) {
    if (!this.child) return;
    this.reason = reason;
    this.child.kill('SIGKILL');
  }

  /** Ends the one that runs, in order, and starts the next; `rooms` is where that finds the room service. */
  again(rooms) {
    this.options = Object.assign({}, this.options, { rooms });
    if (!this.child || this.stopping) return;
    this.tries = 0;
    this.reason = `the room service is ${rooms} now`;
    this._descend(this.child);
  }

  _ended(run, code, signal) {
    if (run.over) return;
    run.over = true;
    clearTimeout(run.timer);
    this.child = null;
    this.ready = null;
    const how = this.reason || (signal ? `it was ended by ${signal}` : `it ended with code ${code}`);
    this.reason = '';
    if (this.stopping) return;
    const last = run.said[run.said.length - 1];
    const reason = `${run.program}: ${how}${last ? ` (${last})` : ''}`;
    if (Date.now() - run.startedAt > this.deadlines.stableMs) this.tries = 0;
    const pause = this._pause(code);
    this.tries += 1;
    if (pause === undefined) {
      this.emit('failed', this.wasReady ? reason : `${reason}; ${ADVICE}`);
      return;
    }
    this.timer = setTimeout(() => this._start(), pause);
    this.emit('lost', reason);
  }

  /** Before the next try, in ms; undefined for none. */
  _pause(code) {
    if (this.wasReady) return this.deadlines.restartMs[this.tries];
    return code === BAD_ARGUMENTS ? undefined : this.deadlines.firstMs[this.tries];
  }

  /** In order: it is asked, then told, then made to end. Resolves to the rung that was needed. */
  stop() {
    if (this.stopping) return this.stopping;
    clearTimeout(this.timer);
    this.timer = null;
    const { child } = this;
    this.stopping = !child || child.pid === undefined ? Promise.resolve(this.rung) : this._descend(child);
    return this.stopping;
  }

  _descend(child) {
    const rungs = [
      [RUNGS.ASKED, this.deadlines.askedMs, () => child.stdin.end()],
      [RUNGS.TERMINATED, this.deadlines.termMs, () => child.kill('SIGTERM')],
      [RUNGS.KILLED, null, () => child.kill('SIGKILL')],
    ];
    let timer = null;
    const next = () => {
      const [rung, patience, act] = rungs.shift();
      this.rung = rung;
      act();
      if (patience !== null) timer = setTimeout(next, patience);
    };
    return new Promise((resolve) => {
      const ended = () => {
        clearTimeout(timer);
        resolve(this.rung);
      };
      if (child.exitCode !== null || child.signalCode !== null) resolve(this.rung);
      else {
        child.once('exit', ended);
        next();
      }
    });
  }
}

module.exports = { Supervisor, RUNGS };
