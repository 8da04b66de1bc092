'use strict';
/** The package as npm packs and installs it, under the SDK's name, in an Electron project that has nothing else: the README's example works there. */
const assert = require('assert');
const { execSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { createPackage } = require('@electron/asar');
const { caller } = require('../tools/caller');
const { ELECTRON, electron } = require('../tools/electron');
const { copied, project } = require('../tools/electron-project');
const { folder } = require('../tools/files');
const { Observer } = require('../tools/observer');
const { readPattern } = require('../tools/pattern');
const { ROOT, rooms, userSig } = require('../tools/programs');
const { until } = require('../tools/wait');

const README = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');

/** A block of the README by what follows its three backticks. */
const block = (name) => new RegExp(`^\`\`\`${name}\n([^]*?)^\`\`\``, 'm').exec(README)[1];

const PAGE = `<!doctype html><meta charset="utf-8"><title>example</title>
<div id="local" style="width: 320px; height: 180px"></div><div id="remote" style="width: 320px; height: 180px"></div>
<button id="leave">leave</button><script src="page.js"></script>`;

test('the example of the README', { skip: !ELECTRON, timeout: 120000 }, async (t) => {
  const made = folder(t);
  fs.writeFileSync(path.join(made, 'package.json'), '{ "name": "example", "private": true, "main": "main.js" }');
  for (const command of block('sh app').trim().split('\n')) {
    execSync(command.replace('../pybackend', ROOT), { cwd: made, stdio: ['ignore', 'pipe', 'pipe'] });
  }
  const installed = path.join(made, 'node_modules/trtc-electron-sdk');
  assert.deepStrictEqual(fs.readdirSync(path.join(made, 'node_modules')).filter((name) => !name.startsWith('.')), ['trtc-electron-sdk']);
  assert.ok(['main', 'preload', 'index.js', 'index.d.ts', 'liteav'].every((name) => fs.existsSync(path.join(installed, name))));
  fs.writeFileSync(path.join(made, 'index.html'), PAGE);
  fs.writeFileSync(path.join(made, 'main.js'), block('js main.js'));
  fs.writeFileSync(path.join(made, 'page.js'), block('js page.js').replace('…', userSig('alice')));

  const service = await rooms(t);
  const bob = await Observer.in(t, service, 'bob', 7);
  const shell = await electron(t, [made], { rooms: service.ready.signal });
  const page = await shell.page(0);
  for (const view of ['local', 'remote']) await page.until(`(view) => (${readPattern})(document.querySelector('#' + view + ' canvas'))`, view);
  await page.run(() => document.querySelector('#leave').click());
  await until(() => shell.log.some((line) => line.includes('out of the room, reason 0')), 'what the example prints');
  await bob.sees('onRemoteUserLeaveRoom', 'alice', 0);
});

for (const mode of ['node', 'isolated']) {
  test(`out of an asar (${mode})`, { skip: !ELECTRON, timeout: 60000 }, async (t) => {
    const made = project(t, mode, {}, copied);
    const archive = path.join(folder(t), 'app.asar');
    await createPackage(made, archive);
    const service = await rooms(t);
    const shell = await electron(t, [archive], { rooms: service.ready.signal });
    const alice = await caller(shell, 0, 'alice');
    await alice.enter(7);
    await alice.moves('local');
  });
}
