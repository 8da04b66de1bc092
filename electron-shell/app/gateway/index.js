'use strict';
/**
 * The shell without Electron: a backend, kept as Electron's main process keeps it, and the page for a browser on this machine.
 *
 *   node app/gateway [--port N]     prints {"ready":true,"url":…,"once":…}; PYBACKEND_ROOMS says where the room service is
 *
 * With TRTC_APP_STDIN=1 the first line on stdin is for the form (see launcher.js), and the end of stdin ends us.
 */
const { Host } = require('../../sdk/main/host');
const { listen } = require('../launcher');
const { Server } = require('./server');

let server = null;
let ending = false;
const host = new Host();

async function end() {
  if (ending) return;
  ending = true;
  if (server) server.close();
  await host.stop();
  process.exit(0);
}

function port(words) {
  const at = words.indexOf('--port');
  const number = at < 0 ? 0 : Number(words[at + 1]);
  if (Number.isInteger(number) && number >= 0 && number < 65536) return number;
  process.stderr.write('--port: a number expected\n');
  return process.exit(2);
}

async function start() {
  const wanted = port(process.argv);
  const launcher = await listen(end);
  host.link.wake(); // the backend is there by the time that somebody opens the page
  server = new Server(host, launcher);
  try {
    const addresses = await server.listen(wanted);
    process.stdout.write(`${JSON.stringify(Object.assign({ ready: true, pid: process.pid }, addresses))}\n`);
  } catch (error) {
    process.stderr.write(`gateway: ${error.message}\n`);
    process.exit(1);
  }
}

process.on('SIGINT', end);
process.on('SIGTERM', end);
start();
