'use strict';

const { spawn, execFile } = require('child_process');
const http = require('http');
const fs = require('fs');
const path = require('path');
const readline = require('readline');
const { promisify } = require('util');

const ROOT = path.resolve(__dirname, '../..');
const BIN = process.platform === 'win32' ? 'Scripts' : 'bin';
const venv = path.join(ROOT, '.venv', BIN, 'pybackend');
const PYBACKEND = fs.existsSync(venv) ? venv : 'pybackend';

/** A program of the backend, once it is ready: `{ready, stop(), kill(), exited}`. */
async function program(...args) {
  const child = spawn(PYBACKEND, args, { stdio: ['ignore', 'pipe', process.env.VERBOSE ? 'inherit' : 'ignore'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const line = await Promise.race([
    new Promise((resolve) => readline.createInterface({ input: child.stdout }).once('line', resolve)),
    exited.then((code) => { throw new Error(`pybackend ${args.join(' ')}: exit code ${code}`); }),
  ]);
  const stop = () => {
    child.kill();
    return exited;
  };
  return { ready: JSON.parse(line), stop, kill: () => child.kill('SIGKILL'), exited };
}

const rooms = (...args) => program('rooms', ...args);

const backend = (roomService, ...args) =>
  program('serve', '--rooms', roomService.ready.signal, '--virtual-devices', ...args);

/** One RPC; `args` in the order of the method's parameters. */
async function call(served, method, ...args) {
  const flags = ['call', '--endpoint', served.ready.endpoint, method, ...args.map((arg) => JSON.stringify(arg))];
  const { stdout } = await promisify(execFile)(PYBACKEND, flags);
  return stdout.trim() ? JSON.parse(stdout) : null;
}

/** A web server on loopback; `answer(path)` gives `[type, body]`, or null. Returns its address and `close`. */
async function pages(answer) {
  const server = http.createServer((request, response) => {
    const found = answer(request.url.split('?')[0]);
    response.writeHead(found ? 200 : 404, { 'content-type': found ? found[0] : 'text/plain' });
    response.end(found ? found[1] : '');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** Polls until `check` gives something true; what it gave last is in the error. */
async function until(check, what, limitMs = 15000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

module.exports = { ROOT, PYBACKEND, program, rooms, backend, call, pages, until };
