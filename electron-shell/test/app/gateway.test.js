'use strict';
/** What the gateway takes from whom, and in which order. */
const assert = require('assert');
const http = require('http');
const net = require('net');
const { before, after, test } = require('node:test');
const { EXECUTABLE, browser } = require('../tools/chromium');
const { gateway, page } = require('../tools/gateway');
const { pages } = require('../tools/pages');
const { rooms } = require('../tools/programs');
const { until } = require('../tools/wait');

const needs = { skip: !EXECUTABLE, timeout: 120000 };

let chrome;
before(async () => { chrome = EXECUTABLE && await browser(); });
after(() => chrome && chrome.close());

/** {status, text} of a request whose headers are all ours to choose. */
function ask(url, { method = 'GET', path = url.pathname, headers = {}, body = '' } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ agent: false, host: url.hostname, port: url.port, method, path, headers: Object.assign({ host: url.host }, headers) }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const post = (url, path, value, headers = { origin: url.origin }) =>
  ask(url, { method: 'POST', path: url.pathname + path, headers, body: typeof value === 'string' ? value : JSON.stringify(value) });

/** The first line that is answered to a request for a socket. */
function upgrade(url, path, headers) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(url.port, url.hostname, () => {
      const lines = Object.entries(Object.assign({
        host: url.host, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': 13, 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      }, headers)).map(([name, value]) => `${name}: ${value}`);
      socket.write(`GET ${url.pathname}${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    });
    socket.once('data', (data) => {
      resolve(String(data).split('\r\n')[0]);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('only who knows the token, asks this very server and comes from its page is answered', async (t) => {
  const { url: text } = await gateway(t, null);
  const url = new URL(text);
  const { status, headers } = await ask(url);
  assert.strictEqual(status, 200);
  assert.strictEqual(headers['referrer-policy'], 'no-referrer');
  assert.strictEqual(headers['access-control-allow-origin'], undefined);
  assert.strictEqual((await ask(url, { path: `${url.pathname}app.js` })).status, 200);

  const refused = [
    { path: '/' }, { path: '/app.js' }, { path: `/${'0'.repeat(48)}/` }, { path: url.pathname.slice(0, -2) },
    { headers: { host: 'evil.example' } }, { headers: { host: `evil.example:${url.port}` } }, { headers: { host: `localhost:${url.port}` } },
    { headers: { origin: 'http://evil.example' } }, { headers: { origin: 'null' } }, { headers: { origin: `http://127.0.0.1:${Number(url.port) + 1}` } },
  ];
  for (const how of refused) {
    const answer = await ask(url, how);
    assert.strictEqual(answer.status, 403, JSON.stringify(how));
    assert.ok(!answer.text.includes(url.pathname.split('/')[1]), 'the token is told to nobody');
  }
  for (const path of ['../files.js', '%2e%2e/files.js', 'main.js', 'constructor', '__proto__']) {
    assert.ok([403, 404].includes((await ask(url, { path: url.pathname + path })).status), path);
  }
  assert.strictEqual((await ask(url, { method: 'DELETE' })).status, 405);
  assert.strictEqual((await post(url, 'seat', {}, {})).status, 403); // a browser says where a page comes from
  assert.strictEqual((await post(url, 'sign', { user: 'alice' }, { origin: 'http://evil.example' })).status, 403);
  assert.strictEqual((await post(url, 'seat', 'nonsense')).status, 400);
  assert.strictEqual((await post(url, 'nowhere', {})).status, 404);
});

test('a ticket leads to the page once', async (t) => {
  const { url, ticket } = await gateway(t, null);
  const once = new URL(ticket);
  assert.strictEqual((await ask(once, { headers: { host: 'evil.example' } })).status, 403);
  assert.strictEqual((await ask(once, { method: 'POST' })).status, 403);
  assert.strictEqual((await ask(once, { path: `${once.pathname}app.js`, headers: { origin: 'http://evil.example' } })).status, 403);
  const { status, headers } = await ask(once);
  assert.deepStrictEqual([status, headers.location], [302, new URL(url).pathname]);
  const again = await ask(once);
  assert.deepStrictEqual([again.status, again.headers.location], [403, undefined]);
  assert.strictEqual((await ask(new URL(url))).status, 200);
});

test('a seat is its page’s alone, and what it is told has to make sense', async (t) => {
  const { url: text, said } = await gateway(t, null);
  const url = new URL(text);
  const seat = async (value) => JSON.parse((await post(url, 'seat', value)).text);
  const first = await seat({});
  const path = ({ seat: id, load }, what) => `seats/${id}/${load}/${what}`;
  assert.strictEqual((await post(url, path(first, 'messages'), { casts: [] })).status, 200);
  for (const bad of ['', 'null', '[]', '{}', '{"casts":3}', '{"casts":[{"seq":"1"}]}', '{"casts":[null]}']) {
    assert.strictEqual((await post(url, path(first, 'messages'), bad)).status, 400, bad);
  }
  for (const call of [null, 3, 'x', [], {}, { method: 'exitRoom' }, { method: 'ping', cloud: 0 }, { method: 'enterRoom', cloud: '0', params: null }]) {
    const { status, text: answer } = await post(url, path(first, 'messages'), { casts: [], call });
    assert.strictEqual(status, 200);
    assert.ok(JSON.parse(answer).e.code < 0, JSON.stringify(call));
  }
  const odd = [null, 3, {}, { method: 3 }, { relay: { open: 1 } }, { cloud: 0, method: 'constructor' }, { cloud: 0, refresh: {} }];
  assert.strictEqual((await post(url, path(first, 'messages'), { casts: odd.map((message, index) => ({ seq: index + 1, message })) })).status, 200);

  assert.strictEqual((await post(url, path({ seat: '0'.repeat(24), load: 1 }, 'messages'), { casts: [] })).status, 410);
  assert.strictEqual((await post(url, path({ seat: first.seat, load: 2 }, 'messages'), { casts: [] })).status, 410);
  assert.match(await upgrade(url, path(first, 'events'), {}), /403/);
  assert.match(await upgrade(url, path(first, 'events'), { origin: 'http://evil.example' }), /403/);
  assert.match(await upgrade(url, path(first, 'events'), { origin: url.origin, host: 'evil.example' }), /403/);
  assert.match(await upgrade(url, path({ seat: first.seat, load: 9 }, 'events'), { origin: url.origin }), /410/);
  assert.match(await upgrade(url, path(first, 'events'), { origin: url.origin }), /101/);

  const again = await seat({ seat: first.seat, left: true });
  assert.deepStrictEqual(again, { seat: first.seat, load: 2 });
  assert.strictEqual((await post(url, path(first, 'messages'), { casts: [] })).status, 410); // the load before this one

  const large = 'x'.repeat(9 * 1024 * 1024);
  const outcome = await post(url, path(again, 'messages'), large).then(({ status }) => status, ({ code }) => code);
  assert.ok([413, 'EPIPE', 'ECONNRESET'].includes(outcome), outcome); // who is cut off may not hear why
  const seats = [];
  for (let number = 0; number < 70; number += 1) seats.push((await post(url, 'seat', {})).status);
  assert.strictEqual(seats[0], 200);
  assert.strictEqual(seats[69], 503); // there is an end to it
  assert.ok(!said.some((line) => /gateway: /.test(line)), said.join('\n'));
});

test('a page of another origin gets nothing, not even with the token', needs, async (t) => {
  const { url } = await gateway(t, null);
  const foreign = await page(chrome, await pages(t, () => ['text/html', '<!doctype html>']));
  const tried = await foreign.evaluate(async (address) => {
    const outcome = (promise) => promise.then(() => 'answered', () => 'refused');
    const socket = (path) => new Promise((resolve, reject) => {
      const made = new WebSocket(address.replace('http', 'ws') + path);
      made.onopen = resolve;
      made.onerror = reject;
    });
    const script = () => new Promise((resolve, reject) => {
      const element = document.createElement('script');
      element.src = `${address}bridge.js`;
      element.onload = resolve;
      element.onerror = reject;
      document.head.append(element);
    });
    return {
      fetch: await outcome(fetch(address)),
      post: await outcome(fetch(`${address}sign`, { method: 'POST', body: '{"user":"alice"}' })),
      socket: await outcome(socket('seats/x/1/events')),
      script: await outcome(script()),
    };
  }, url);
  assert.deepStrictEqual(tried, { fetch: 'refused', post: 'refused', socket: 'refused', script: 'refused' });
});

test('one page cannot speak for another’s cloud', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, service, { user: 'alice', room: '1' });
  const first = await page(chrome, shell.url);
  const second = await page(chrome, shell.url);
  const volume = (cloud) => `window.__trtcBridge.call({method: 'getAudioCaptureVolume', params: {}, cloud: ${cloud}})`;
  const own = async (made) => (await made.evaluate('window.__trtcBridge.call({attach: true})')).v.cloud;
  const [one, other] = [await own(first), await own(second)];
  assert.notStrictEqual(one, other);
  assert.ok((await second.evaluate(volume(one))).e);
  await second.evaluate(`window.__trtcBridge.cast({method: 'setAudioCaptureVolume', params: {volume: 7, cloud: ${one}}, cloud: ${other}})`);
  assert.deepStrictEqual(await second.evaluate(volume(other)), { v: 7 });
  assert.deepStrictEqual(await first.evaluate(volume(one)), { v: 100 });
});

test('casts and calls keep their order under load, also when requests overtake each other or are lost', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, service, { user: 'alice', room: '1' });
  const made = await page(chrome, shell.url);
  await made.waitForSelector('body[data-state="lobby"]');
  let late = 0;
  await made.route('**/messages', async (route) => {
    if (JSON.parse(route.request().postData()).call === undefined && late < 40) {
      late += 1;
      if (late % 4 === 0) return route.abort(); // never arrives: it is sent again
      if (late % 4 === 1) { // arrives, and its answer does not
        await route.fetch();
        return route.abort();
      }
      await new Promise((resolve) => setTimeout(resolve, 5 * (late % 7)));
    }
    return route.continue();
  });
  const wrong = await made.evaluate(async () => {
    const bridge = window.__trtcBridge;
    const { cloud } = bridge.call({ attach: true }).v;
    const turn = () => new Promise((resolve) => setTimeout(resolve));
    const found = [];
    for (let round = 0; round < 300; round += 1) {
      const burst = 1 + (round * 7) % 12;
      for (let step = burst; step >= 0; step -= 1) {
        bridge.cast({ method: 'setAudioCaptureVolume', params: { volume: (round + step) % 101 }, cloud });
        if (step % 3 === 1) await turn(); // let requests go
      }
      const { v } = bridge.call({ method: 'getAudioCaptureVolume', params: {}, cloud });
      if (v !== round % 101) found.push([round, v]);
    }
    return found;
  });
  assert.deepStrictEqual(wrong, []);
  assert.ok(late > 10, `${late} requests were disturbed`);
  await made.unroute('**/messages');
  const last = 'window.__trtcBridge.call({method: "getAudioCaptureVolume", params: {}, cloud: window.__trtcBridge.call({attach: true}).v.cloud}).v';
  await until(async () => (await made.evaluate(last)) === 299 % 101, 'what came late changed nothing');
});

