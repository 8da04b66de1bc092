'use strict';
/** A plain Node program that uses the package, in a process of its own. */
const { spawn } = require('child_process');
const { once } = require('events');
const readline = require('readline');
const { APP, COMMAND, SDK, userSig } = require('./programs');
const { until } = require('./wait');

const LIMIT_MS = 60000;

const PRELUDE = `
const TRTCCloud = require(${JSON.stringify(SDK)});
const say = (...words) => process.stdout.write(JSON.stringify(words) + '\\n');
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const next = (cloud, name) => new Promise((resolve) => cloud.once(name, (...args) => resolve(args)));
`;

/**
 * Runs `code`, which may await, and `say(...)` what it has to say. {child, said, errors(), tell(text), sees(...words), ended: {code, ms}}
 * `environment`: PYBACKEND_COMMAND and PYBACKEND_ROOMS, or others; null for none.
 */
function script(t, environment, code) {
  const all = Object.assign({}, process.env, { PYBACKEND_COMMAND: COMMAND }, environment);
  Object.keys(all).forEach((name) => all[name] === null && delete all[name]);
  const began = Date.now();
  const child = spawn(process.execPath, ['-e', `${PRELUDE}\n(async () => {\n${code}\n})();`], { env: all, stdio: 'pipe' });
  const errors = [];
  const made = { child, said: [], errors: () => Buffer.concat(errors).toString() };
  child.stderr.on('data', (chunk) => errors.push(chunk));
  readline.createInterface({ input: child.stdout }).on('line', (line) => line.startsWith('["') && made.said.push(JSON.parse(line)));
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  made.ended = once(child, 'close').then(([status]) => {
    clearTimeout(timer);
    return { code: status, ms: Date.now() - began };
  });
  made.sees = (...words) => until(() => {
    if (child.exitCode !== null && child.exitCode !== 0) throw new Error(`it ended with code ${child.exitCode}: ${made.errors()}`);
    return made.said.find((one) => words.every((word, index) => one[index] === word));
  }, words.join()).catch((error) => {
    throw new Error(`${error.message}; it said ${JSON.stringify(made.said)} ${made.errors()}`);
  });
  made.tell = (text) => child.stdin.write(`${text}\n`);
  t.after(async () => {
    child.kill('SIGKILL');
    await made.ended;
  });
  return made;
}

/** Code for the parameters of enterRoom. */
const params = (user, room) => JSON.stringify(Object.assign({ sdkAppId: APP.id, userId: user, userSig: userSig(user) }, typeof room === 'string' ? { strRoomId: room } : { roomId: room }));

module.exports = { params, script };
