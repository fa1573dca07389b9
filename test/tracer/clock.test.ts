import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { Clock, toWallTime } from '../../src/tracer/clock.ts';
import { collectInto, createProvider } from './provider.ts';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

const EPOCH = 1_700_000_000_000;

/** A clock whose sources stand still until they are moved. */
function setUp({ epochMillis = EPOCH, monotonic = 5000 } = {}) {
  const time = { epochMillis, monotonic };
  const clock = new Clock({ monotonic: () => time.monotonic, wall: () => Math.floor(time.epochMillis) });
  // The first span has begun.
  clock.anchorAt(clock.now());
  const pass = (millis: number): void => {
    time.monotonic += millis;
    time.epochMillis += millis;
  };
  /** Milliseconds since EPOCH that the clock tells. */
  const tell = (): number => {
    const now = clock.now();
    return hrTimeToMilliseconds(toWallTime(clock.anchorAt(now), now)) - EPOCH;
  };
  const near = (expected: number): void => assert.ok(Math.abs(tell() - expected) < 0.01, `${tell()} for ${expected}`);
  return { time, clock, pass, tell, near };
}

suite('the clock', () => {
  test('tells wall time to the microsecond from what Node knows to the millisecond', () => {
    const { pass, near } = setUp();
    near(0);
    pass(0.25);
    near(0.25);
    pass(70_000.125);
    near(70_000.375);
  });

  test('follows a wall clock that was set, forwards or back, within a second', () => {
    for (const step of [3_600_000, -3_600_000]) {
      const { time, pass, near } = setUp();
      time.epochMillis += step;
      pass(999);
      near(999);
      pass(2);
      near(step + 1001 + (step < 0 ? 1 : 0));
    }
  });

  test('follows a clock that runs fast or slow without a jump of a millisecond', () => {
    for (const drift of [0.0005, -0.0005]) {
      const { time, pass, tell } = setUp();
      let last = tell();
      for (let second = 0; second < 100; second++) {
        pass(1001);
        time.epochMillis += 1001 * drift;
        const told = tell();
        assert.ok(Math.abs(told - (time.epochMillis - EPOCH)) < 1.6, `${told} for ${time.epochMillis - EPOCH}`);
        assert.ok(Math.abs(told - last - 1001) < 1.6);
        last = told;
      }
    }
  });

  test('stays as it is where the process is held up between two reads', () => {
    const time = { now: 5000 };
    const read = (): number => (time.now += 20);
    const clock = new Clock({ monotonic: read, wall: () => EPOCH + read() });
    const anchor = clock.check();
    for (let count = 0; count < 50; count++) assert.equal(clock.check(), anchor);
  });

  test('carries whole seconds', () => {
    assert.deepEqual(toWallTime({ seconds: 10, millis: 999.9999999 }, 0), [11, 0]);
    assert.deepEqual(toWallTime({ seconds: 10, millis: 0.000001 }, 0), [10, 1]);
    assert.deepEqual(toWallTime({ seconds: 10, millis: 999 }, 2), [11, 1_000_000]);
    assert.deepEqual(toWallTime({ seconds: 10, millis: 0 }, -1), [9, 999_000_000]);
  });
});

suite('the times of a span', () => {
  function startOne() {
    const { clock, time, pass } = setUp();
    const ended: ReadableSpan[] = [];
    const tracer = createProvider({ clock, spanProcessors: [collectInto(ended)] }).getTracer('test');
    const last = (): ReadableSpan => {
      const span = ended.at(-1);
      assert(span);
      return span;
    };
    return { tracer, time, pass, last };
  }

  test('agree though the wall clock is set while it is open', () => {
    const { tracer, time, pass, last } = startOne();
    const span = tracer.startSpan('GET');
    time.epochMillis -= 3_600_000;
    pass(1500);
    span.addEvent('called');
    pass(500.5);
    span.end();
    assert.deepEqual(last().duration, [2, 500_000]);
    assert.deepEqual(last().startTime, [EPOCH / 1000, 0]);
    assert.deepEqual(last().endTime, [EPOCH / 1000 + 2, 500_000]);
    assert.deepEqual(last().events[0]?.time, [EPOCH / 1000 + 1, 500_000_000]);
  });

  test('are those of the caller, who reads `Date.now()` or `performance.now()` at the same instant', () => {
    const { tracer, time, pass, last } = startOne();
    pass(0.75);
    const now = (): number => Math.floor(time.epochMillis);
    for (const end of [now(), new Date(now()), [EPOCH / 1000, 0] satisfies [number, number]]) {
      tracer.startSpan('GET').end(end);
      assert.deepEqual(last().duration, [0, 0]);
      assert.deepEqual(last().startTime, [EPOCH / 1000, 750_000]);
    }
    tracer.startSpan('GET', { startTime: now() }).end();
    assert.deepEqual(last().startTime, [EPOCH / 1000, 0]);
    assert.deepEqual(last().duration, [0, 750_000]);
    tracer.startSpan('GET', { startTime: time.monotonic - 10 }).end(time.monotonic + 0);
    assert.deepEqual(last().duration, [0, 10_000_000]);
  });
});
