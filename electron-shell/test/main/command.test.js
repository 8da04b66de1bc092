'use strict';
/** Which program is started: the setting in both of its forms, its mistakes, and the places that are looked at without it. */
const assert = require('assert');
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { candidates, shellWords } = require('../../sdk/main/command');
const { Supervisor } = require('../../sdk/main/supervisor');
const { folder } = require('../tools/files');
const { next } = require('../tools/wait');

const windows = process.platform === 'win32';
const setting = (text) => candidates({ PYBACKEND_COMMAND: text });

test('an array is taken as it is', () => {
  assert.deepStrictEqual(setting('["py backend","serve","--camera","file:a \\"b\\".mp4",""]'), [['py backend', 'serve', '--camera', 'file:a "b".mp4', '']]);
  assert.deepStrictEqual(setting('  ["pybackend"]\n'), [['pybackend']]);
});

test('words are those of a shell', { skip: windows && 'another shell' }, () => {
  for (const text of ['pybackend serve', '  a\tb  ', "'a b' c", '"a b"c', "a'b c'd", 'a\\ b', '"a\\"b"', "'a\\b'", "''", 'a "" b', '"it\'s"', 'a\\\\b', "'a'\"b\"c"]) {
    const script = 'for word in "$@"; do printf "%s\\n" "[$word]"; done';
    const theirs = execFileSync('sh', ['-c', `set -- ${text}; ${script}`], { encoding: 'utf8' }).trim().split('\n');
    assert.deepStrictEqual(shellWords(text, false).map((word) => `[${word}]`), theirs, text);
  }
});

test('on Windows a backslash is a part of a path', () => {
  assert.deepStrictEqual(shellWords('"C:\\Program Files\\py.exe" serve', true), ['C:\\Program Files\\py.exe', 'serve']);
});

test('mistakes are told by the name of the setting', () => {
  for (const text of ['["a",', '["a",1]', '[{}]', '[]', '[""]', '"open', "a 'b", '""']) assert.throws(() => setting(text), /^Error: PYBACKEND_COMMAND: ./, text);
});

test('without the setting: beside the app, on PATH, and then the module', () => {
  const python = windows ? 'python' : 'python3';
  for (const environment of [{}, { PYBACKEND_COMMAND: '' }, { PYBACKEND_COMMAND: '  ' }]) {
    const all = candidates(environment);
    assert.deepStrictEqual(all.slice(-2), [['pybackend', 'serve'], [python, '-m', 'pybackend', 'serve']]);
    for (const [file, verb] of all.slice(0, -2)) assert.ok(path.isAbsolute(file) && fs.existsSync(file) && verb === 'serve', file);
  }
});

test('a packaged app brings its own', (t) => {
  const resources = folder(t);
  const own = path.join(resources, 'pybackend', windows ? 'pybackend.exe' : 'pybackend');
  fs.mkdirSync(path.dirname(own));
  fs.writeFileSync(own, '');
  process.resourcesPath = resources;
  t.after(() => delete process.resourcesPath);
  assert.deepStrictEqual(candidates({})[0], [own, 'serve']);
});

/** A program that says which it is in its ready line. */
function speaking(file, endpoint) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `#!/bin/sh\necho '{"ready":true,"endpoint":"${endpoint}"}'\ncat > /dev/null\n`, { mode: 0o755 });
}

test('what is not there is passed over: PATH, then python3', { skip: windows && 'no shell scripts' }, async (t) => {
  const bin = folder(t);
  const before = process.env.PATH;
  process.env.PATH = `${bin}:/bin:/usr/bin`;
  t.after(() => { process.env.PATH = before; });
  const commands = candidates({}).slice(-2);
  const started = async () => {
    const made = new Supervisor({ rooms: 'ws://127.0.0.1:9/signal', commands, log: () => {} });
    made.start();
    const [{ endpoint }] = await next(made, 'ready');
    await made.stop();
    return endpoint;
  };
  speaking(path.join(bin, 'python3'), 'the module');
  assert.strictEqual(await started(), 'the module');
  speaking(path.join(bin, 'pybackend'), 'on PATH');
  assert.strictEqual(await started(), 'on PATH');
});
