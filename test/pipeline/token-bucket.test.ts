import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { TokenBucket } from '../../src/pipeline/token-bucket.ts';

/** How many of `asked` tokens a bucket gives at the clock's time. */
function drain(bucket: TokenBucket, asked: number): number {
  let given = 0;
  for (let count = 0; count < asked; count++) if (bucket.take()) given++;
  return given;
}

function setUp(perSecond: number) {
  const clock = { millis: 5000 };
  return { clock, bucket: new TokenBucket({ perSecond, now: () => clock.millis }) };
}

suite('a token bucket', () => {
  test('gives what one second brings at once, then as time passes', () => {
    const { clock, bucket } = setUp(10);
    assert.equal(drain(bucket, 100), 10);
    clock.millis += 99;
    assert.equal(drain(bucket, 100), 0);
    clock.millis += 1;
    assert.equal(drain(bucket, 100), 1);
    clock.millis += 500;
    assert.equal(drain(bucket, 100), 5);
  });

  test('saves no more than one second brings', () => {
    const { clock, bucket } = setUp(10);
    clock.millis += 3_600_000;
    assert.equal(drain(bucket, 100), 10);
  });

  test('gives one every two seconds for 0.5', () => {
    const { clock, bucket } = setUp(0.5);
    assert.equal(drain(bucket, 10), 1);
    clock.millis += 1999;
    assert.equal(drain(bucket, 10), 0);
    clock.millis += 1;
    assert.equal(drain(bucket, 10), 1);
  });

  test('gives nothing for 0', () => {
    const { clock, bucket } = setUp(0);
    clock.millis += 1e9;
    assert.equal(drain(bucket, 10), 0);
  });

  test('takes a clock that steps back for one that stands', () => {
    const { clock, bucket } = setUp(1);
    assert.equal(drain(bucket, 5), 1);
    clock.millis -= 1000;
    assert.equal(drain(bucket, 5), 0);
    clock.millis += 1000;
    assert.equal(drain(bucket, 5), 1);
  });

  test('never gives more than its rate over the whole time, and one burst', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1000, noNaN: true }),
        fc.array(fc.record({ wait: fc.nat(3000), asked: fc.nat(50) }), { maxLength: 40 }),
        (perSecond, steps) => {
          const { clock, bucket } = setUp(perSecond);
          let given = 0;
          for (const { wait, asked } of steps) {
            clock.millis += wait;
            given += drain(bucket, asked);
          }
          const seconds = (clock.millis - 5000) / 1000;
          assert.ok(given <= Math.max(1, perSecond) + perSecond * seconds + 1e-6);
        },
      ),
    );
  });
});
