'use strict';
/** What is measured in a page: how many pictures of one stream are drawn, and how old they are then. */
const { RendererHub } = require('../sdk/renderer');
const { readPattern } = require('../test/tools/pattern');

const SOURCE = { cloud: 0, user: '', stream: 0 };

const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** Keeps the page busy. */
function block(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end); // eslint-disable-line curly
}

/** `share` of the values are smaller. */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] : null;
}

/**
 * Draws the backend's camera for so long; `blockMs` keeps the page busy for as long with each picture.
 * Answers {fps, captured_fps, latency_ms_p50, latency_ms_p95, painter, width, height}.
 */
async function draw({ url, seconds, blockMs = 0, width = 1280, height = 720 }) {
  const view = document.body.appendChild(document.createElement('div'));
  view.style.cssText = `width:${width}px;height:${height}px`;
  const hub = new RendererHub({ framesUrl: () => url });
  hub.show(SOURCE.cloud, SOURCE.user, SOURCE.stream, view);
  const card = () => readPattern(view.querySelector('canvas'));
  while (!card()) await frame();
  const first = card();
  const began = performance.now();
  const latencies = [];
  const { drawn } = hub.statistics().streams[0];
  while (performance.now() - began < seconds * 1000) {
    await frame();
    const now = hub.statistics().streams[0];
    if (now.drawn === drawn + latencies.length) continue;
    latencies.push(now.latencyMs);
    if (blockMs) block(blockMs);
  }
  const took = (performance.now() - began) / 1000;
  const last = card();
  const { painter } = hub.statistics();
  hub.hideAll(SOURCE.cloud);
  view.remove();
  return {
    fps: latencies.length / took,
    captured_fps: (last.number - first.number) / took,
    latency_ms_p50: quantile(latencies, 0.5),
    latency_ms_p95: quantile(latencies, 0.95),
    painter,
    width: last.width,
    height: last.height,
  };
}

/** Receives the same pictures for so long and throws them away: what the way to the page costs without drawing. Answers {fps}. */
function receive({ url, seconds }) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    let count = 0;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send(JSON.stringify({ want: [SOURCE] }));
    socket.onmessage = ({ data }) => {
      if (typeof data !== 'string') count += 1;
      socket.send('{"credit":1}');
    };
    setTimeout(() => {
      socket.close();
      resolve({ fps: count / seconds });
    }, seconds * 1000);
  });
}

module.exports = { draw, receive };
