'use strict';
/**
 * In the page: `window.__trtcBridge` by way of the gateway. Casts wait in line until the gateway has them; a call goes at once and
 * takes along all that still wait, so that nothing overtakes anything. Events come over a socket.
 */
const { decode, encode } = require('./codec');
const { Owed } = require('./owed');

const KEY = 'trtc-bridge-seat';
const RETRY_MS = [100, 300, 1000, 2000];
const MOST_WAITING = 2000; // casts; further ones come back as errors
const GIVE_UP_MS = 10000; // as long as the gateway keeps a seat
const GONE = 'The gateway is gone. Start it again, and load its new address.';
const MOST_TRIES = 30;
const REFUSED = 'The gateway did not take it.';
const BUSY = 'The gateway is too slow: too many calls wait for it.';

const here = new URL('.', window.location.href);

let waiting = []; // casts that the gateway may not have yet
let lastSeq = 0;
let sending = false;
let tries = 0; // without success
let socket = null;
let losses = 0;
let lostAt = 0;
let gone = false;
let heard = () => {};

const owed = new Owed();
let cloudNumber = 0;

function request(method, path, body, synchronous) {
  const http = new XMLHttpRequest();
  http.open(method, new URL(path, here).href, !synchronous);
  http.setRequestHeader('content-type', 'application/json');
  if (synchronous) {
    http.send(body);
    return http;
  }
  return new Promise((resolve, reject) => {
    http.onload = () => resolve(http);
    http.onerror = () => reject(new Error('no answer'));
    http.send(body);
  });
}

/** The seat that the page before us in this window left, or a new one. */
function sit() {
  const before = JSON.parse(window.sessionStorage.getItem(KEY) || '{}');
  const http = request('POST', 'seat', JSON.stringify({ seat: before.seat || '', left: before.left === true }), true);
  if (http.status !== 200) throw new Error(`the gateway has no seat for this page: ${http.responseText}`);
  const mine = JSON.parse(http.responseText);
  window.sessionStorage.setItem(KEY, JSON.stringify({ seat: mine.seat }));
  const place = `seats/${mine.seat}/${mine.load}/`;
  window.addEventListener('pagehide', () => {
    window.sessionStorage.setItem(KEY, JSON.stringify({ seat: mine.seat, left: true }));
    if (waiting.length) navigator.sendBeacon(new URL(`${place}messages`, here).href, encode({ casts: waiting }));
  });
  return place;
}

// -- what we say

function cast(message) {
  if (gone || waiting.length >= MOST_WAITING) {
    refuse(message, gone ? GONE : BUSY);
    return;
  }
  if (message.cloud === cloudNumber) owed.sent(message.method);
  lastSeq += 1;
  waiting.push({ seq: lastSeq, message });
  if (!sending) {
    sending = true;
    Promise.resolve().then(send);
  }
}

/** The gateway has these. */
function taken(casts) {
  const last = casts.length ? casts[casts.length - 1].seq : 0;
  waiting = waiting.filter(({ seq }) => seq > last);
}

/** One request at a time, with all that waits. */
async function send() {
  while (waiting.length && !gone) {
    const casts = waiting.slice();
    const status = await request('POST', `${seat}messages`, encode({ casts })).then((http) => http.status, () => 0);
    tries = status === 200 ? 0 : tries + 1;
    if (status === 200) taken(casts);
    else if (status === 410) giveUp();
    else if (status >= 400 || tries > MOST_TRIES) {
      taken(casts);
      casts.forEach(({ message }) => refuse(message, REFUSED));
    } else await new Promise((resolve) => setTimeout(resolve, RETRY_MS[1]));
  }
  sending = false;
}

function call(message) {
  const casts = waiting.slice();
  try {
    if (gone) throw new Error(GONE);
    const http = request('POST', `${seat}messages`, encode({ casts, call: message }), true);
    if (http.status !== 200) throw new Error(`the gateway answers with status ${http.status}`);
    taken(casts);
    const answer = decode(http.responseText);
    if (message.attach && answer.v) cloudNumber = answer.v.cloud;
    return answer;
  } catch (error) {
    return { e: { code: -32000, message: error.message } };
  }
}

// -- what we hear

function connect() {
  socket = new WebSocket(new URL(`${seat}events`, here).href.replace(/^http/, 'ws'));
  socket.onopen = () => { losses = 0; lostAt = 0; };
  socket.onmessage = ({ data }) => deliver(decode(data));
  socket.onclose = () => {
    lostAt = lostAt || Date.now();
    if (gone || Date.now() - lostAt > GIVE_UP_MS) giveUp();
    else setTimeout(connect, RETRY_MS[Math.min(losses, RETRY_MS.length - 1)]);
    losses += 1;
  };
}

function deliver(message) {
  if (message.type === 'event' && message.cloud === cloudNumber) owed.heard(message);
  heard(message);
}

/** Nobody is left to say it: the room that we were in has ended for us. */
function giveUp() {
  if (gone) return;
  gone = true;
  waiting = [];
  heard({ type: 'frames', url: null });
  tell(owed.due(GONE));
}

function refuse({ method, cloud }, why) {
  if (!method) return;
  heard({ type: 'fault', cloud, method, error: { code: -32000, message: why } });
  if (cloud === cloudNumber) tell(owed.refused(method, why));
}

function tell(events) {
  events.forEach((event) => heard(Object.assign({ type: 'event', cloud: cloudNumber }, event)));
}

// -- the launcher, as a preload would give it

async function ask(path, body) {
  const http = await request('POST', path, JSON.stringify(body));
  return http.status === 200 ? JSON.parse(http.responseText) : {};
}

const seat = sit();
connect();

window.__trtcBridge = { ready: true, cast, call, listen: (callback) => { heard = callback; } };

window.launcher = {
  prefill: () => ask('prefill', {}),
  sign: (user) => ask('sign', { user }).then(({ userSig = '' }) => userSig),
  moveTo: (server) => ask('server', { server }).then(({ moved = false }) => moved),
  onClosing: () => {}, // a tab that is closed says so to nobody: the gateway waits for its successor
  closed: () => {},
};
