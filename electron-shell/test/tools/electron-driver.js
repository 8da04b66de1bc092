'use strict';
/** Loaded into Electron's main process before the app: runs what the test sends (syntax of Node 12). */
const { webContents } = require('electron');
const electron = require('electron');
const net = require('net');
const readline = require('readline');

const socket = net.connect(Number(process.env.ELECTRON_DRIVER), '127.0.0.1');
delete process.env.ELECTRON_DRIVER; // what the app starts is not driven
socket.on('error', () => {}); // the test has ended
socket.unref();

async function run({ page, code }) {
  if (page !== undefined) return webContents.fromId(page).executeJavaScript(code, true);
  return new Function('electron', 'require', `return ${code};`)(electron, require); // eslint-disable-line no-new-func
}

readline.createInterface({ input: socket }).on('line', (line) => {
  const message = JSON.parse(line);
  run(message).then(
    (value) => socket.write(`${JSON.stringify({ id: message.id, value: value === undefined ? null : value })}\n`),
    (error) => socket.write(`${JSON.stringify({ id: message.id, error: String((error && error.stack) || error) })}\n`),
  );
});
