'use strict';
/** The program around the class: what keeps it alive, what ends it, and what is left of the backend. */
const assert = require('assert');
const fs = require('fs');
const { before, after, test } = require('node:test');
const { APP, rooms, userSig } = require('../tools/programs');
const { params, script } = require('../tools/script');
const { until } = require('../tools/wait');

const linux = process.platform === 'linux';

let service;
const ends = [];

before(async () => { service = await rooms({ after: (end) => ends.push(end) }); });
after(() => Promise.all(ends.map((end) => end())));

const run = (t, code) => script(t, { PYBACKEND_ROOMS: service.ready.signal }, code);

/** Children of a process, by their command lines. */
function backends(parent) {
  const found = [];
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const ppid = Number(/^PPid:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
      if (ppid === parent) found.push(Number(pid));
    } catch (error) {
      continue; // it has just ended
    }
  }
  return found;
}

const isGone = (pid) => !fs.existsSync(`/proc/${pid}`);

/** A program that has called for a backend, and that backend's number. */
async function called(t, code) {
  const made = run(t, `const cloud = TRTCCloud.getTRTCShareInstance(); say('devices', cloud.getCameraDevicesList().length);\n${code}`);
  await made.sees('devices', 1);
  const [pid] = await until(() => { const all = backends(made.child.pid); return all.length && all; }, 'a backend');
  return { made, pid };
}

test('loading it starts nothing and keeps nothing alive', async (t) => {
  const made = run(t, 'say("handles", process.getActiveResourcesInfo().filter((kind) => !/^(TTY|Pipe|Immediate|TickObject)/.test(kind)).length);');
  const { code } = await made.ended;
  assert.strictEqual(code, 0);
  assert.deepStrictEqual(made.said, [['handles', 0]]);
});

test('a cloud keeps the program alive; destroy lets it end, and ends the backend', { skip: !linux && 'reads /proc' }, async (t) => {
  const { made, pid } = await called(t, `
    require('readline').createInterface({ input: process.stdin }).on('line', () => { say('now'); process.stdin.destroy(); cloud.destroy(); });
  `);
  made.tell('go');
  await made.sees('now');
  const began = Date.now();
  const { code } = await made.ended;
  assert.strictEqual(code, 0, made.errors());
  assert.ok(Date.now() - began < 5000, `${Date.now() - began} ms`);
  await until(() => isGone(pid), 'the backend has ended');
});

test('destroyed in mid-call it is left in order, before the program ends', { skip: !linux && 'reads /proc' }, async (t) => {
  const { made, pid } = await called(t, `
    cloud.startLocalPreview(null);
    cloud.startLocalAudio(2);
    cloud.on('onExitRoom', (reason) => say('onExitRoom', reason));
    cloud.enterRoom(${params('someone', 1)}, 0);
    await next(cloud, 'onEnterRoom');
    cloud.destroy();
  `);
  assert.strictEqual((await made.ended).code, 0, made.errors());
  assert.deepStrictEqual(made.said.slice(1), [['onExitRoom', 0]]);
  await until(() => isGone(pid), 'the backend has ended');
});

for (const [name, end] of [['killed', (child) => child.kill('SIGKILL')], ['interrupted', (child) => child.kill('SIGINT')]]) {
  test(`when the program is ${name}, the backend ends by itself`, { skip: !linux && 'reads /proc' }, async (t) => {
    const { made, pid } = await called(t, 'setInterval(() => {}, 1000);');
    end(made.child);
    await made.ended;
    await until(() => isGone(pid), 'the backend has ended');
  });
}

test('process.exit needs no destroy', { skip: !linux && 'reads /proc' }, async (t) => {
  const { made, pid } = await called(t, 'process.stdin.once("data", () => process.exit(7));');
  made.tell('now');
  assert.strictEqual((await made.ended).code, 7);
  await until(() => isGone(pid), 'the backend has ended');
});

test('no secret is in the arguments or the environment of the backend', { skip: !linux && 'reads /proc' }, async (t) => {
  const { made, pid } = await called(t, `
    cloud.enterRoom(${params('someone', 2)}, 0);
    await next(cloud, 'onEnterRoom');
    say('in');
  `);
  await made.sees('in');
  const shown = ['cmdline', 'environ'].map((file) => fs.readFileSync(`/proc/${pid}/${file}`, 'utf8')).join('\0');
  for (const secret of [userSig('someone'), APP.key, 'token=', 'password']) assert.ok(!shown.includes(secret), secret);
});

test('the backend is killed: the call ends once, and can be begun anew', { skip: !linux && 'reads /proc' }, async (t) => {
  const { made, pid } = await called(t, `
    for (const name of ['onEnterRoom', 'onExitRoom', 'onError']) cloud.on(name, (first) => say(name, name === 'onEnterRoom' ? first > 0 : first, cloud.eventDetail && cloud.eventDetail.cause));
    cloud.enterRoom(${params('someone', 3)}, 0);
    await next(cloud, 'onExitRoom');
    const lost = Date.now();
    cloud.enterRoom(${params('someone', 3)}, 0);
    say('devices again', cloud.getCameraDevicesList().length);
    await next(cloud, 'onEnterRoom');
    say('took', Date.now() - lost);
    cloud.exitRoom();
    await next(cloud, 'onExitRoom');
    cloud.destroy();
  `);
  await made.sees('onEnterRoom', true);
  process.kill(pid, 'SIGKILL');
  assert.strictEqual((await made.ended).code, 0, made.errors());
  const events = made.said.filter(([name]) => /^on/.test(name)).map(([name, first]) => [name, first]);
  assert.deepStrictEqual(events, [['onEnterRoom', true], ['onError', -3301], ['onExitRoom', 1], ['onEnterRoom', true], ['onExitRoom', 0]]);
  assert.deepStrictEqual(made.said.find(([name, reason]) => name === 'onExitRoom' && reason === 1)[2], 'backend-lost');
  assert.deepStrictEqual(made.said.find(([name]) => name === 'devices again'), ['devices again', 1]);
  assert.ok(made.said.find(([name]) => name === 'took')[1] < 3000);
});
