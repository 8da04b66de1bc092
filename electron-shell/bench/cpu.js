'use strict';
/** What processes use of a core, read from /proc; null where there is none (it is Linux's). */
const fs = require('fs');

const TICKS = 100; // a second, on every Linux that Node runs on

/** Fields after the name, which may hold spaces and brackets. */
function stat(pid) {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / TICKS };
}

/** Its kind, as Chromium names the processes that it starts; `browser` is the first of them. */
function kind(pid) {
  const [, type] = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').match(/--type=([\w-]+)/) || [];
  return { renderer: 'renderer', 'gpu-process': 'gpu', utility: 'utility', zygote: 'zygote' }[type] || 'browser';
}

/** Seconds used by now: {kind: seconds} of all descendants of this process, the one of `backend` apart. */
function used(backend) {
  const seconds = {};
  const parents = new Map();
  const found = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => {
    try {
      const one = Object.assign({ pid: Number(name), kind: kind(name) }, stat(name));
      parents.set(one.pid, one.parent);
      return one;
    } catch (error) {
      return null; // ended meanwhile
    }
  });
  const ours = (pid) => pid === process.pid || (parents.has(pid) && ours(parents.get(pid)));
  for (const one of found) {
    if (one === null || one.pid === process.pid || !ours(one.pid)) continue;
    const name = one.pid === backend ? 'backend' : one.kind;
    seconds[name] = (seconds[name] || 0) + one.seconds;
  }
  return seconds;
}

/** Runs `job`; answers {result, cpu}: what it gave, and percent of a core by kind of process. */
async function measured(backend, job) {
  if (!fs.existsSync('/proc/self/stat')) return { result: await job(), cpu: null };
  const before = used(backend);
  const began = process.hrtime.bigint();
  const result = await job();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const after = used(backend);
  const percent = (name) => Math.round(((after[name] - (before[name] || 0)) / seconds) * 1000) / 10;
  return { result, cpu: Object.fromEntries(Object.keys(after).map((name) => [name, percent(name)])) };
}

module.exports = { measured };
