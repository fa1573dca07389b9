// Called by http-transport.ts for every answer: taken, refused for good, or to be sent again (opentelemetry.io/docs/specs/otlp, "Failures").
import type { PostAnswer } from './http-post.ts';
import type { Verdict } from './transport.ts';

/** The only status codes after which a client may send the same batch again. */
export const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** What a receiver answers to a body that it cannot decode: for 415 RFC 9110 names the compression, for 400 nobody does. */
export const UNREAD_STATUS: ReadonlySet<number> = new Set([400, 415]);

const LONGEST_RETRY_AFTER_MILLIS = 60_000;

/** What an answer over HTTP says of its batch; `now` in milliseconds since 1970, for a Retry-After that is a date. */
export function judgeHttpAnswer({ statusCode, retryAfter }: PostAnswer, now: number): Verdict {
  if (statusCode >= 200 && statusCode < 300) return { taken: true };
  return {
    taken: false,
    reason: `HTTP status ${statusCode}`,
    retry: RETRYABLE_STATUS.has(statusCode),
    unread: UNREAD_STATUS.has(statusCode),
    waitMillis: readRetryAfter(retryAfter, now),
  };
}

/** Retry-After is a number of seconds or a date (RFC 9110 10.2.3); anything else says nothing. */
function readRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const askedMillis = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(askedMillis) ? undefined : Math.min(Math.max(0, askedMillis), LONGEST_RETRY_AFTER_MILLIS);
}
