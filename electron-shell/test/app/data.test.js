'use strict';
/** What the page knows by heart is complete: reasons, errors, events, the steps of a call; and its script and style suit the oldest Electron that it is for. */
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const acorn = require('acorn');
const { bundle } = require('../../app/bundle');
const { Call } = require('../../app/page/call');
const { PAGE, pageFiles } = require('../../app/files');
const { ERRORS, errorFor } = require('../../app/page/errors');
const { EVENTS, REPEATING } = require('../../app/page/events');
const { arrange } = require('../../app/page/layout');
const { CAUSES, departure, reasonFor } = require('../../app/page/reasons');
const { ROOT, python } = require('../tools/programs');

const fromPython = (code) => JSON.parse(python('-c', `import json\n${code}`));

test('every cause of onExitRoom has words of its own', () => {
  const causes = fromPython(`
from pybackend.spec.exit import ExitCause, exit_reason
print(json.dumps({cause: int(exit_reason(cause)) for cause in ExitCause}))`);
  assert.deepStrictEqual(Object.keys(CAUSES).sort(), Object.keys(causes).sort());
  const titles = new Set();
  for (const [cause, reason] of Object.entries(causes)) {
    const found = reasonFor(reason, cause, { user: 'alice', room: '1' });
    titles.add(found.title);
    for (const text of [found.title, found.text, found.todo]) assert.ok(text.length > 10 && !text.includes('$'), cause);
  }
  assert.strictEqual(titles.size, Object.keys(causes).length);
  assert.deepStrictEqual([0, 1, 2].map((reason) => reasonFor(reason, undefined, {}).cause), ['leave', 'removed', 'dismissed']);
  assert.match(reasonFor(9, 'from-the-future', {}).title, /ended/);
  assert.deepStrictEqual([0, 1, 2, 3].map((reason) => departure(reason, 'bob')),
    ['bob left', 'bob lost the connection', 'bob was removed', 'bob listens from now on']);
});

test('every failure of a device and of entering has a place on the page, and something to do', () => {
  const codes = fromPython(`
from pybackend.devices import DeviceError, DeviceFailure, DeviceKind
from pybackend.engine.faults import device_code
from pybackend.spec.protocol import REFUSAL_CODES
devices = [[kind, device_code(DeviceError(failure, kind, "", ""))] for kind in ("camera", "mic", "speaker") for failure in DeviceFailure
           for kind in [DeviceKind(kind)]]
entering = [code for code in REFUSAL_CODES.values() if not -33000 < code <= -32000]
print(json.dumps([devices, sorted(set(entering))]))`);
  const names = { camera: 'camera', mic: 'microphone', speaker: 'speaker' };
  for (const [kind, code] of codes[0]) {
    assert.strictEqual(errorFor(code, '').at, names[kind], `${kind} ${code}`);
    assert.ok(errorFor(code, '').todo.length > 10);
  }
  for (const code of [...codes[1].filter((code) => code !== -102055), -3301, -3308, -3316, -3317, -3318, -3319, -3320, -3340]) {
    assert.ok(ERRORS[code], String(code));
    assert.notStrictEqual(ERRORS[code].at, 'call');
  }
  assert.match(errorFor(-12345, 'a sentence').title, /-12345/);
  assert.strictEqual(errorFor(-12345, 'a sentence').own, 'a sentence');
});

test('the log listens to every event of a cloud', () => {
  const surface = JSON.parse(fs.readFileSync(path.join(ROOT, 'pybackend/spec/surface.json'), 'utf8'));
  const missing = ['onScreenCaptureStoped', 'onLocalVideoData', 'onVideoData', 'onSpeedTest']; // a twin, pixels, and one that never comes
  const cloud = surface.events.filter((event) => (event.class || event.emitter || 'TRTCCloud') === 'TRTCCloud').map(({ name }) => name);
  assert.ok(cloud.length > 50);
  assert.deepStrictEqual([...new Set(cloud)].filter((name) => !EVENTS.includes(name) && !missing.includes(name)), []);
  assert.deepStrictEqual(REPEATING.filter((name) => !EVENTS.includes(name)), []);
});

test('tiles use the stage well, whatever their number', () => {
  const [width, height, gap] = [1600, 900, 12];
  for (let count = 1; count <= 16; count += 1) {
    const { columns, width: w, height: h } = arrange(count, width, height, gap);
    const rows = Math.ceil(count / columns);
    assert.ok(columns * w + gap * (columns - 1) <= width && rows * h + gap * (rows - 1) <= height, `${count} fit`);
    assert.ok(w / h > 1.3 && w / h < 1.8, `${count}: ${w} × ${h}`);
    assert.ok(count * w * h > 0.5 * width * height, `${count}: ${Math.round((100 * count * w * h) / width / height)} %`);
  }
  assert.deepStrictEqual(arrange(1, 1600, 900, gap), { columns: 1, width: 1600, height: 900 });
  assert.strictEqual(arrange(4, 1600, 900, gap).columns, 2);
  assert.strictEqual(arrange(2, 600, 1000, gap).columns, 1);
  assert.strictEqual(arrange(0, 600, 1000, gap).width, 0);
  assert.strictEqual(arrange(3, 10, 10, gap).width > 0, false);
});

test('scripts are ES2019, and the style has nothing that Chromium 83 lacks', () => {
  const files = pageFiles();
  const scripts = { page: files['app.js'].body };
  for (const name of ['preload', 'gateway/bridge']) scripts[name] = bundle(path.join(PAGE, '..', `${name}.js`), 'x');
  for (const [name, body] of Object.entries(scripts)) assert.doesNotThrow(() => acorn.parse(body, { ecmaVersion: 2019 }), name);
  const style = files['style.css'].body.replace(/\/\*.*?\*\//gs, '');
  for (const lacking of [/\binset:/, /:has\(/, /:is\(/, /:where\(/, /aspect-ratio:/, /:focus-visible/, /[{;]\s*gap:/, /@layer/, /@container/, /color-mix/, /&/, /\burl\(/, /@import/]) {
    assert.doesNotMatch(style, lacking);
  }
  const { body } = files['index.html'];
  assert.match(body, /default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src ws:\/\/127\.0\.0\.1:\*/);
  assert.doesNotMatch(body, /<script>|\son[a-z]+="|\sstyle="|https?:\/\//);
});

test('an attempt to enter that was called off comes to nothing, also while there is a next one', async () => {
  const entered = [];
  const answers = [];
  const cloud = { enterRoom: ({ userId }) => entered.push(userId), exitRoom: () => {} };
  const call = new Call(cloud, () => new Promise((resolve) => answers.push(resolve)), () => {});
  const first = call.enter({ user: 'alice' });
  call.leave();
  call.exited(0, 'leave');
  const second = call.enter({ user: 'bob' });
  answers[1]('signature');
  await second;
  answers[0]('signature');
  await first;
  assert.deepStrictEqual(entered, ['bob']);
});
