'use strict';
/** What of an application's arguments travels: values; no functions, no elements, and nothing endless. */
const assert = require('assert');
const { test } = require('node:test');
const { plain } = require('../../sdk/cloud/plain');

test('values travel as they are, also twice', () => {
  const rect = { left: 1, top: 2 };
  const users = [{ userId: 'a', rect }, { userId: 'b', rect, note: null, none: undefined }];
  assert.deepStrictEqual(plain({ users, on: true, text: 'x' }), { users: [{ userId: 'a', rect }, { userId: 'b', rect, note: null }], on: true, text: 'x' });
  assert.deepStrictEqual(plain([Float32Array.of(1, 2), Buffer.from('hi')]), [[1, 2], Uint8Array.from([104, 105])]);
});

test('functions stay behind, an element is only true', () => {
  assert.deepStrictEqual(plain({ view: { nodeType: 1, parent: {} }, call: () => {}, sign: Symbol('x') }), { view: true });
  assert.strictEqual(plain(() => {}), undefined);
});

test('what leads back to itself is left out there, and what is too much is cut off', () => {
  const tree = { name: 'root', children: [] };
  tree.children.push({ name: 'leaf', parent: tree });
  assert.deepStrictEqual(plain(tree), { name: 'root', children: [{ name: 'leaf', parent: null }] });
  const all = Array.from({ length: 30 }, () => ({}));
  for (const one of all) all.forEach((other, index) => { one[index] = other; });
  assert.ok(JSON.stringify(plain(all)).length < 1e6);
  let chain = {};
  for (let link = 0; link < 100000; link += 1) chain = { next: chain };
  assert.ok(JSON.stringify(plain(chain)).length < 1000);
});
