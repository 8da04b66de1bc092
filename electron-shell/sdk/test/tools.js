'use strict';
/** What the tests share. PYBACKEND_PYTHON names a Python that has the project installed. */
const { execFileSync, spawn } = require('child_process');
const { once } = require('events');
const fs = require('fs');
const os = require('os');
const path = require('path');
const readline = require('readline');

const ROOT = path.resolve(__dirname, '../../..');
const SDK = path.resolve(__dirname, '..');
const windows = process.platform === 'win32';
const PYTHON = path.resolve(ROOT, process.env.PYBACKEND_PYTHON || (windows ? '.venv/Scripts/python.exe' : '.venv/bin/python'));
const PATIENCE_MS = 20000;
const APP = { id: 1400000001, key: 'a key for tests' };
const UPSTREAM = 'trtc-electron-sdk@13.3.801';

function python(...args) {
  return execFileSync(PYTHON, args, { cwd: ROOT, encoding: 'utf8' }).trim();
}

/** A program that says one JSON line when it is ready: {child, ready}. It ends with the test. */
async function program(t, ...args) {
  const child = spawn(PYTHON, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'ignore'] });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const [line] = await once(readline.createInterface({ input: child.stdout }), 'line');
  return { child, ready: JSON.parse(line) };
}

/** A room service: its WebSocket address. */
async function rooms(t) {
  const { ready } = await program(t, '-m', 'pybackend', 'rooms', '--app', `${APP.id}:${APP.key}`);
  return ready.signal;
}

function userSig(user) {
  return python('-m', 'pybackend', 'usersig', '--app', `${APP.id}:${APP.key}`, '--user', user);
}

/** The command of a backend with virtual devices, for PYBACKEND_COMMAND. */
const COMMAND = JSON.stringify([PYTHON, '-m', 'pybackend', 'serve', '--virtual-devices']);

/** Resolves to the arguments of the next event that `matches`; rejects when it does not come. */
function next(emitter, event, matches = () => true) {
  return new Promise((resolve, reject) => {
    const listener = (...args) => {
      if (!matches(...args)) return;
      clearTimeout(timer);
      emitter.off(event, listener);
      resolve(args);
    };
    const timer = setTimeout(() => reject(new Error(`no ${event} within ${PATIENCE_MS} ms`)), PATIENCE_MS);
    emitter.on(event, listener);
  });
}

/** Resolves when `condition` holds. */
async function until(condition, what = 'it') {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${PATIENCE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'trtc-bridge-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** The SDK's own package, fetched and unpacked; null where there is no registry. Never kept. */
function upstream(t) {
  const made = folder(t);
  try {
    execFileSync('npm', ['pack', UPSTREAM, '--silent'], { cwd: made, stdio: ['ignore', 'ignore', 'ignore'], shell: windows });
  } catch (error) {
    return null;
  }
  execFileSync('tar', ['xzf', fs.readdirSync(made)[0]], { cwd: made });
  return path.join(made, 'package');
}

module.exports = { APP, COMMAND, PYTHON, ROOT, SDK, folder, next, program, python, rooms, until, upstream, userSig };
