'use strict';
/** One backend at a time is kept alive: its ready line, its end, the next try, and the ways to end it; whatever the program does. */
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { LONGEST } = require('../../sdk/main/lines');
const { RUNGS, Supervisor } = require('../../sdk/main/supervisor');
const { exists } = require('../tools/processes');
const { next, until } = require('../tools/wait');

const FAULTY = path.join(__dirname, 'fixtures/backend.js');
const windows = process.platform === 'win32';
const linux = process.platform === 'linux';

/** A supervisor of a faulty program, which has said `events` so far and logged `lines`. */
function supervisor(t, fault, deadlines = {}, more = {}) {
  const lines = [];
  const commands = [[process.execPath, FAULTY].concat(fault)];
  const made = new Supervisor(Object.assign({ rooms: 'ws://127.0.0.1:9/signal', commands, deadlines, log: (line) => lines.push(line) }, more));
  made.events = [];
  for (const name of ['ready', 'lost', 'failed']) made.on(name, (what) => made.events.push([name, what]));
  made.lines = lines;
  t.after(() => made.stop());
  return made;
}

const names = (made) => made.events.map(([name]) => name);

test('the ready line is handed on; start does nothing while one runs', async (t) => {
  const made = supervisor(t, ['obedient']);
  made.start();
  made.start();
  const [ready] = await next(made, 'ready');
  assert.strictEqual(ready.version, '9.9.9');
  assert.strictEqual(made.child.pid, ready.pid);
  made.start();
  assert.strictEqual(made.child.pid, ready.pid);
});

test('one that ends is started again: at once the first time, then after growing pauses, and then no more', async (t) => {
  const made = supervisor(t, ['obedient'], { restartMs: [0, 100, 300], stableMs: 60000 });
  made.start();
  const gaps = [];
  for (let round = 0; round < 4; round += 1) {
    await next(made, 'ready');
    const ended = Date.now();
    const over = next(made, round < 3 ? 'lost' : 'failed');
    process.kill(made.child.pid, 'SIGKILL');
    const [why] = await over;
    assert.match(why, windows ? /ended/ : /SIGKILL/);
    if (round < 3) next(made, 'ready').then(() => gaps.push(Date.now() - ended));
  }
  assert.strictEqual(gaps.length, 3);
  assert.ok(gaps[1] >= 100 && gaps[2] >= 300, String(gaps));
  assert.deepStrictEqual([made.child, made.timer], [null, null]);
  made.start(); // asked again, it begins anew
  await next(made, 'ready');
});

test('after a time without trouble a loss counts as the first again', async (t) => {
  const made = supervisor(t, ['obedient'], { restartMs: [0], stableMs: 20 });
  made.start();
  for (let round = 0; round < 4; round += 1) {
    await next(made, 'ready');
    const since = Date.now();
    await until(() => Date.now() - since > 30);
    made.kill('a test');
  }
  await next(made, 'ready');
  assert.ok(!names(made).includes('failed'));
});

test('one that dies at once is tried a few times; its last words and what to do are in the reason', async (t) => {
  const made = supervisor(t, ['dies', '3'], { firstMs: [10, 20] });
  made.start();
  const [why] = await next(made, 'failed');
  assert.deepStrictEqual(names(made), ['lost', 'lost', 'failed']);
  assert.match(why, /ended with code 3 \(last words\).*PYBACKEND_COMMAND/);
});

test('bad arguments are not tried twice', async (t) => {
  const made = supervisor(t, ['dies', '2']);
  made.start();
  const [why] = await next(made, 'failed');
  assert.deepStrictEqual(names(made), ['failed']);
  assert.match(why, /last words/);
});

test('a program that does not exist, or may not be run, has failed at once', async (t) => {
  for (const command of [['no-such-program-here'], [__dirname]]) {
    const made = supervisor(t, [], {}, { commands: [command] });
    made.start();
    const [why] = made.events.length ? [made.events[0][1]] : await next(made, 'failed');
    assert.ok(why.startsWith(`${command[0]}: `) && why.includes('PYBACKEND_COMMAND'), why);
    assert.deepStrictEqual(names(made), ['failed']);
    assert.strictEqual(made.child, null);
    assert.strictEqual(await made.stop(), RUNGS.NONE);
  }
});

