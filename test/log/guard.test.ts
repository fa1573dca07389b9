import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { diag } from '@opentelemetry/api';
import { guard, reportInternalError, throwInternalErrors } from '../../src/log/guard.ts';
import { captureLog } from '../pipeline/captured-log.ts';

const broken = guard('the parser', (): void => {
  throw new Error('our mistake');
});

suite('guard', () => {
  test('hands arguments on', () => {
    const seen: unknown[] = [];
    guard('here', (...args: unknown[]) => void seen.push(args))(1, 'two');
    assert.deepEqual(seen, [[1, 'two']]);
  });

  test('swallows an error in production and says once where it was', (t) => {
    const lines = captureLog(t);
    for (let i = 0; i < 3; i++) broken();
    assert.deepEqual(lines, ['tracing: internal error in the parser, the application is not affected: our mistake\n']);
  });

  test('throws the error on under test', (t) => {
    const lines = captureLog(t);
    throwInternalErrors(true);
    t.after(() => throwInternalErrors(false));
    assert.throws(broken, /our mistake/);
    assert.throws(() => reportInternalError('here', new Error('another')), /another/);
    assert.deepEqual(lines, []);
  });

  test('survives a logger that throws', (t) => {
    const fail = (): never => {
      throw new Error('the logger is broken');
    };
    diag.disable();
    diag.setLogger({ error: fail, warn: fail, info: () => {}, debug: () => {}, verbose: () => {} });
    t.after(() => diag.disable());
    broken();
    assert.throws(() => diag.error('x'), /the logger is broken/);
  });
});
