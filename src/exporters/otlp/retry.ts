// Called by the OTLP exporter between attempts: the retry rules of the OTLP specification (opentelemetry.io/docs/specs/otlp, "Failures").

/** The only status codes after which a client may send the same batch again. */
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const FIRST_WAIT_MILLIS = 1000;
const LONGEST_WAIT_MILLIS = 5000;
const LONGEST_ASKED_MILLIS = 60_000;
export const MAX_ATTEMPTS = 5;

export const isRetryable = (statusCode: number): boolean => RETRYABLE_STATUS.has(statusCode);

/** Milliseconds to wait before attempt `attempt` + 1 (the first is 1): what the receiver asks for, else exponential with jitter. */
export function toWaitMillis(attempt: number, asked: number | undefined, random: number): number {
  if (asked !== undefined) return Math.min(asked, LONGEST_ASKED_MILLIS);
  const base = Math.min(FIRST_WAIT_MILLIS * 1.5 ** (attempt - 1), LONGEST_WAIT_MILLIS);
  return Math.round(base * (0.8 + 0.4 * random));
}

/** The milliseconds of Retry-After, a number of seconds or a date (RFC 9110 10.2.3); anything else says nothing. */
export function readRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
