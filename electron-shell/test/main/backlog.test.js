'use strict';
/** What is kept for a page that loads: everything that changes the room, and as many messages as are worth it. */
const assert = require('assert');
const { test } = require('node:test');
const { Backlog } = require('../../sdk/main/backlog');

const event = (name, ...args) => ({ name, args, detail: {} });

test('the oldest messages go first, and nothing else', () => {
  const backlog = new Backlog([event('onEnterRoom', 1)]);
  backlog.add(event('onRemoteUserEnterRoom', 'a'));
  for (let number = 1; number <= 1005; number += 1) backlog.add(event('onRecvCustomCmdMsg', 'a', 1, number, ''));
  backlog.add(event('onStatistics', {}));
  backlog.add(event('onExitRoom', 2));
  const { events } = backlog;
  assert.deepStrictEqual(events.slice(0, 3).map(({ name, args }) => [name, args[2]]), [
    ['onEnterRoom', undefined], ['onRemoteUserEnterRoom', undefined], ['onRecvCustomCmdMsg', 6],
  ]);
  assert.strictEqual(events.length, 1 + 1 + 1000 + 1);
  assert.strictEqual(events[events.length - 1].name, 'onExitRoom');
});
