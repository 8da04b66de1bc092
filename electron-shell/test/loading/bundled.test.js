'use strict';
/** An application's page, bundled in every usual way and not at all, in a real Electron with and without Node: it previews, enters and leaves. */
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { caller } = require('../tools/caller');
const { ELECTRON, electron } = require('../tools/electron');
const { RECORDER, copied, page, project } = require('../tools/electron-project');
const { rooms } = require('../tools/programs');
const { BUNDLERS } = require('./bundlers');

const ENTRY = fs.readFileSync(path.join(__dirname, 'fixtures/entry.js'));

/** The project with a page for each bundler, and the package as npm lays it down. */
function bundled(t) {
  const made = project(t, 'node', { 'recorder.js': RECORDER, 'entry.js': ENTRY }, copied);
  for (const name of Object.keys(BUNDLERS)) {
    const words = [path.join(__dirname, 'bundlers.js'), name, path.join(made, 'entry.js'), path.join(made, `${name}.js`)];
    const legacy = name === 'webpack4' ? ['--openssl-legacy-provider'] : [];
    execFileSync(process.execPath, legacy.concat(words), { stdio: ['ignore', 'ignore', 'pipe'] });
    fs.writeFileSync(path.join(made, `${name}.html`), page('recorder.js').replace('</script>', `</script><script src="${name}.js"></script>`));
  }
  return made;
}

test('every bundle, and none, runs in both kinds of page', { skip: !ELECTRON, timeout: 300000 }, async (t) => {
  const service = await rooms(t);
  const shell = await electron(t, [bundled(t)], { rooms: service.ready.signal });
  const variants = [['page', 'node']];
  for (const name of Object.keys(BUNDLERS)) {
    variants.push([name, 'node']);
    if (name !== 'webpack5-electron') variants.push([name, 'isolated']); // its code asks for Node as soon as it is loaded
  }
  for (const [index, [name, mode]] of variants.entries()) {
    await t.test(`${name}, ${mode}`, async () => {
      const user = await caller(shell, index, `user-${index}`, `${name}.html`, mode);
      await user.enter(7);
      await user.moves('local');
      await user.page.run('() => window.cloud.exitRoom()');
      await user.sees('onExitRoom', 0);
    });
  }
});
