import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { judgeHttpAnswer } from '../../../src/exporters/otlp/judge-answer.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

const judge = (statusCode: number, retryAfter?: string) =>
  judgeHttpAnswer({ statusCode, retryAfter, body: Buffer.alloc(0) }, NOW);

suite('an answer over HTTP', () => {
  test('is a yes with every 2xx', () => {
    const taken = Array.from({ length: 600 }, (_, code) => code).filter((code) => judge(code).taken);
    assert.deepEqual(
      taken,
      Array.from({ length: 100 }, (_, index) => 200 + index),
    );
  });

  test('lets only 429, 502, 503 and 504 be sent again', () => {
    const isAgain = (code: number): boolean => {
      const outcome = judge(code);
      return !outcome.taken && outcome.retry;
    };
    assert.deepEqual(Array.from({ length: 600 }, (_, code) => code).filter(isAgain), [429, 502, 503, 504]);
  });

  test('may be about the compression with 400 and 415', () => {
    const isUnread = (code: number): boolean => {
      const outcome = judge(code);
      return !outcome.taken && outcome.unread;
    };
    assert.deepEqual(Array.from({ length: 600 }, (_, code) => code).filter(isUnread), [400, 415]);
  });

  for (const [header, millis] of [
    ['0', 0],
    ['1', 1000],
    ['30', 30_000],
    ['86400', 60_000],
    ['Thu, 01 Jan 2026 12:00:05 GMT', 5000],
    ['Thu, 01 Jan 2026 11:59:00 GMT', 0],
    ['Thu, 01 Jan 2099 00:00:00 GMT', 60_000],
    ['', undefined],
    ['soon', undefined],
    ['9999999999999999999999', undefined],
    ['NaN', undefined],
    [undefined, undefined],
  ] as const) {
    test(`with Retry-After ${header} asks for ${millis} ms`, () => {
      const outcome = judge(503, header);
      assert(!outcome.taken);
      assert.equal(outcome.waitMillis, millis);
    });
  }
});
