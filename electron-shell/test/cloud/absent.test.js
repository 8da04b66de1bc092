'use strict';
/** Without a backend, with one that hangs, and after destroy: values of failure, quickly; one message that says what to do; nothing throws. */
const assert = require('assert');
const path = require('path');
const { before, after, test } = require('node:test');
const { PYTHON, ROOT, rooms } = require('../tools/programs');
const { params, script } = require('../tools/script');

const TOOLS = path.join(ROOT, 'electron-shell/test/tools');
const FAULTY = path.join(ROOT, 'electron-shell/test/main/fixtures/backend.js');
const NOWHERE = 'ws://127.0.0.1:9/signal';

let service;
const ends = [];

before(async () => { service = await rooms({ after: (end) => ends.push(end) }); });
after(() => Promise.all(ends.map((end) => end())));

/** Every method of a cloud, with how long the slowest took; checks each value. */
const EVERYTHING = `
  const { methods, plausible } = require(${JSON.stringify(`${TOOLS}/arguments`)});
  const { check } = require(${JSON.stringify(`${TOOLS}/values`)});
  function everything(cloud) {
    let slowest = ['', 0];
    for (const method of methods) {
      if (method.name === 'destroy') continue;
      const began = Date.now();
      const value = cloud[method.name](...plausible(method));
      if (Date.now() - began > slowest[1]) slowest = [method.name, Date.now() - began];
      if (method.returns === 'void') require('assert').strictEqual(value, undefined, method.name);
      else check(method.name, value);
    }
    return slowest;
  }
`;

const ABSENCES = {
  'no room service is named': [{ PYBACKEND_ROOMS: null }, /PYBACKEND_ROOMS/],
  'there is no such program': [{ PYBACKEND_ROOMS: NOWHERE, PYBACKEND_COMMAND: 'no-such-program-here serve' }, /no-such-program-here: there is no such program.*PYBACKEND_COMMAND/],
  'the setting cannot be read': [{ PYBACKEND_ROOMS: NOWHERE, PYBACKEND_COMMAND: '["pybackend",' }, /PYBACKEND_COMMAND: /],
  'it dies at once': [{ PYBACKEND_ROOMS: NOWHERE, PYBACKEND_COMMAND: JSON.stringify([process.execPath, FAULTY, 'dies', '1']) }, /ended with code 1 \(last words\)/],
  'its arguments are wrong': [{ PYBACKEND_ROOMS: 'http://here', PYBACKEND_COMMAND: JSON.stringify([PYTHON, '-m', 'pybackend', 'serve']) }, /ended with code 2 .*--rooms/],
  'it is of another protocol': [{ PYBACKEND_ROOMS: NOWHERE, PYBACKEND_COMMAND: JSON.stringify([process.execPath, FAULTY, 'newer']) }, /trtc-bridge \S+ speaks protocol 1, pybackend 9\.9\.9 speaks 2: install/],
};

