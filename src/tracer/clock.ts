// Read by every span when it starts and when it ends: a clock that never goes back, and where its zero lies in wall time.
import type { HrTime } from '@opentelemetry/api';
import { stopwatch } from '../log/stopwatch.ts';
import { wallClock } from '../natives.ts';

/** The wall time at which a monotonic clock read zero: whole seconds since the epoch, and milliseconds (below 1000) with their fraction. */
export interface Anchor {
  readonly seconds: number;
  readonly millis: number;
}

export interface ClockSources {
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Whole milliseconds since the epoch. It may be set, and on a laptop that slept it is ahead of the monotonic clock by the sleep. */
  readonly wall: () => number;
}

const CHECK_EVERY_MILLIS = 1000;

/** How far two readings of the same instant may lie apart: one of this clock, and one of `Date.now()`, which leaves out the fraction. */
export const CLOCK_SLACK_MILLIS = 3;

/**
 * One read of the monotonic clock is one instant. A span keeps the anchor that it started with, so all its times agree whatever happens to
 * the wall clock meanwhile. Once a second (and never on a timer) the anchor is held against the wall clock, and moved no further
 * than it must be: wall time is known to the millisecond only, and a clock that is right is left alone.
 * @note Both functions are Node's own: an application that fakes time in its tests does not bend spans.
 */
export class Clock {
  private readonly sources: ClockSources;
  private anchor: Anchor;
  private checkedAt: number;

  constructor(sources: ClockSources = { monotonic: stopwatch, wall: wallClock }) {
    this.sources = sources;
    // Read with the first span, which checks it.
    this.checkedAt = -Infinity;
    this.anchor = { seconds: 0, millis: 0 };
  }

  /** Monotonic milliseconds. */
  now(): number {
    return this.sources.monotonic();
  }

  /** The anchor for what begins at `at`, which was read just now. */
  anchorAt(at: number): Anchor {
    return at - this.checkedAt < CHECK_EVERY_MILLIS ? this.anchor : this.check();
  }

  /** The anchor, held against the wall clock. */
  check(): Anchor {
    const { monotonic, wall } = this.sources;
    const before = monotonic();
    const epochMillis = wall();
    // Read on both sides: the process may be off the processor between two reads, and that is no error of the clock.
    const after = monotonic();
    const zero = this.anchor.seconds * 1000;
    const behind = epochMillis - zero - (this.anchor.millis + after);
    const ahead = this.anchor.millis + before - (epochMillis + 1 - zero);
    if (behind > 0) this.anchor = toAnchor(this.anchor.seconds, this.anchor.millis + behind);
    else if (ahead > 0) this.anchor = toAnchor(this.anchor.seconds, this.anchor.millis - ahead);
    this.checkedAt = after;
    return this.anchor;
  }
}

/** The wall time of `at` on the monotonic clock. */
export function toWallTime(anchor: Anchor, at: number): HrTime {
  const { seconds, millis } = toAnchor(anchor.seconds, anchor.millis + at);
  const nanos = Math.round(millis * 1e6);
  return nanos === 1e9 ? [seconds + 1, 0] : [seconds, nanos];
}

function toAnchor(seconds: number, millis: number): Anchor {
  const whole = Math.floor(millis / 1000);
  return { seconds: seconds + whole, millis: millis - whole * 1000 };
}
