'use strict';
/** What a page loads: the SDK's exports with its values and constructors, in a syntax and by means that every bundler takes. */
const assert = require('assert');
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const acorn = require('acorn');
const { upstream } = require('../tools/files');
const { PYTHON, ROOT, SDK } = require('../tools/programs');

const surface = JSON.parse(fs.readFileSync(path.join(ROOT, 'pybackend/spec/surface.json'), 'utf8'));
const sdk = require('../../sdk');
const define = require('../../sdk/liteav/trtc_define');

const NODE_MODULES = ['electron', 'os', 'net', 'child_process', 'fs', 'path', 'worker_threads', 'events', 'timers'];

/** What webpack 4 gives a page in place of Node's. */
const POLYFILLED = ['process', 'Buffer', 'global', 'setImmediate', 'clearImmediate', '__dirname', '__filename'];

/** The files that a bundler follows from the page's entry, with their syntax trees. */
function pageFiles(file, seen = new Map()) {
  if (seen.has(file)) return seen;
  const tree = acorn.parse(fs.readFileSync(file, 'utf8'), { ecmaVersion: 2019, sourceType: 'script' });
  seen.set(file, tree);
  for (const wanted of requires(tree)) {
    if (wanted.startsWith('.')) pageFiles(require.resolve(path.resolve(path.dirname(file), wanted)), seen);
    else assert.fail(`${file} requires ${wanted}`);
  }
  return seen;
}

function requires(node, found = []) {
  if (!node || typeof node !== 'object') return found;
  if (node.type === 'CallExpression' && node.callee.name === 'require' && node.arguments[0].type === 'Literal' && !isRunTime(node)) {
    found.push(node.arguments[0].value);
  }
  Object.keys(node).forEach((key) => requires(node[key], found));
  return found;
}

/** A local `require`, got at run time, is a variable that shadows the bundler's: in bridge/channel.js only. */
const isRunTime = (node) => ['electron', '../bridge/node-channel'].includes(node.arguments[0].value);

test('98 exports under their names, default is the class', () => {
  const names = Object.keys(surface.rootExports).filter((name) => surface.rootExports[name] === 'value');
  assert.deepStrictEqual(Object.keys(sdk).sort(), names.sort());
  assert.strictEqual(names.length, 98);
  assert.strictEqual(sdk.__esModule, true);
  assert.strictEqual(sdk.default, sdk);
  assert.strictEqual(sdk.TRTCCloud, undefined);
});

test('enums have their values, and names by value', () => {
  for (const [name, { root, values }] of Object.entries(surface.enums)) {
    if (!root) continue;
    const table = name.startsWith('TXLiteAV');
    for (const [member, value] of Object.entries(values)) {
      assert.strictEqual(sdk[name][member], value, `${name}.${member}`);
      if (typeof value === 'number' && !table) assert.ok(sdk[name][value] in values);
    }
    if (table) assert.strictEqual(Object.keys(sdk[name]).length, Object.keys(values).length);
  }
});

test('data classes are those of the SDK, constructor by constructor', (t) => {
  const theirs = upstream(t);
  if (!theirs) return t.skip('the SDK cannot be fetched here');
  const real = require(path.join(theirs, 'liteav/trtc_define.js'));
  const bare = (value) => JSON.parse(JSON.stringify(value));
  for (const name of Object.keys(real)) {
    assert.ok(name in define, name);
    if (typeof real[name] !== 'function') {
      assert.deepStrictEqual(define[name], real[name], name);
      continue;
    }
    assert.strictEqual(define[name], sdk[name]);
    assert.strictEqual(define[name].name, name);
    assert.deepStrictEqual(bare(new define[name]()), bare(new real[name]()), name);
    assert.deepStrictEqual(Object.keys(new define[name]()), Object.keys(new real[name]()), name);
    if (name === 'VideoBufferInfo') continue;
    const args = Array.from({ length: 20 }, (_, index) => index);
    assert.deepStrictEqual(bare(new define[name](...args)), bare(new real[name](...args)), name);
  }
  const live = require(path.join(theirs, 'liteav/Live/live_define.js'));
  for (const name of Object.keys(live)) {
    if (typeof live[name] === 'function') assert.deepStrictEqual(bare(new sdk[name]()), bare(new live[name]()), name);
    else assert.deepStrictEqual(sdk[name], live[name], name);
  }
  return undefined;
});

test('every method of every class is on its prototype chain', () => {
  for (const method of surface.methods) {
    const kind = method.class === 'TRTCCloud' ? sdk.default : sdk[method.class];
    if (!kind || method.kind === 'constructor') continue; // not a root export
    const owner = method.static ? kind : kind.prototype;
    assert.ok(method.name in owner, `${method.class}.${method.name}`);
    if (method.class === 'TRTCCloud' && !method.static) assert.ok(Object.getOwnPropertyNames(owner).includes(method.name));
  }
  for (const name of surface.inheritedFromEventEmitter) assert.strictEqual(typeof sdk.default.prototype[name], 'function');
});

