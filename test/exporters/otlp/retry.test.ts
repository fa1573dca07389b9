import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isRetryable, readRetryAfter, toWaitMillis } from '../../../src/exporters/otlp/retry.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

suite('retry', () => {
  test('only 429, 502, 503 and 504 may be sent again', () => {
    const retryable = Array.from({ length: 600 }, (_, code) => code).filter(isRetryable);
    assert.deepEqual(retryable, [429, 502, 503, 504]);
  });

  for (const [header, millis] of [
    ['0', 0],
    ['1', 1000],
    ['30', 30_000],
    ['86400', 60_000],
    ['Thu, 01 Jan 2026 12:00:05 GMT', 5000],
    ['Thu, 01 Jan 2026 11:59:00 GMT', 0],
    ['Thu, 01 Jan 2099 00:00:00 GMT', 60_000],
  ] as const) {
    test(`Retry-After ${header} waits ${millis} ms`, () =>
      assert.equal(toWaitMillis(1, readRetryAfter(header, NOW), 0.5), millis));
  }

  for (const header of [undefined, '', 'soon', '9999999999999999999999', 'NaN']) {
    test(`Retry-After ${header} says nothing`, () =>
      assert.equal(toWaitMillis(1, readRetryAfter(header, NOW), 0.5), 1000));
  }

  test('waits grow by half from one second to five, a fifth more or less', () => {
    const waits = (random: number) => [1, 2, 3, 4, 5, 9].map((attempt) => toWaitMillis(attempt, undefined, random));
    assert.deepEqual(waits(0.5), [1000, 1500, 2250, 3375, 5000, 5000]);
    assert.deepEqual(waits(0), [800, 1200, 1800, 2700, 4000, 4000]);
    assert.deepEqual(waits(0.999_999_9), [1200, 1800, 2700, 4050, 6000, 6000]);
  });
});
