// Called by the http and undici clients: tells which requests repeat an earlier one. Neither Node nor fetch says it of its own.
import { type Context, trace } from '@opentelemetry/api';

/** An attempt that is over, and number `count` among the repeats of its request: 0 for the first. */
export interface Attempt {
  readonly method: string;
  /** As sent: for comparing, never for recording. */
  readonly url: string;
  readonly count: number;
}

/** A request that may come next. */
interface Expected {
  readonly url: string;
  /** Undefined where it may change, as redirects may make a POST a GET. */
  readonly method: string | undefined;
  readonly count: number;
}

/** What client libraries repeat of their own accord: those of got, undici's RetryHandler and ky together. */
const RETRIED: ReadonlySet<number> = new Set([408, 413, 425, 429, 500, 502, 503, 504]);

/** Of one context; a follow-up comes at once or never, so a short memory does. */
const MAX_EXPECTED = 20;

/**
 * What is told: a redirect is followed where a request goes to the Location of an answer that the same context got. A retry is one where a request of the
 * same method and URL follows, in the same context, an attempt that failed or got one of the statuses that are retried. That is a guess, and
 * it is made inside a trace only: two requests of one operation belong together, two that nothing connects may be a poll.
 */
export class Resends {
  readonly #expected = new WeakMap<Context, Expected[]>();

  /** An attempt in context `from` was answered. */
  answered(
    from: Context,
    attempt: Attempt,
    { status, location }: { status: number; location: string | undefined },
  ): void {
    if (RETRIED.has(status)) this.failed(from, attempt);
    if (status < 300 || status > 399 || location === undefined || !URL.canParse(location, attempt.url)) return;
    this.#expect(from, { url: toTarget(new URL(location, attempt.url)), method: undefined, count: attempt.count + 1 });
  }

  /** An attempt in context `from` got no answer, or one that asks to try again. */
  failed(from: Context, { method, url, count }: Attempt): void {
    if (trace.getSpanContext(from) === undefined || !URL.canParse(url)) return;
    this.#expect(from, { url: toTarget(new URL(url)), method, count: count + 1 });
  }

  /** `http.request.resend_count` of a new request: 0 for one that repeats none. */
  take(from: Context, { method, url }: Pick<Attempt, 'method' | 'url'>): number {
    const expected = this.#expected.get(from);
    if (expected === undefined || expected.length === 0 || !URL.canParse(url)) return 0;
    const target = toTarget(new URL(url));
    const index = expected.findIndex((next) => next.url === target && (next.method ?? method) === method);
    return expected.splice(index, index < 0 ? 0 : 1)[0]?.count ?? 0;
  }

  #expect(from: Context, next: Expected): void {
    const expected = this.#expected.get(from);
    if (expected === undefined) this.#expected.set(from, [next]);
    else if (expected.push(next) > MAX_EXPECTED) expected.shift();
  }
}

/** Without what a client does not send. */
const toTarget = ({ origin, pathname, search }: URL): string => `${origin}${pathname}${search}`;
