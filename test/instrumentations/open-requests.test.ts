import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { OpenRequests } from '../../src/instrumentations/open-requests.ts';

suite('open requests', () => {
  test('are found by their objects, and listed in the order in which they began', () => {
    const open = new OpenRequests<object, string>();
    const [a, b, c] = [{}, {}, Object.freeze({})];
    for (const [key, value] of [
      [a, 'a'],
      [b, 'b'],
      [c, 'c'],
    ] as const)
      open.set(key, value);
    open.delete(b);
    open.delete(b);
    assert.deepEqual([open.get(a), open.get(b), open.get(c)], ['a', undefined, 'c']);
    assert.deepEqual(
      open.list().map(([, value]) => value),
      ['a', 'c'],
    );
    open.set(b, 'b again');
    open.set(a, 'a again');
    assert.deepEqual(
      open.list().map(([, value]) => value),
      ['c', 'b again', 'a again'],
    );
    for (const [key] of open.list()) open.delete(key);
    assert.deepEqual(open.list(), []);
    assert.equal(open.get(a), undefined);
  });

  test('of one kind are none of another', () => {
    const [open, others] = [new OpenRequests<object, number>(), new OpenRequests<object, number>()];
    const key = {};
    open.set(key, 1);
    assert.equal(others.get(key), undefined);
    others.delete(key);
    assert.equal(open.get(key), 1);
  });

  test('leave nothing on their objects that anybody sees', () => {
    const open = new OpenRequests<object, number>();
    const key = { path: '/' };
    open.set(key, 1);
    assert.deepEqual(Reflect.ownKeys(key), ['path']);
    assert.equal(inspect(key, { showHidden: true }), inspect({ path: '/' }, { showHidden: true }));
    assert.equal(open.get({ ...key }), undefined);
  });
});
