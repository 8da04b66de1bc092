'use strict';
/** Programs of the project as child processes, which end with the test. PYBACKEND_PYTHON names a Python that has the project installed. */
const { execFile, execFileSync, spawn } = require('child_process');
const { once } = require('events');
const path = require('path');
const readline = require('readline');
const { promisify } = require('util');

const ROOT = path.resolve(__dirname, '../../..');
const SDK = path.join(ROOT, 'electron-shell/sdk');
const windows = process.platform === 'win32';
const PYTHON = path.resolve(ROOT, process.env.PYBACKEND_PYTHON || (windows ? '.venv/Scripts/python.exe' : '.venv/bin/python'));
const APP = { id: 1400000001, key: 'a key for tests' };
const ADMIN = { id: 'AKIDtests', key: 'an admin key for tests' };

/** The command of a backend with virtual devices, for PYBACKEND_COMMAND. */
const COMMAND = JSON.stringify([PYTHON, '-m', 'pybackend', 'serve', '--virtual-devices']);

function python(...args) {
  return execFileSync(PYTHON, args, { cwd: ROOT, encoding: 'utf8' }).trim();
}

/** A Python program that says one JSON line when it is ready: {child, ready, exited, kill}. `t` is the test, or anything else with `after`. */
async function program(t, ...args) {
  const child = spawn(PYTHON, args, { cwd: ROOT, stdio: ['pipe', 'pipe', process.env.VERBOSE ? 'inherit' : 'ignore'] });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const line = once(readline.createInterface({ input: child.stdout }), 'line').then(([text]) => text);
  const early = exited.then(([code]) => { throw new Error(`${args.join(' ')}: exit code ${code}`); });
  early.catch(() => {}); // it may end later, too
  return { child, ready: JSON.parse(await Promise.race([line, early])), exited, kill: () => child.kill('SIGKILL') };
}

/** A room service; `ready` is its ready line. */
function rooms(t, ...args) {
  const keys = ['--app', `${APP.id}:${APP.key}`, '--admin', `${ADMIN.id}:${ADMIN.key}`];
  return program(t, '-m', 'pybackend', 'rooms', ...keys, ...args);
}

/** A backend of its own, with virtual devices. `service` is what `rooms` gave. */
function backend(t, service, ...args) {
  return program(t, '-m', 'pybackend', 'serve', '--rooms', service.ready.signal, '--virtual-devices', ...args);
}

/** One call to such a backend; `args` in the order of the method's parameters. */
async function call(served, method, ...args) {
  const words = ['-m', 'pybackend', 'call', '--endpoint', served.ready.endpoint, method, ...args.map((arg) => JSON.stringify(arg))];
  const { stdout } = await promisify(execFile)(PYTHON, words, { cwd: ROOT });
  return stdout.trim() ? JSON.parse(stdout) : null;
}

const signatures = new Map();

function userSig(user) {
  if (!signatures.has(user)) signatures.set(user, python('-m', 'pybackend', 'usersig', '--app', `${APP.id}:${APP.key}`, '--user', user));
  return signatures.get(user);
}

/** An action of the server API: `act(service, 'RemoveUser', { RoomId: 7, UserIds: ['alice'] })`. */
async function act(service, action, fields) {
  const script = 'import json, sys; from pybackend.testing import tc3; tc3.call(*sys.argv[1:5], json.loads(sys.argv[5]), timeout=10)';
  const all = JSON.stringify(Object.assign({ SdkAppId: APP.id }, fields));
  await promisify(execFile)(PYTHON, ['-c', script, service.ready.admin, ADMIN.id, ADMIN.key, action, all], { cwd: ROOT });
}

module.exports = { ADMIN, APP, COMMAND, PYTHON, ROOT, SDK, act, backend, call, program, python, rooms, userSig };
