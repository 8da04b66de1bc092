'use strict';
/** The page as files, for whoever shows it. */
const fs = require('fs');
const path = require('path');
const { bundle } = require('./bundle');

const PAGE = path.join(__dirname, 'page');
const STATIC = { 'index.html': 'text/html; charset=utf-8', 'style.css': 'text/css; charset=utf-8', 'icon.svg': 'image/svg+xml' };
const SCRIPT = 'text/javascript; charset=utf-8';

/** Name → {type, body}. `app.js` is the page's one script. */
function pageFiles() {
  const files = {};
  for (const name of Object.keys(STATIC)) files[name] = { type: STATIC[name], body: fs.readFileSync(path.join(PAGE, name), 'utf8') };
  files['app.js'] = { type: SCRIPT, body: bundle(path.join(PAGE, 'index.js'), 'app') };
  return files;
}

module.exports = { PAGE, SCRIPT, pageFiles };
