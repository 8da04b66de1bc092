'use strict';
/** Links that lead nowhere in a call: a download, an answer without content, an address that the application forbids. */
const assert = require('assert');
const http = require('http');
const { once } = require('events');
const { test } = require('node:test');
const { caller } = require('../tools/caller');
const { ELECTRON, electron } = require('../tools/electron');
const { project } = require('../tools/electron-project');
const { Observer } = require('../tools/observer');
const { rooms } = require('../tools/programs');
const { until } = require('../tools/wait');

/** Serves a file to keep at `/download`, and nothing at all elsewhere. */
async function server(t) {
  const made = http.createServer(({ url }, response) => {
    if (url === '/download') response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment' });
    else response.writeHead(204);
    response.end();
  });
  made.listen(0, '127.0.0.1');
  await once(made, 'listening');
  t.after(() => made.close());
  return `http://127.0.0.1:${made.address().port}`;
}

test('a page that follows a link to nowhere stays in its call, and hears all of it', { skip: !ELECTRON, timeout: 60000 }, async (t) => {
  const service = await rooms(t);
  const address = await server(t);
  const shell = await electron(t, [project(t, 'isolated')], { rooms: service.ready.signal });
  const alice = await caller(shell, 0, 'alice');
  await alice.enter(7);
  await alice.page.contents((contents) => {
    global.stops = 0;
    contents.session.on('will-download', (event) => event.preventDefault());
    contents.on('will-navigate', (event, url) => /forbidden/.test(url) && event.preventDefault());
    contents.on('did-stop-loading', () => { global.stops += 1; });
  });
  const links = ['download', 'empty', 'forbidden'];
  for (const [index, link] of links.entries()) {
    await alice.page.run(`() => { window.location.href = '${address}/${link}'; }`);
    await until(() => shell.main('() => global.stops').then((stops) => stops > index), `${link} is over`);
  }
  const state = await shell.main(() => Array.from(globalThis[Symbol.for('trtc-bridge.main')].pages.values(), ({ port }) => [port.listening, port.grace]));
  assert.deepStrictEqual(state, [[true, null]]);
  await Observer.in(t, service, 'bob', 7);
  await alice.sees('onRemoteUserEnterRoom', 'bob');
  await alice.moves('remote');
});
