import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createContain, guard, throwInternalErrors, watchErrors } from '../../src/log/guard.ts';
import { MAX_ERRORS, createWatchdog, enableWatched } from '../../src/log/watchdog.ts';
import { captureLog } from '../pipeline/captured-log.ts';

const fail = (): never => {
  throw new Error('our mistake');
};

const repeat = (times: number, work: () => void): void => {
  for (let i = 0; i < times; i++) work();
};

/** A part whose callback fails, and how often it was turned off. */
function enableBroken(name: string, makeCallback: () => () => void) {
  let turnedOff = 0;
  const callback = enableWatched(name, makeCallback, () => void turnedOff++);
  assert(callback !== undefined);
  return { callback, turnedOff: () => turnedOff };
}

suite('a watchdog', () => {
  test('turns off what fails too often, once, and says so; the others go on', (t) => {
    const lines = captureLog(t);
    const broken = enableBroken('http server', () => guard('a request', fail));
    const other = enableBroken('http client', () => guard('a call', fail));
    repeat(MAX_ERRORS - 1, broken.callback);
    assert.equal(broken.turnedOff(), 0);
    repeat(MAX_ERRORS, broken.callback);
    repeat(MAX_ERRORS - 1, other.callback);
    assert.deepEqual([broken.turnedOff(), other.turnedOff()], [1, 0]);
    assert.deepEqual(lines, [
      'tracing: internal error in a request, the application is not affected: our mistake\n',
      'tracing: http server is turned off after 20 internal errors within a minute, the rest goes on, the application is not affected; the last was in a request: our mistake\n',
      'tracing: internal error in a call, the application is not affected: our mistake\n',
    ]);
  });

  for (const [what, makeCallback] of [
    ['a callback that a callback makes', () => guard('a request', () => guard('its end', fail)())],
    [
      'one that it makes and that is called later',
      () => {
        const later: (() => void)[] = [];
        const start = guard('a request', () => void later.push(guard('its end', fail)));
        return () => {
          start();
          later.pop()?.();
        };
      },
    ],
    [
      'one that gives something back',
      () => {
        const contain = createContain('a request');
        return () => assert.equal(contain(fail), undefined);
      },
    ],
  ] as const) {
    test(`counts the errors of ${what}`, (t) => {
      captureLog(t);
      const { callback, turnedOff } = enableBroken('http server', makeCallback);
      repeat(MAX_ERRORS, callback);
      assert.equal(turnedOff(), 1);
    });
  }

  test('bears errors that are far between', (t) => {
    captureLog(t);
    let time = 0;
    let stepMillis = 3200;
    let turnedOff = 0;
    const watchdog = createWatchdog(
      'undici',
      () => void turnedOff++,
      () => (time += stepMillis),
    );
    repeat(1000, () => watchdog('a request', new Error('our mistake')));
    assert.equal(turnedOff, 0);
    stepMillis = 3000;
    repeat(MAX_ERRORS, () => watchdog('a request', new Error('our mistake')));
    assert.equal(turnedOff, 1);
  });

  test('contains what cannot be enabled, and what cannot be turned off', (t) => {
    const lines = captureLog(t);
    assert.equal(
      enableWatched('undici', fail, () => {}),
      undefined,
    );
    repeat(MAX_ERRORS, enableWatched('http', () => guard('a request', fail), fail) ?? assert.fail);
    assert.match(lines[0] ?? '', /^tracing: internal error in the start of undici, .*: our mistake\n$/);
    assert.match(lines[3] ?? '', /^tracing: internal error in turning http off, .*: our mistake\n$/);
  });

  test('counts nothing under test, where errors are thrown', (t) => {
    throwInternalErrors(true);
    t.after(() => throwInternalErrors(false));
    const { callback, turnedOff } = enableBroken('http server', () => guard('a request', fail));
    repeat(MAX_ERRORS, () => assert.throws(callback, /our mistake/));
    assert.throws(() => enableWatched('undici', fail, () => {}), /our mistake/);
    assert.equal(turnedOff(), 0);
  });

  test('is not told of what runs outside of its part', (t) => {
    captureLog(t);
    const told: string[] = [];
    const callback = watchErrors(
      (where) => void told.push(where),
      () => guard('inside', () => {}),
    );
    callback();
    guard('outside', fail)();
    assert.deepEqual(told, []);
  });
});
