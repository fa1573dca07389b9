// Keeps the probes of load balancers and orchestrators out of the way: they are counted, and the count is said now and then.
import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import {
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_URL_PATH,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions';
import { isFailed, readText } from './span-facts.ts';

const PATHS = new Set([
  '/health',
  '/healthz',
  '/livez',
  '/readyz',
  '/ready',
  '/live',
  '/ping',
  '/metrics',
  '/favicon.ico',
]);
const PROBES = /^(?:kube-probe|ELB-HealthChecker|GoogleHC)\//;
const SAY_EVERY_MILLIS = 60_000;

/** Returns whether a server span is a health check that went well; only then is it left out. */
export function isHealthCheck(span: ReadableSpan): boolean {
  if (span.kind !== SpanKind.SERVER || isFailed(span)) return false;
  const code = Number(span.attributes[ATTR_HTTP_RESPONSE_STATUS_CODE]);
  if (!(code >= 200 && code < 300)) return false;
  const path = readText(span, ATTR_URL_PATH) ?? '';
  return (
    PATHS.has(path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path) ||
    PROBES.test(readText(span, ATTR_USER_AGENT_ORIGINAL) ?? '')
  );
}

/** Counts health checks and tells when their count is due: for the first one at once, then once a minute at most. */
export class HealthCheckCounter {
  #count = 0;
  #saidAtMillis = -Infinity;

  add(): void {
    this.#count++;
  }

  /** Returns the count if it is due, else 0; `isLast` makes it due. */
  take(nowMillis: number, isLast = false): number {
    if (this.#count === 0 || (!isLast && nowMillis - this.#saidAtMillis < SAY_EVERY_MILLIS)) return 0;
    const count = this.#count;
    this.#count = 0;
    this.#saidAtMillis = nowMillis;
    return count;
  }
}
