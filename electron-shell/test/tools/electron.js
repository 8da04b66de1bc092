'use strict';
/** A real Electron on a screen of its own, steered from the test: code is run in its main process and in its pages. */
const { execFileSync, spawn } = require('child_process');
const { once } = require('events');
const fs = require('fs');
const net = require('net');
const path = require('path');
const readline = require('readline');
const { PYTHON, COMMAND } = require('./programs');
const { until } = require('./wait');

const DRIVER = path.join(__dirname, 'electron-driver.js');

/** `ELECTRON`, or the one that comes with the Python packages; null where there is none. */
function executable() {
  if (process.env.ELECTRON) return process.env.ELECTRON;
  const script = 'import sys; sys.path.insert(0, "."); from scripts import shells; print(shells.electron() or "")';
  return execFileSync(PYTHON, ['-c', script], { cwd: path.resolve(__dirname, '../../..'), encoding: 'utf8' }).trim() || null;
}

const ELECTRON = executable();

/** A screen for a test; what there is, where no virtual one can be had. */
async function screen(t) {
  if (process.platform !== 'linux') return {};
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1920x1200x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  t.after(() => server.kill());
  const [number] = await once(server.stdio[3], 'data');
  return { DISPLAY: `:${String(number).trim()}` };
}

/** A page of it. What a function returns has to be JSON; it may be a promise. */
class Page {
  constructor(shell, id) {
    this.shell = shell;
    this.id = id;
  }

  /** Runs `fn(...args)` in the page. */
  run(fn, ...args) {
    return this.shell.ask({ page: this.id, code: call(fn, args) });
  }

  /** Runs `fn(contents, ...args)` in the main process. */
  contents(fn, ...args) {
    return this.shell.main(`(electron, id, ...args) => (${fn})(electron.webContents.fromId(id), ...args)`, this.id, ...args);
  }

  until(fn, ...args) {
    return until(() => this.run(fn, ...args), `${fn} in page ${this.id}; its log:\n${this.shell.log.join('\n')}`);
  }

  async screenshot(file) {
    const bytes = await this.contents('(contents) => contents.capturePage().then((image) => image.toPNG().toString("base64"))');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, Buffer.from(bytes, 'base64'));
  }
}

class Shell {
  constructor(child, socket) {
    this.child = child;
    this.pid = child.pid;
    this.exited = once(child, 'exit');
    this.log = [];
    this.socket = socket;
    this.waiting = new Map();
    this.lastId = 0;
    for (const stream of [child.stdout, child.stderr]) readline.createInterface({ input: stream }).on('line', (line) => this._logged(line));
  }

  _logged(line) {
    this.log.push(line);
    if (process.env.VERBOSE) console.error(line);
  }

  connected(socket) {
    this.socket = socket;
    readline.createInterface({ input: socket }).on('line', (line) => {
      const { id, value, error } = JSON.parse(line);
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) resolve(value);
      else reject(new Error(`${error}\nthe log:\n${this.log.slice(-10).join('\n')}`));
    });
    const gone = () => {
      this.waiting.forEach(({ reject }) => reject(new Error(`Electron is gone; its log:\n${this.log.join('\n')}`)));
      this.waiting.clear();
    };
    socket.on('close', gone);
    socket.on('error', gone);
  }

  ask(message) {
    return new Promise((resolve, reject) => {
      this.lastId += 1;
      this.waiting.set(this.lastId, { resolve, reject });
      this.socket.write(`${JSON.stringify(Object.assign({ id: this.lastId }, message))}\n`);
    });
  }

  /** Runs `fn(electron, ...args)` in the main process. */
  main(fn, ...args) {
    return this.ask({ code: call(fn, args, 'electron') });
  }

  /** The page that was opened as the `number`th, once it is loaded. */
  async page(number = 0) {
    const id = await until(() => this.main((electron, which) => {
      const all = electron.BrowserWindow.getAllWindows().map(({ webContents }) => webContents).sort((one, other) => one.id - other.id);
      return all[which] && !all[which].isLoading() && all[which].getURL() ? all[which].id : 0;
    }, number), `window ${number}; the log:\n${this.log.join('\n')}`);
    return new Page(this, id);
  }
}

function call(fn, args, ...before) {
  const words = before.concat(args.map((arg) => (arg === undefined ? 'undefined' : JSON.stringify(arg))));
  return `(${fn})(${words.join(', ')})`;
}

/**
 * Starts `electron ...words`. `env` is added to the environment; `rooms` is a room service's address; `input` its stdin's first line.
 * It ends with the test, by SIGKILL if need be.
 */
async function electron(t, words, { env = {}, rooms = '', input = '' } = {}) {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const settings = { PYBACKEND_COMMAND: COMMAND, PYBACKEND_ROOMS: rooms, ELECTRON_DRIVER: String(server.address().port), ELECTRON_ENABLE_LOGGING: '1' };
  const flags = ['--no-sandbox', '--disable-gpu-sandbox', '--disable-background-networking', '--js-flags=--expose-gc', '-r', DRIVER];
  const child = spawn(ELECTRON, flags.concat(words), { env: Object.assign({}, process.env, settings, await screen(t), env), stdio: ['pipe', 'pipe', 'pipe'] });
  const shell = new Shell(child);
  t.after(async () => {
    server.close();
    child.kill('SIGKILL');
    await shell.exited;
  });
  child.stdin.on('error', () => {}); // it need not read
  if (input) child.stdin.write(`${input}\n`);
  const early = shell.exited.then(() => { throw new Error(`Electron ended before it was there; its log:\n${shell.log.join('\n')}`); });
  early.catch(() => {}); // it may end later, too
  const [socket] = await Promise.race([once(server, 'connection'), early]);
  shell.connected(socket);
  return shell;
}

module.exports = { ELECTRON, electron, screen };
