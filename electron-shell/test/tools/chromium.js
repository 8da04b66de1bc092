'use strict';

const fs = require('fs');
const { chromium } = require('playwright-core');

const CANDIDATES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'];
const EXECUTABLE = CANDIDATES.find((file) => file && fs.existsSync(file));

const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--js-flags=--expose-gc',
];

/** A current Chromium without a window, or null where none is installed. `extra` are further flags. */
const browser = (...extra) =>
  EXECUTABLE ? chromium.launch({ executablePath: EXECUTABLE, args: [...QUIET, ...extra] }) : null;

module.exports = { EXECUTABLE, QUIET, browser };
