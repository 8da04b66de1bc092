'use strict';
/** The bundlers of today's applications, as they come: `node bundlers.js NAME ENTRY OUTPUT`; webpack 4 wants a Node with --openssl-legacy-provider. */
const path = require('path');

function webpack(name, options) {
  const pack = require(name); // eslint-disable-line global-require
  return (entry, output) => new Promise((resolve, reject) => {
    const settings = Object.assign({ mode: 'production', entry, output: { path: path.dirname(output), filename: path.basename(output) } }, options);
    pack(settings, (error, stats) => {
      if (error || stats.hasErrors()) reject(error || new Error(stats.toString('errors-only')));
      else resolve();
    });
  });
}

async function vite(entry, output) {
  const { build } = await import('vite');
  const lib = { entry, formats: ['iife'], name: 'app', fileName: () => path.basename(output) };
  await build({ root: path.dirname(entry), logLevel: 'error', configFile: false, build: { outDir: path.dirname(output), emptyOutDir: false, lib } });
}

const BUNDLERS = {
  webpack4: () => webpack('webpack4', { target: 'web' }),
  webpack5: () => webpack('webpack', { target: 'web' }),
  'webpack5-electron': () => webpack('webpack', { target: 'electron-renderer' }),
  vite: () => vite,
};

if (require.main === module) {
  const [name, entry, output] = process.argv.slice(2);
  BUNDLERS[name]()(entry, output).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}

module.exports = { BUNDLERS };