for (const name of Object.keys(ABSENCES)) {
  const [environment, message] = ABSENCES[name];
  test(`${name}: values of failure, and one message`, async (t) => {
    const run = script(t, environment, `${EVERYTHING}
      const cloud = TRTCCloud.getTRTCShareInstance();
      cloud.on('onEnterRoom', (result) => say('onEnterRoom', result));
      cloud.on('onError', (code) => say('onError', code));
      cloud.on('onExitRoom', (reason) => say('onExitRoom', reason));
      cloud.on('onWarning', (code, text, extra) => say('onWarning', code, typeof text, extra.method));
      say('first', ...everything(cloud));
      say('second', ...everything(cloud));
      say('lists', cloud.getCameraDevicesList(), cloud.getCurrentMicDevice(), cloud.getAudioCaptureVolume(), cloud.getCurrentMicDeviceMute(), cloud.createSubCloud());
      await wait(100);
      cloud.exitRoom();
      await next(cloud, 'onExitRoom');
      cloud.destroy();
      say('after', ...everything(cloud));
      cloud.destroy();
    `);
    const { code, ms } = await run.ended;
    assert.strictEqual(code, 0, run.errors());
    const of = (word) => run.said.filter(([first]) => first === word).map((all) => all.slice(1));
    assert.ok(of('first')[0][1] < 10500, `${of('first')}`);
    assert.ok(of('second')[0][1] < 500, `${of('second')}`);
    assert.ok(of('after')[0][1] < 100, `${of('after')}`);
    assert.ok(ms < 10000, `${ms} ms in all`);
    assert.deepStrictEqual(of('lists'), [[[], { deviceId: '', deviceName: '', deviceProperties: {} }, 100, false, null]]);
    assert.deepStrictEqual([of('onEnterRoom'), of('onError')], [[[-3301], [-3301]], [[-3301], [-3301]]], 'one for each');
    assert.ok(of('onWarning').every(([number]) => number === -32001) && of('onWarning').some(([, , method]) => method === 'muteLocalAudio'));
    const told = run.errors().split('\n').filter((line) => line.includes('trtc-bridge:'));
    const reasons = told.filter((line) => line.includes('there is no backend'));
    assert.strictEqual(reasons.length, 1, run.errors());
    assert.match(reasons[0], message);
    assert.ok(!/^TRTCCloud\.\w+: .*no backend/m.test(run.errors()), 'not a line for each call');
  });
}

test('a backend that hangs: a call ends by its deadline, those after it at once, and then there is another', async (t) => {
  const run = script(t, { PYBACKEND_ROOMS: service.ready.signal }, `${EVERYTHING}
    const cloud = TRTCCloud.getTRTCShareInstance();
    cloud.on('onExitRoom', (reason) => say('onExitRoom', reason));
    cloud.enterRoom(${params('hung', 1)}, 0);
    await next(cloud, 'onEnterRoom');
    const { execFileSync } = require('child_process');
    const pid = Number(execFileSync('pgrep', ['-P', String(process.pid)]).toString().trim());
    process.kill(pid, 'SIGSTOP');
    const began = Date.now();
    cloud.setAudioCaptureVolume(7);
    const value = cloud.getAudioCaptureVolume();
    say('first', value, Date.now() - began);
    const [, slowest] = everything(cloud);
    say('all', slowest, Date.now() - began);
    await next(cloud, 'onExitRoom');
    say('gone', Date.now() - began);
    say('again', cloud.getCameraDevicesList().length, cloud.getAudioCaptureVolume());
    cloud.destroy();
  `);
  const { code } = await run.ended;
  assert.strictEqual(code, 0, run.errors());
  const of = (word) => run.said.find(([first]) => first === word).slice(1);
  assert.strictEqual(of('first')[0], 100);
  assert.ok(of('first')[1] < 5500, `${of('first')}`);
  assert.ok(of('all')[0] < 500, `${of('all')}`);
  assert.ok(of('gone')[0] < 12000);
  assert.deepStrictEqual(of('again'), [1, 100]);
  assert.strictEqual(run.said.filter(([first]) => first === 'onExitRoom').length, 1);
});

test('after destroy every method warns, does nothing, and returns its value of failure', async (t) => {
  const run = script(t, { PYBACKEND_ROOMS: service.ready.signal }, `${EVERYTHING}
    const cloud = TRTCCloud.getTRTCShareInstance();
    const names = ['onWarning', 'onError', 'onEnterRoom', 'onExitRoom'];
    cloud.getCameraDevicesList();
    cloud.destroy();
    for (const name of names) cloud.on(name, (...args) => say('event', name, ...args));
    const warnings = [];
    console.warn = (text) => warnings.push(text);
    say('slowest', ...everything(cloud));
    say('warnings', warnings.filter((text) => /is destroyed$/.test(text)).length);
    cloud.destroy();
    TRTCCloud.destroyTRTCShareInstance();
    await wait(300);
  `);
  assert.strictEqual((await run.ended).code, 0, run.errors());
  assert.ok(run.said.find(([word]) => word === 'slowest')[2] < 50);
  assert.ok(run.said.find(([word]) => word === 'warnings')[1] > 170);
  assert.ok(!run.said.some(([word]) => word === 'event'), JSON.stringify(run.said));
});
