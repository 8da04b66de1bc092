'use strict';
/** Folders that go with the test, and the SDK's own package. */
const { execFileSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const UPSTREAM = 'trtc-electron-sdk@13.3.801';
const NPM = { stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' };

function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'trtc-bridge-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** `npm` in a folder. */
const npm = (cwd, ...args) => execFileSync('npm', args, Object.assign({ cwd }, NPM));

/** A package of the registry, unpacked; null where there is no registry. Never kept. */
function unpacked(t, name) {
  const made = folder(t);
  try {
    npm(made, 'pack', name, '--silent');
  } catch (error) {
    return null;
  }
  execFileSync('tar', ['xzf', fs.readdirSync(made)[0]], { cwd: made });
  return path.join(made, 'package');
}

const upstream = (t) => unpacked(t, UPSTREAM);

module.exports = { folder, npm, unpacked, upstream };
