import assert from 'node:assert/strict';
import { afterEach, suite, test } from 'node:test';
import { watchAbort } from '../../src/hooks/abort.ts';

const before = Object.getOwnPropertyDescriptor(process, 'abort');
assert(before !== undefined);
const descriptor = (): PropertyDescriptor | undefined => Object.getOwnPropertyDescriptor(process, 'abort');

suite('watchAbort', () => {
  afterEach(() => Object.defineProperty(process, 'abort', before));

  test('leaves name, length and everything else of the property, and restores the function itself', () => {
    const watch = watchAbort(() => {});
    assert.notEqual(descriptor()?.value, before.value);
    assert.deepEqual({ ...descriptor(), value: undefined }, { ...before, value: undefined });
    assert.deepEqual([process.abort.name, process.abort.length], ['abort', 0]);
    watch[Symbol.dispose]();
    assert.deepEqual(descriptor(), before);
  });

  test('calls what somebody else has put there, with what it was called with', () => {
    const calls: unknown[] = [];
    const other = (...args: unknown[]): void => void calls.push(args);
    Object.defineProperty(process, 'abort', { ...before, value: other });
    const watch = watchAbort(() => void calls.push('before'));
    Reflect.apply(process.abort, process, ['now']);
    assert.deepEqual(calls, ['before', ['now']]);
    watch[Symbol.dispose]();
    assert.equal(process.abort, other);
  });

  test('leaves what somebody has put before it since', () => {
    const watch = watchAbort(() => {});
    const later = (): void => {};
    Object.defineProperty(process, 'abort', { ...before, value: later });
    watch[Symbol.dispose]();
    assert.equal(process.abort, later);
  });

  test('does nothing where there is no function', () => {
    Object.defineProperty(process, 'abort', { ...before, value: undefined });
    watchAbort(() => {})[Symbol.dispose]();
    assert.equal(descriptor()?.value, undefined);
  });
});
