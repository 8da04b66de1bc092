'use strict';
/** The program that the SDK's guide to leaving a room gives: import, instance, `exitRoom`, and then the listener. It runs as it is, in Node and bundled in a page. */
const assert = require('assert');
const { execFile, execFileSync } = require('child_process');
const path = require('path');
const { test } = require('node:test');
const { promisify } = require('util');
const { ELECTRON, electron } = require('../tools/electron');
const { copied, project } = require('../tools/electron-project');
const { COMMAND, rooms } = require('../tools/programs');
const { until } = require('../tools/wait');

const PROGRAM = `import TRTCCloud from 'trtc-electron-sdk';

const trtcCloud = new TRTCCloud();

trtcCloud.exitRoom();

function onExitRoom(reason) {
  console.log(\`onExitRoom reason: \${reason}\`);
}
trtcCloud.on('onExitRoom', onExitRoom);
`;

test('in plain Node', { timeout: 60000 }, async (t) => {
  const service = await rooms(t);
  const made = project(t, 'node', { 'guide.mjs': `${PROGRAM}trtcCloud.once('onExitRoom', () => trtcCloud.destroy());\n` });
  const env = Object.assign({}, process.env, { PYBACKEND_COMMAND: COMMAND, PYBACKEND_ROOMS: service.ready.signal });
  const { stdout } = await promisify(execFile)(process.execPath, ['guide.mjs'], { cwd: made, env, timeout: 30000 });
  assert.strictEqual(stdout, 'onExitRoom reason: 0\n');
});

for (const mode of ['node', 'isolated']) {
  test(`in a page (${mode})`, { skip: !ELECTRON, timeout: 60000 }, async (t) => {
    const service = await rooms(t);
    const made = project(t, mode, { 'guide.js': PROGRAM }, copied);
    execFileSync(process.execPath, [path.join(__dirname, 'bundlers.js'), 'vite', path.join(made, 'guide.js'), path.join(made, 'page.js')]);
    const shell = await electron(t, [made], { rooms: service.ready.signal });
    await until(() => shell.log.some((line) => line.includes('onExitRoom reason: 0')), 'what the guide prints');
  });
}
