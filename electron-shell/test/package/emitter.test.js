'use strict';
/** The emitter does what Node's does, whatever is done to both. */
const assert = require('assert');
const { EventEmitter: Theirs } = require('events');
const { test } = require('node:test');
const { EventEmitter: Ours } = require('../../sdk/cloud/emitter');

const EVENTS = ['a', 'b', 'c'];

/** A generator of numbers below a limit, the same each time for a seed. */
function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * sides);
  };
}

/** What a random history of calls leaves in a log. */
function play(Emitter, seed) {
  const roll = dice(seed);
  const log = [];
  const emitter = new Emitter();
  emitter.setMaxListeners(0);
  const listeners = [0, 1, 2, 3].map((number) => function listener(...args) {
    log.push([number, this === emitter, ...args]);
    if (number === 3) emitter.off('a', listeners[1]);
    if (number === 2) emitter.prependListener('b', listeners[0]);
  });
  const verbs = ['on', 'once', 'off', 'emit', 'emit', 'prependOnceListener', 'prependListener', 'addListener', 'removeListener', 'removeAllListeners'];
  for (let step = 0; step < 80; step += 1) {
    const verb = verbs[roll(verbs.length - (roll(8) ? 1 : 0))];
    const event = EVENTS[roll(3)];
    const listener = listeners[roll(4)];
    if (verb === 'emit') log.push(emitter.emit(event, step, 'x'));
    else if (verb === 'removeAllListeners') emitter.removeAllListeners(roll(2) ? event : undefined);
    else assert.strictEqual(emitter[verb](event, listener), emitter);
    for (const name of EVENTS) log.push([emitter.listenerCount(name), emitter.listeners(name).map((one) => listeners.indexOf(one))]);
    log.push(emitter.rawListeners(event).length, emitter.eventNames().slice().sort(), emitter.getMaxListeners());
  }
  return log;
}

test('a random history has the same effects as with Node', () => {
  for (let seed = 1; seed <= 300; seed += 1) assert.deepStrictEqual(play(Ours, seed), play(Theirs, seed), `seed ${seed}`);
});

test('bad arguments are refused as by Node', () => {
  for (const Emitter of [Ours, Theirs]) {
    const emitter = new Emitter();
    assert.throws(() => emitter.on('a', 1), TypeError);
    assert.throws(() => emitter.once('a'), TypeError);
    assert.throws(() => emitter.setMaxListeners(-1), RangeError);
    assert.throws(() => emitter.emit('error', new Error('mine')), /mine/);
    assert.strictEqual(emitter.emit('nothing'), false);
  }
});

test('its members are the fifteen that applications know', () => {
  const members = Object.getOwnPropertyNames(Ours.prototype).filter((name) => !name.startsWith('_') && name !== 'constructor');
  assert.strictEqual(members.length, 15);
  for (const name of members) assert.strictEqual(typeof Theirs.prototype[name], 'function', name);
});