test('stopping what has just turned out not to exist ends, too', async (t) => {
  const made = supervisor(t, [], {}, { commands: [['no-such-program-here'], [process.execPath, FAULTY, 'obedient']] });
  made.start();
  assert.strictEqual(await made.stop(), RUNGS.NONE);
  await new Promise(setImmediate);
  assert.strictEqual(made.child, null);
});

test('without a room service nothing is started', (t) => {
  const before = process.env.PYBACKEND_ROOMS;
  delete process.env.PYBACKEND_ROOMS;
  t.after(() => before !== undefined && Object.assign(process.env, { PYBACKEND_ROOMS: before }));
  const made = supervisor(t, ['obedient'], {}, { rooms: undefined });
  made.start();
  assert.match(made.events[0][1], /PYBACKEND_ROOMS/);
  assert.strictEqual(made.child, null);
});

for (const [fault, reason] of [[['never'], /not ready within 400 ms/], [['garbage'], /not ready within 400 ms/], [['pointless'], /no endpoint/]]) {
  test(`one that is ${fault} is ended, and tried again`, async (t) => {
    const made = supervisor(t, fault, { readyMs: 400, firstMs: [0] });
    made.start();
    const first = made.child.pid;
    assert.match((await next(made, 'lost'))[0], reason);
    assert.ok(!exists(first));
    assert.match((await next(made, 'failed'))[0], reason);
    assert.ok(!names(made).includes('ready'));
  });
}

test('what it writes to stderr is passed on, and an endless line is cut', async (t) => {
  const made = supervisor(t, ['noisy']);
  made.start();
  await next(made, 'ready');
  await until(() => made.lines.includes('[pybackend] the end'));
  assert.deepStrictEqual(made.lines.slice(0, 100), Array.from({ length: 100 }, (_, line) => `[pybackend] line ${line}`));
  assert.ok(made.lines.every((line) => line.length <= '[pybackend] '.length + LONGEST));
  assert.ok(made.lines.length < 105, `${made.lines.length} lines`);
});

const LADDER = [['obedient', RUNGS.ASKED], ['deaf', windows ? RUNGS.KILLED : RUNGS.TERMINATED], ['stubborn', windows ? RUNGS.TERMINATED : RUNGS.KILLED]];

for (const [fault, rung] of LADDER) {
  test(`one that is ${fault} is ${rung}`, async (t) => {
    const made = supervisor(t, [fault], { askedMs: fault === 'obedient' ? 10000 : 200, termMs: fault === 'deaf' ? 10000 : 200 });
    made.start();
    const [{ pid }] = await next(made, 'ready');
    const stopped = made.stop();
    assert.strictEqual(made.stop(), stopped);
    assert.strictEqual(await stopped, rung);
    assert.ok(!exists(pid), 'not even a zombie is left');
    assert.deepStrictEqual(names(made), ['ready'], 'an end in order is no loss');
    made.start();
    assert.strictEqual(made.child === null || made.child.pid === pid, true, 'it stays stopped');
  });
}

test('one that is still starting, or about to be started again, is stopped as well', async (t) => {
  const starting = supervisor(t, ['late', '500']);
  starting.start();
  assert.strictEqual(await starting.stop(), RUNGS.ASKED);
  assert.deepStrictEqual(starting.events, []);
  const pausing = supervisor(t, ['dies', '1'], { firstMs: [60000] });
  pausing.start();
  await next(pausing, 'lost');
  assert.strictEqual(await pausing.stop(), RUNGS.NONE);
  assert.strictEqual(pausing.timer, null);
});

test('nothing secret is in its arguments or its environment', { skip: !linux && 'reads /proc' }, async (t) => {
  const made = supervisor(t, ['obedient'], {}, { args: ['--allow-origin', 'https://example.org'] });
  made.start();
  const [{ pid }] = await next(made, 'ready');
  const args = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(3, -1);
  assert.deepStrictEqual(args, ['--rooms', 'ws://127.0.0.1:9/signal', '--parent-watch', '--allow-origin', 'https://example.org']);
  const given = fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean).sort();
  assert.deepStrictEqual(given, Object.keys(process.env).map((name) => `${name}=${process.env[name]}`).sort(), 'what it inherits, and no more');
});

test('one that is replaced before it is ready is not taken for the next', async (t) => {
  const made = supervisor(t, ['hasty', '100']);
  made.start();
  const lost = next(made, 'lost');
  made.again('ws://127.0.0.1:9/other');
  await lost;
  assert.deepStrictEqual(names(made), ['lost']);
});
