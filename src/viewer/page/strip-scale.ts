// Used by strip.tsx: which time the strip is of, and where on it a trace stands. Pure.

/** Pixels beside it: the scale of durations on the left. */
export const LEFT = 54;
export const RIGHT = 10;

export interface Scale {
  readonly from: number;
  readonly until: number;
  toX(millis: number): number;
  toMillis(x: number): number;
  /** Whether a trace that began then is on it. */
  isIn(millis: number): boolean;
}

/** From the first trace to the last, or the time that was chosen. */
export function toScale(
  traces: ReadonlyArray<{ readonly startMillis: number }>,
  width: number,
  { from, until }: { readonly from: number | undefined; readonly until: number | undefined },
): Scale {
  const [first, last] = toSpan(traces.map(({ startMillis }) => startMillis).sort((a, b) => a - b));
  const start = from ?? first;
  const end = Math.max(until ?? last, start + 1);
  const size = Math.max(1, width - LEFT - RIGHT);
  return {
    from: start,
    until: end,
    toX: (millis) => LEFT + ((millis - start) / (end - start)) * size,
    toMillis: (x) => start + (Math.max(0, Math.min(size, x - LEFT)) / size) * (end - start),
    isIn: (millis) => millis >= start && millis <= end,
  };
}

const HOUR_MILLIS = 3_600_000;
/** So many times as far from the middle as half of all are, and more than an hour: a program with another clock, or with none. */
const FAR = 20;

/** The least and the greatest, but for those that are far from all others: one trace of 1970 would press the rest into a line. */
function toSpan(sorted: readonly number[]): readonly [number, number] {
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const most = Math.max(HOUR_MILLIS, FAR * (at(0.75) - at(0.25)));
  const near = sorted.filter((millis) => Math.abs(millis - at(0.5)) <= most);
  return [near[0] ?? 0, near.at(-1) ?? 0];
}
