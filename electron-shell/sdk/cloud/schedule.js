'use strict';
/**
 * Events are never delivered inside the call that caused them: each gets a turn of its own, in the order in which it came.
 * A listener that throws does not keep the others from being called.
 */

const queue = [];
let next = null; // asks for one more turn

function turn() {
  const task = queue.shift();
  if (task) task();
}

/** `setImmediate`, by a name that makes no bundler add a polyfill; a page without Node has channels. */
function scheduler() {
  const immediate = globalThis['setImmediate']; // eslint-disable-line dot-notation
  if (typeof immediate === 'function') return () => immediate(turn);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = turn;
  return () => port2.postMessage(0);
}

function later(task) {
  if (!next) next = scheduler();
  queue.push(task);
  next();
}

/** An error of the application's code, shown as one: to `window.onerror` in a page; a Node program is not ended by it. */
function report(error) {
  if (typeof window === 'undefined') console.error(error);
  else setTimeout(() => { throw error; });
}

/** Calls every listener. */
function deliver(emitter, name, args) {
  for (const listener of emitter.rawListeners(name)) {
    try {
      listener.apply(emitter, args);
    } catch (error) {
      report(error);
    }
  }
}

module.exports = { later, deliver, report };
