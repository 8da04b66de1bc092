'use strict';
/*
 * 720p at 30 frames a second, from a backend into a page of Chromium. Prints one JSON line.
 *
 * node bench/chromium.js [--seconds 10]
 */
const fs = require('fs');
const os = require('os');
const path = require('path');
const { bundle } = require('../app/bundle');
const { EXECUTABLE, QUIET } = require('../test/tools/chromium');
const { backend, call } = require('../test/tools/programs');
const { Scope } = require('../test/tools/scope');
const { browse } = require('./browser');
const { measured } = require('./cpu');

const NOWHERE = { ready: { signal: 'ws://127.0.0.1:9/signal' } }; // the own camera needs no room service
const HD_30 = { videoResolution: 112, resMode: 0, videoFps: 30, videoBitrate: 1500 };
const SLOW_MS = 100;
const NO_BROWSER = 3; // an exit status

function seconds(words) {
  const [name, value] = words;
  if (words.length === 0) return 10;
  if (words.length === 2 && name === '--seconds' && Number(value) > 0) return Number(value);
  console.error('chromium.js: usage: node bench/chromium.js [--seconds 10]');
  return process.exit(2);
}

/** A page of 1280 x 720 with `window.bench`. */
function opened(scope) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'trtc-bridge-'));
  scope.after(() => fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
  const words = [...QUIET, '--headless=new', '--window-size=1280,900', `--user-data-dir=${profile}`];
  return browse(scope, EXECUTABLE, words, bundle(path.join(__dirname, 'page.js'), 'bench'));
}

async function measure(scope, duration) {
  const served = await backend(scope, NOWHERE);
  await call(served, 'setVideoEncoderParam', HD_30);
  await call(served, 'startLocalPreview', true);
  const desk = await opened(scope);
  const url = served.ready.frames;
  const run = (name, options) => measured(served.ready.pid, () => desk.do(name, Object.assign({ url, seconds: duration }, options)));
  await run('draw', { seconds: 1 }); // so that everything is compiled
  const bare = await run('receive', {});
  const drawn = await run('draw', {});
  const slow = await run('draw', { blockMs: SLOW_MS });
  return Object.assign(drawn.result, {
    cpu: drawn.cpu,
    bare: { fps: bare.result.fps, cpu: bare.cpu },
    slow_latency_ms_p50: slow.result.latency_ms_p50,
    slow_fps: slow.result.fps,
    slow_latency_frames: (slow.result.latency_ms_p50 * slow.result.fps) / 1000,
  });
}

async function main() {
  const duration = seconds(process.argv.slice(2));
  if (!EXECUTABLE) {
    console.error('chromium.js: Chromium is not installed');
    process.exit(NO_BROWSER);
  }
  const scope = new Scope();
  try {
    console.log(JSON.stringify(await measure(scope, duration)));
  } finally {
    await scope.end();
  }
}

main().catch((error) => {
  console.error(`chromium.js: ${error.message}`);
  process.exitCode = 1;
});