test('classes without anything behind them give their values of failure, and do not throw', () => {
  const pusher = sdk.V2LivePusher.createV2LivePusher(0);
  assert.strictEqual(pusher.startPush('x'), sdk.V2LiveCode.V2LIVE_ERROR_NOT_SUPPORTED);
  assert.deepStrictEqual(pusher.getMicDevicesList(), []);
  assert.strictEqual(pusher.isPushing(), 0);
  assert.strictEqual(pusher.getCurrentMicDeviceMute(), false);
  assert.strictEqual(pusher.getCurrentMicDevice().deviceId, '');
  sdk.V2LivePusher.releaseV2LivePusher(pusher);
  assert.strictEqual(new sdk.V2LivePlayer().startPlay('x'), sdk.V2LiveCode.V2LIVE_ERROR_NOT_SUPPORTED);
  assert.strictEqual(sdk.TRTCVodPlayer.isSupported(), false);
  assert.throws(() => sdk.TRTCVodPlayer.createVodPlayer('clip.mp4'), /ERR_NO_VOD_SUPPORT/);
  assert.throws(() => sdk.TRTCVodPlayer.createVodPlayer(''), TypeError);
});

test('what a page loads is ES2019 and requires nothing of Node', () => {
  const files = pageFiles(path.join(SDK, 'index.js'));
  assert.ok(files.size > 15, `only ${files.size} files`);
  for (const file of files.keys()) {
    assert.ok(!path.relative(SDK, file).startsWith('main'), file);
    const text = fs.readFileSync(file, 'utf8');
    for (const name of NODE_MODULES) {
      const named = new RegExp(`require\\(['"](node:)?${name}['"]\\)`).test(text);
      assert.ok(!named || file.endsWith('channel.js'), `${file} names ${name}`);
    }
  }
});

test('what a page loads uses no name that bundlers put something of their own behind', () => {
  for (const file of pageFiles(path.join(SDK, 'index.js')).keys()) {
    const tokens = Array.from(acorn.tokenizer(fs.readFileSync(file, 'utf8'), { ecmaVersion: 2019 }));
    tokens.forEach(({ type, value }, index) => {
      const free = type.label === 'name' && (index === 0 || tokens[index - 1].type.label !== '.');
      assert.ok(!free || !POLYFILLED.includes(value), `${file}: ${value}`);
    });
  }
});

test('the other files have the syntax of Node 12', () => {
  for (const folder of ['main', 'bridge', 'preload']) {
    for (const name of fs.readdirSync(path.join(SDK, folder)).filter((file) => file.endsWith('.js'))) {
      acorn.parse(fs.readFileSync(path.join(SDK, folder, name), 'utf8'), { ecmaVersion: 2019 });
    }
  }
  assert.ok(fs.readFileSync(path.join(SDK, 'preload/index.js'), 'utf8').split('\n').length <= 40);
});

test('the package has the licence of the project', () => {
  const [ours, theirs] = [SDK, ROOT].map((folder) => fs.readFileSync(path.join(folder, 'LICENSE'), 'utf8'));
  assert.strictEqual(ours, theirs);
});

test('loading has no side effects', () => {
  const script = `
    const before = Object.getOwnPropertySymbols(globalThis).length;
    require(${JSON.stringify(SDK)});
    if (Object.getOwnPropertySymbols(globalThis).length !== before) throw new Error('a global was made');
    if (process._getActiveHandles().some((handle) => handle !== process.stdout && handle !== process.stderr)) throw new Error('handles');`;
  execFileSync(process.execPath, ['-e', script], { timeout: 10000, env: Object.assign({}, process.env, { PYBACKEND_COMMAND: 'false' }) });
});

test('Node imports the class, and everything by name', () => {
  const script = `import TRTCCloud, { TRTCParams, TRTCRoleType, V2LivePlayer } from ${JSON.stringify(`${SDK}/index.js`)};
    if (typeof TRTCCloud.getTRTCShareInstance !== 'function' || new TRTCParams().role !== TRTCRoleType.TRTCRoleAnchor) process.exit(1);
    if (!V2LivePlayer) process.exit(2);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 10000 });
});

test('generated files are up to date', () => {
  const script = `
from pathlib import Path
from scripts.generators import js, js_types
for path, text in (js.generate() | js_types.generate()).items():
    assert Path(path).read_text('utf-8') == text, f'{path} is out of date: run scripts/generate.py'`;
  execFileSync(PYTHON, ['-c', script], { cwd: ROOT, env: Object.assign({}, process.env, { PYTHONPATH: ROOT }) });
});
