'use strict';
/** Pages with the renderer in them, in a browser that a file's tests share. */
const { after, before } = require('node:test');
const path = require('path');
const { bundle } = require('../../app/bundle');
const { EXECUTABLE, browser } = require('../tools/chromium');
const { pages } = require('../tools/pages');
const { backend, call } = require('../tools/programs');

/** WebGL by the CPU, which Chromium gives nobody who does not ask for it. */
const SOFTWARE_GL = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

const skip = EXECUTABLE ? false : 'Chromium is not installed';
const NOWHERE = { ready: { signal: 'ws://127.0.0.1:9/signal' } }; // a backend shows its own camera without a room service

/** A browser before the tests of this file, none after them. `open(t, {head})` gives a page of it with `window.scene`. */
function browsing(...flags) {
  let running = null;
  before(async () => { running = await browser(...SOFTWARE_GL, ...flags); });
  after(() => running && running.close());
  return async function open(t, { head = '' } = {}) {
    const script = bundle(path.join(__dirname, 'scene.js'), 'scene');
    const files = {
      '/': ['text/html', `<!doctype html>${head}<body style="margin:0"><script src="scene.js"></script>`],
      '/scene.js': ['text/javascript', script],
    };
    const address = await pages(t, (name) => files[name] || null);
    const context = await running.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    page.errors = [];
    page.on('pageerror', (error) => page.errors.push(error.message));
    await page.goto(address);
    return page;
  };
}

/** A backend whose camera is on. `calls` are made before that: [method, …arguments] each. */
async function camera(t, ...calls) {
  const served = await backend(t, NOWHERE);
  for (const [method, ...args] of calls) await call(served, method, ...args);
  await call(served, 'startLocalPreview', true);
  return served;
}

module.exports = { NOWHERE, browsing, camera, skip };
