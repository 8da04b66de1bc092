'use strict';
/** A backend of another protocol is refused once, by one error that names both versions and what to do; it is not tried again. */
const assert = require('assert');
const path = require('path');
const { test } = require('node:test');
const { version } = require('../../sdk/package.json');
const { Host } = require('../../sdk/main/host');
const { Link } = require('../../sdk/main/link');
const { Rpc } = require('../../sdk/main/rpc');
const { backend, rooms } = require('../tools/programs');
const { next, until } = require('../tools/wait');

const FAULTY = path.join(__dirname, 'fixtures/backend.js');

function link(t, fault) {
  const made = new Link({
    rooms: 'ws://127.0.0.1:9/signal', commands: [[process.execPath, FAULTY, fault]], log: () => {}, deadlines: { retryMs: 0 },
  });
  made.failures = [];
  made.on('failed', (why) => made.failures.push(why));
  t.after(() => made.stop());
  return made;
}

const SAID = {
  newer: ['pybackend 9.9.9 speaks 2', 'trtc-bridge 9.9.9'],
  refusing: ['pybackend 9.9.10 speaks 2', 'trtc-bridge 9.9.10'],
  older: ['pybackend 9.9.9 does not', 'trtc-bridge 9.9.9'],
};

for (const fault of Object.keys(SAID)) {
  test(`a backend that is ${fault}`, async (t) => {
    const made = link(t, fault);
    const waiting = made.request('getCameraDevicesList', {});
    const { child } = made.supervisor;
    const ended = next(child, 'exit');
    await assert.rejects(waiting, ({ code, message }) => {
      assert.strictEqual(code, -32001);
      for (const part of [`trtc-bridge ${version} speaks protocol 1`, ...SAID[fault], `pybackend ${version}`]) assert.ok(message.includes(part), message);
      return true;
    });
    await ended;
    for (let round = 0; round < 3; round += 1) {
      await assert.rejects(made.request('ping', {}), { code: -32001 });
      await new Promise(setImmediate);
    }
    assert.strictEqual(made.state, 'failed');
    assert.strictEqual(made.failures.length, 1);
    assert.strictEqual(made.supervisor.child, null);
  });
}

test('our backend refuses a package of another protocol, and says what it is itself', async (t) => {
  const { ready } = await backend(t, await rooms(t));
  const rpc = new Rpc(ready);
  t.after(() => rpc.close());
  rpc.hello.protocol = 2;
  rpc.on('up', () => assert.fail('it is up'));
  const [why] = await next(rpc, 'unfit');
  assert.ok(why.includes(`pybackend ${ready.version} speaks 1`), why);
});

test('a backend of another release that speaks our protocol is used, with a line in the log', async (t) => {
  const lines = [];
  const host = new Host({ rooms: 'ws://127.0.0.1:9/signal', commands: [[process.execPath, FAULTY, 'akin']], log: (line) => lines.push(line) });
  t.after(() => host.stop());
  assert.strictEqual(await host.link.request('ping', {}), null);
  assert.deepStrictEqual(lines, [`trtc-bridge: pybackend 9.9.9 is of another release than trtc-bridge ${version}; both speak protocol 1`]);
});

test('one that takes connections and does not greet is ended, and started again', async (t) => {
  const made = new Link({
    rooms: 'ws://127.0.0.1:9/signal', commands: [[process.execPath, FAULTY, 'mute']], log: () => {}, deadlines: { hungMs: 300 },
  });
  t.after(() => made.stop());
  made.wake();
  const [why] = await next(made, 'lost');
  assert.match(why, /could not be reached/);
  const first = made.supervisor.child;
  await until(() => made.supervisor.child && made.supervisor.child !== first, 'the next one');
});

test('a backend that wants another mechanism than it says is given up as well', async (t) => {
  const served = await backend(t, await rooms(t), '--endpoint', 'tcp://127.0.0.1:0');
  const rpc = new Rpc(Object.assign({}, served.ready, { auth: { mechanism: 'PLAIN', username: 'pybackend', password: 'wrong' } }));
  t.after(() => rpc.close());
  assert.match((await next(rpc, 'unfit'))[0], /refuses/);
});
