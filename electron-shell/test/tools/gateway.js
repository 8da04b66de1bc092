'use strict';
/** The browser shell as a child process, and its page in Chromium. */
const { spawn, spawnSync } = require('child_process');
const { once } = require('events');
const path = require('path');
const readline = require('readline');
const { APP, COMMAND, ROOT } = require('./programs');

const GATEWAY = path.join(ROOT, 'electron-shell/app/gateway');

/**
 * `told`: what its stdin says; null for nothing. Resolves to {child, url, ticket, exited, said, backend}: `ticket` is an
 * address that leads to `url` once, `said` are the lines of its log,
 * `backend()` is the number of the process that it keeps; 0 for none.
 */
async function gateway(t, service, told = {}, environment = {}) {
  const env = Object.assign({}, process.env, { PYBACKEND_COMMAND: COMMAND, PYBACKEND_ROOMS: service ? service.ready.signal : '' }, environment);
  if (told) env.TRTC_APP_STDIN = '1';
  const child = spawn(process.execPath, [GATEWAY], { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  const said = [];
  readline.createInterface({ input: child.stderr }).on('line', (line) => {
    said.push(line);
    if (process.env.VERBOSE) process.stderr.write(`${line}\n`);
  });
  if (told) child.stdin.write(`${JSON.stringify(Object.assign({ sdkAppId: APP.id, secretKey: APP.key }, told))}\n`);
  const line = once(readline.createInterface({ input: child.stdout }), 'line').then(([text]) => text);
  const early = exited.then(([code]) => { throw new Error(`the gateway ended with code ${code}: ${said.join('\n')}`); });
  early.catch(() => {}); // it may end later, too
  const { url, once: ticket } = JSON.parse(await Promise.race([line, early]));
  const backend = () => Number(spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' }).stdout);
  return { child, url, ticket, exited, said, backend };
}

/** A page of its own context, as another browser would show it; what it complains of is in `complaints`. */
async function page(browser, url, options = {}) {
  const context = await browser.newContext(Object.assign({ viewport: { width: 1100, height: 720 } }, options));
  const made = await context.newPage();
  made.complaints = [];
  made.on('pageerror', (error) => made.complaints.push(error.stack || error.message));
  made.on('console', (message) => message.type() === 'error' && made.complaints.push(message.text()));
  await made.goto(url);
  return made;
}

module.exports = { gateway, page };
