// Times as a person reads them: the clock of the machine's own time zone, and durations of at most seven columns.
import type { HrTime } from '@opentelemetry/api';

/** Returns an SDK time as milliseconds, with its fraction. */
export function toMillis([seconds, nanos]: HrTime): number {
  return seconds * 1e3 + nanos / 1e6;
}

/** Returns `HH:MM:SS.mmm` in local time for milliseconds since the epoch. */
export function formatClock(epochMillis: number): string {
  const date = new Date(epochMillis);
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => pad(part, 2));
  return `${hours}:${minutes}:${seconds}.${pad(date.getMilliseconds(), 3)}`;
}

/** Returns a duration with the unit that suits it: `0.4 ms`, `184 ms`, `1.24 s`, `2m 03s`, `3h 12m`. */
export function formatDuration(millis: number): string {
  if (millis < 0.05) return '0 ms';
  if (millis < 9.95) return `${millis.toFixed(1)} ms`;
  if (millis < 999.5) return `${Math.round(millis)} ms`;
  if (millis < 9_995) return `${(millis / 1e3).toFixed(2)} s`;
  if (millis < 59_950) return `${(millis / 1e3).toFixed(1)} s`;
  const seconds = Math.round(millis / 1e3);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60, 2)}s`;
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}h ${pad(minutes % 60, 2)}m`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