test('a cast that is too long for the gateway comes back as an error, and the next one goes', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, service, { user: 'alice', room: '1' });
  const made = await page(chrome, shell.url);
  await made.waitForSelector('body[data-state="lobby"]');
  const volume = await made.evaluate(async () => {
    const bridge = window.__trtcBridge;
    const { cloud } = bridge.call({ attach: true }).v;
    const warned = new Promise((resolve) => globalThis[Symbol.for('trtc-bridge')].share.on('onWarning', (code, text) => /setLogDirPath/.test(text) && resolve()));
    bridge.cast({ method: 'setLogDirPath', params: { path: 'x'.repeat(9e6) }, cloud });
    await warned;
    bridge.cast({ method: 'setAudioCaptureVolume', params: { volume: 33 }, cloud });
    return bridge.call({ method: 'getAudioCaptureVolume', params: {}, cloud }).v;
  });
  assert.strictEqual(volume, 33);
});

test('binary values pass, both ways', async () => {
  const { decode, encode } = require('../../app/gateway/codec');
  const bytes = Uint8Array.from({ length: 70000 }, (_, index) => index % 256);
  const back = decode(encode({ a: [bytes, { b: bytes.buffer.slice(0, 3) }], c: Buffer.from('text'), d: null }));
  assert.deepStrictEqual(Array.from(back.a[0]), Array.from(bytes));
  assert.deepStrictEqual(Array.from(back.a[1].b), [0, 1, 2]);
  assert.strictEqual(Buffer.from(back.c).toString(), 'text');
  assert.strictEqual(back.d, null);
});
