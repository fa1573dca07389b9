// The clock of everything that measures how long something takes: monotonic milliseconds.

let now: (() => number) | undefined;

/**
 * Milliseconds that never go back. Node's clock is taken with the first call and kept: an application that fakes time in its tests does not bend
 * ours; and not at the start, since the first look at `performance` loads ten files of Node's.
 */
export function stopwatch(): number {
  now ??= performance.now.bind(performance);
  return now();
}
