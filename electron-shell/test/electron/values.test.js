'use strict';
/** In a page of a real Electron: what returns something returns it at once, right from the first call, and no call hangs the page. */
const assert = require('assert');
const { test } = require('node:test');
const { bundle } = require('../../app/bundle');
const { methods, plausible } = require('../tools/arguments');
const { backendPid, caller } = require('../tools/caller');
const { ELECTRON, electron } = require('../tools/electron');
const { RECORDER, project } = require('../tools/electron-project');
const { SDK, rooms } = require('../tools/programs');
const { CHECKS } = require('../tools/values');

const options = { skip: !ELECTRON, timeout: 120000 };
const LOAD = { node: "window.TRTC = window.require('trtc-electron-sdk');\n", isolated: `${bundle(SDK, 'TRTC')}\n` };
const TABLE = bundle(require.resolve('../tools/values'), 'VALUES');
const LONGEST_MS = 6000; // the deadline of a call, and what the machine needs beside it

/** Calls every method that returns something, as the page's first deed; what is not as documented. */
const FIRST = (args) => `
window.TRTCCloud = window.TRTC.default;
window.wrong = (cloud) => {
  const args = ${args};
  const wrong = [];
  window.slowest = 0;
  for (const name of Object.keys(VALUES.CHECKS)) {
    const began = performance.now();
    try {
      VALUES.check(name, cloud[name](...args[name]));
    } catch (error) {
      wrong.push(name + ': ' + error.message);
    }
    window.slowest = Math.max(window.slowest, performance.now() - began);
  }
  return wrong;
};
const first = window.TRTCCloud.getTRTCShareInstance();
window.firstCameras = first.getCameraDevicesList().map(({ deviceId }) => deviceId);
window.firstWrong = window.wrong(first);
`;

const withArguments = () => {
  const all = {};
  for (const name of Object.keys(CHECKS)) {
    const given = plausible(methods.find((method) => method.name === name));
    all[name] = given.map((arg) => (arg && (typeof arg === 'object' ? ArrayBuffer.isView(arg) || arg instanceof ArrayBuffer : typeof arg === 'function') ? null : arg));
  }
  all.sendSEIMsg = [[0], 1];
  const text = JSON.stringify(all);
  return text.replace('"sendSEIMsg":[[0],1]', '"sendSEIMsg":[new Uint8Array(3),1]');
};

for (const mode of ['node', 'isolated']) {
  test(`every value, from the first call on; and none is waited for for long (${mode})`, options, async (t) => {
    const service = await rooms(t);
    const made = project(t, mode, { 'page.js': RECORDER + LOAD[mode] + TABLE + FIRST(withArguments()) });
    const shell = await electron(t, [made], { rooms: service.ready.signal });
    const { page } = await caller(shell, 0, 'alice');
    assert.deepStrictEqual(await page.run(() => [window.firstCameras, window.firstWrong]), [['virtual:camera'], []]);

    const pid = await backendPid(shell);
    process.kill(pid, 'SIGSTOP');
    const slow = await page.run(() => [window.wrong(window.TRTCCloud.getTRTCShareInstance()), window.slowest]);
    process.kill(pid, 'SIGCONT');
    assert.deepStrictEqual(slow[0], []);
    assert.ok(slow[1] < LONGEST_MS, `a call took ${slow[1]} ms while the backend hung`);

    await shell.main(() => { globalThis[Symbol.for('trtc-bridge.main')].host.stop(); });
    const absent = await page.run(() => [window.wrong(window.TRTCCloud.getTRTCShareInstance()), window.slowest]);
    assert.deepStrictEqual(absent[0], []);
    assert.ok(absent[1] < LONGEST_MS, `a call took ${absent[1]} ms without a backend`);
  });
}
