'use strict';
/** What the launcher tells, and the signatures that are made with it. */
const assert = require('assert');
const { PassThrough } = require('stream');
const { test } = require('node:test');
const { Launcher, listen } = require('../../app/launcher');
const { userSig } = require('../../app/usersig');
const { APP, python } = require('../tools/programs');

const TOLD = { TRTC_APP_STDIN: '1' };

/** What the project's own verification says of signatures; each is [sig, user]. */
function verified(signatures) {
  const code = `
import json, sys
from pybackend.core.usersig import verify
for sig, user in json.loads(sys.argv[1]):
    try:
        verify(sig, sdk_app_id=${APP.id}, secret_key=${JSON.stringify(APP.key)}, user_id=user)
        print("valid")
    except Exception as error:
        print(type(error).__name__)`;
  return python('-c', code, JSON.stringify(signatures)).split('\n');
}

test('a signature made here is valid for its user, key and time, and for no other', () => {
  const known = { sdkAppId: APP.id, secretKey: APP.key };
  const nowS = Math.floor(Date.now() / 1000);
  const made = [
    [userSig(Object.assign({ user: 'alice' }, known)), 'alice'],
    [userSig(Object.assign({ user: 'a-user_with.more' }, known)), 'a-user_with.more'],
    [userSig(Object.assign({ user: 'alice' }, known)), 'bob'],
    [userSig(Object.assign({}, known, { user: 'alice', secretKey: 'another' })), 'alice'],
    [userSig(Object.assign({}, known, { user: 'alice', sdkAppId: 5 })), 'alice'],
    [userSig(Object.assign({ user: 'alice', expireS: 10, nowS: nowS - 20 }, known)), 'alice'],
  ];
  const verdicts = verified(made).map((word) => word === 'valid');
  assert.deepStrictEqual(verdicts, [true, true, false, false, false, false]);
  for (let number = 0; number < 50; number += 1) {
    assert.match(userSig(Object.assign({ user: `user${number}` }, known)), /^[A-Za-z0-9*_-]+$/);
  }
});

test('each page gets a name of its own; only who has a key signs', () => {
  const launcher = new Launcher({ sdkAppId: APP.id, secretKey: APP.key, user: 'alice', room: 7 });
  assert.deepStrictEqual(launcher.prefill('ws://here'), { server: 'ws://here', sdkAppId: APP.id, user: 'alice', room: '7', signs: true });
  assert.strictEqual(launcher.prefill().user, 'alice-2');
  assert.ok(!JSON.stringify(launcher.prefill()).includes(APP.key));
  for (const user of ['', null, undefined, 3, {}]) assert.strictEqual(launcher.sign(user), '');
  assert.deepStrictEqual(new Launcher().prefill(), { server: undefined, sdkAppId: 0, user: '', room: '', signs: false });
  assert.strictEqual(new Launcher({ sdkAppId: 'x', secretKey: 3, user: {} }).sign('alice'), '');
});

test('stdin is read if it is said so: one line, and its end', async () => {
  const stdin = new PassThrough();
  let ended = 0;
  const told = listen(() => { ended += 1; }, stdin, TOLD);
  stdin.write('{"sdkAppId":5,"user":"al');
  stdin.write('ice"}\n{"user":"bob"}\n');
  assert.strictEqual((await told).user, 'alice');
  assert.strictEqual(ended, 0);
  stdin.end();
  await new Promise((resolve) => stdin.once('close', resolve));
  await new Promise(setImmediate);
  assert.strictEqual(ended, 1);

  const silent = new PassThrough();
  silent.end();
  assert.strictEqual((await listen(() => { ended += 1; }, silent, TOLD)).user, ''); // nobody told anything: the form asks
  assert.strictEqual(ended, 1);
  assert.strictEqual((await listen(() => {}, null, {})).user, '');
  const odd = new PassThrough();
  odd.end('nonsense\n');
  assert.strictEqual((await listen(() => {}, odd, TOLD)).user, '');
});
