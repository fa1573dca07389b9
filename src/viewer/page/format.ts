// Used all over the page: how times, numbers and values are written.

/** Returns a duration with three digits and the unit that suits it: `340 µs`, `1.24 ms`, `184 ms`, `2.05 s`, `3m 05s`. */
export function formatDuration(millis: number): string {
  if (millis <= 0) return '0';
  if (millis < 0.001) return `${Math.max(1, Math.round(millis * 1e6))} ns`;
  if (millis < 0.9995) return `${toDigits(millis * 1e3)} µs`;
  if (millis < 999.5) return `${toDigits(millis)} ms`;
  if (millis < 59_950) return `${toDigits(millis / 1e3)} s`;
  const seconds = Math.round(millis / 1e3);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60, 2)}s`;
  if (seconds < 360_000) return `${Math.floor(seconds / 3_600)}h ${pad(Math.floor((seconds % 3_600) / 60), 2)}m`;
  return `${Math.round(seconds / 86_400)} d`;
}

function toDigits(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : String(Math.round(value));
}

/** Returns `12:04:11.302` in local time. */
export function formatClock(epochMillis: number, withMillis = true): string {
  const date = new Date(epochMillis);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => pad(part, 2)).join(':');
  return withMillis ? `${clock}.${pad(date.getMilliseconds(), 3)}` : clock;
}

export function formatCount(count: number): string {
  return count < 10_000
    ? String(count)
    : count < 999_500
      ? `${Math.round(count / 1e3)}k`
      : `${(count / 1e6).toFixed(1)}M`;
}

/** Returns `1 span`, `2 spans`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Returns a value of an attribute as it is read; texts as they are. */
export function formatValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) {
    if ('$int' in value) return String(value.$int);
    if ('$bytes' in value) return `base64 ${String(value.$bytes)}`;
  }
  return JSON.stringify(value);
}

/** Ends of a scale in even steps: at most `count` of them between two times. */
export function toTicks(from: number, until: number, count: number): readonly number[] {
  const rough = (until - from) / count;
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= until && ticks.length <= count; tick += step) ticks.push(tick);
  return ticks;
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

export const KINDS: readonly string[] = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

/** Names of OTLP's 24 levels. */
export function toLevel(severity: number): string {
  return severity === 0
    ? 'log'
    : (['trace', 'debug', 'info', 'warn', 'error', 'fatal'][Math.floor((severity - 1) / 4)] ?? 'log');
}
