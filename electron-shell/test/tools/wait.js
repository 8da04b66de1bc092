'use strict';
/** Waiting for what has to happen, with a generous limit. */

const PATIENCE_MS = 20000;

/** Resolves to the arguments of the next event that `matches`; rejects when it does not come. */
function next(emitter, event, matches = () => true) {
  return new Promise((resolve, reject) => {
    const listener = (...args) => {
      if (!matches(...args)) return;
      clearTimeout(timer);
      emitter.off(event, listener);
      resolve(args);
    };
    const timer = setTimeout(() => {
      emitter.off(event, listener);
      reject(new Error(`no ${event} within ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
    emitter.on(event, listener);
  });
}

/** Resolves to what `check` gives, as soon as that is something. */
async function until(check, what = String(check), limitMs = PATIENCE_MS) {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

module.exports = { PATIENCE_MS, next, until };
