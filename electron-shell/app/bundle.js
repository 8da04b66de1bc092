'use strict';

const fs = require('fs');
const path = require('path');

/*
 * As much of a bundler as this app needs for pages that have no `require`: a sandboxed one, and a plain browser.
 * An app of yours has webpack or vite for it; the package is made for those.
 */
const STATIC_REQUIRE = /\brequire\('(\.[^']*)'\)/g;

/** One script that leaves what `entry` exports in `window[name]`. Only relative requires are followed; others are left to the place's own. */
function bundle(entry, name) {
  const modules = new Map();
  const add = (file) => {
    if (modules.has(file)) return;
    const source = fs.readFileSync(file, 'utf8');
    const needed = {};
    modules.set(file, { source, needed });
    for (const [, request] of source.matchAll(STATIC_REQUIRE)) {
      needed[request] = require.resolve(path.resolve(path.dirname(file), request));
      add(needed[request]);
    }
  };
  const first = require.resolve(entry);
  add(first);
  const files = Array.from(modules.keys());
  const items = files.map((file) => {
    const { source, needed } = modules.get(file);
    const numbers = Object.keys(needed).map((request) => [request, files.indexOf(needed[request])]);
    const body = file.endsWith('.json') ? `module.exports = ${source}` : source;
    return `[function (module, exports, require) {\n${body}\n}, ${JSON.stringify(Object.fromEntries(numbers))}]`;
  });
  return `window[${JSON.stringify(name)}] = (function (items) {
  var made = {};
  function load(number) {
    if (made[number]) return made[number].exports;
    var module = made[number] = { exports: {} };
    items[number][0].call(module.exports, module, module.exports, function (request) {
      var wanted = items[number][1][request];
      return wanted === undefined ? require(request) : load(wanted);
    });
    return module.exports;
  }
  return load(${files.indexOf(first)});
})([\n${items.join(',\n')}\n]);`;
}

module.exports = { bundle };
