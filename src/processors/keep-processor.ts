// Put by start-pipeline.ts before the processors that export spans, where `sampling.keep` is set: holds the spans of a trace that sampling
// dropped until its local root ends, and lets them go on after all when that root failed or was slow.
import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  diag,
  trace,
} from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { stopwatch } from '../log/stopwatch.ts';
import { isSampled } from './sampled-only.ts';
import { estimateBytes } from './span-bytes.ts';

export interface KeepOptions {
  /** Whether a trace is kept whose local root failed. */
  readonly errors: boolean;
  /** A trace is kept whose local root took at least so long. */
  readonly slowerThanMillis: number | undefined;
  /** Told of every span that is sampled, or kept. */
  readonly next: SpanProcessor;
  /** Bounds of what is held, in all traces together. */
  readonly maxSpans: number;
  readonly maxBytes: number;
  /** How long spans are held for a root that does not end. */
  readonly maxAgeMillis: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** What of a dropped trace happens below one local root: a request that arrived here, or work that began here. */
interface LocalTrace {
  readonly root: Span;
  verdict: 'open' | 'kept' | 'dropped';
  ended: ReadableSpan[];
  bytes: number;
  heldSinceMillis: number;
  /** Spans let go before the verdict, for want of room. */
  lost: number;
}

/** A span's place in its trace; `order` counts starts. */
interface Place {
  readonly local: LocalTrace;
  readonly order: number;
}

/** A child that ends after its root follows the verdict. When there is too much to hold, what has waited longest is let go. */
export class KeepProcessor implements SpanProcessor {
  readonly #options: KeepOptions;
  readonly #now: () => number;
  /** By their contexts, which may outlive the spans: a verdict is known for as long as anything can still belong to it. */
  readonly #places = new WeakMap<SpanContext, Place>();
  /** Those with spans to hold, the longest waiting first. */
  readonly #waiting = new Set<LocalTrace>();
  #spans = 0;
  #bytes = 0;
  #starts = 0;
  #lost = 0;

  constructor(options: KeepOptions) {
    this.#options = options;
    this.#now = options.now ?? stopwatch;
  }

  onStart(span: Span, parentContext: Context): void {
    if (isSampled(span)) return this.#options.next.onStart(span, parentContext);
    const parent = trace.getSpan(parentContext);
    const local = (parent && this.#places.get(parent.spanContext())?.local) ?? createLocalTrace(span);
    this.#places.set(span.spanContext(), { local, order: this.#starts++ });
    if (local.verdict === 'kept') this.#start(span, parentContext);
  }

  onEnd(span: ReadableSpan): void {
    const local = this.#places.get(span.spanContext())?.local;
    if (isSampled(span) || local === undefined) return this.#options.next.onEnd(span);
    if (span === local.root) this.#close(local);
    else if (local.verdict === 'open') this.#hold(span, local);
    else if (local.verdict === 'kept') this.#pass([span]);
  }

  forceFlush(): Promise<void> {
    return this.#options.next.forceFlush();
  }

  shutdown(): Promise<void> {
    this.report();
    return this.#options.next.shutdown();
  }

  /** The last word, when the process leaves; silence when nothing was lost. */
  report(): void {
    if (this.#lost === 0) return;
    const what = this.#lost === 1 ? '1 span of a trace' : `${this.#lost} spans of traces`;
    const were = this.#lost === 1 ? 'was' : 'were';
    diag.warn(`${what} that sampling.keep kept ${were} lost: too much was held at once`);
    this.#lost = 0;
  }

  #close(local: LocalTrace): void {
    const { root, ended } = local;
    local.verdict = this.#isWanted(root) ? 'kept' : 'dropped';
    this.#release(local);
    if (local.verdict === 'dropped') return;
    if (local.lost > 0 && this.#lost === 0) diag.warn('sampling.keep cannot hold all spans; kept traces lack some');
    this.#lost += local.lost;
    this.#pass([...ended, root]);
  }

  #isWanted({ status, duration }: ReadableSpan): boolean {
    const { errors, slowerThanMillis } = this.#options;
    if (errors && status.code === SpanStatusCode.ERROR) return true;
    return slowerThanMillis !== undefined && hrTimeToMilliseconds(duration) >= slowerThanMillis;
  }

  #hold(span: ReadableSpan, local: LocalTrace): void {
    const { maxSpans, maxBytes, maxAgeMillis } = this.#options;
    const now = this.#now();
    const bytes = estimateBytes(span);
    for (const oldest of this.#waiting) {
      const isFull = this.#spans >= maxSpans || this.#bytes + bytes > maxBytes;
      if (!isFull && now - oldest.heldSinceMillis <= maxAgeMillis) break;
      oldest.lost += oldest.ended.length;
      this.#release(oldest);
    }
    if (bytes > maxBytes || maxSpans === 0) {
      local.lost++;
      return;
    }
    if (local.ended.length === 0) {
      local.heldSinceMillis = now;
      this.#waiting.add(local);
    }
    local.ended.push(span);
    local.bytes += bytes;
    this.#spans++;
    this.#bytes += bytes;
  }

  /** Holds nothing of it any more. */
  #release(local: LocalTrace): void {
    this.#waiting.delete(local);
    this.#spans -= local.ended.length;
    this.#bytes -= local.bytes;
    local.ended = [];
    local.bytes = 0;
  }

  /** Ended spans in the order in which they ended; `next` first learns of those whose start it has not seen, parents before children. */
  #pass(spans: readonly ReadableSpan[]): void {
    const unseen = spans.filter((span) => !isSampled(span));
    const orderOf = (span: ReadableSpan): number => this.#places.get(span.spanContext())?.order ?? 0;
    // They are spans of the SDK, which are both: the type of onEnd only promises less.
    for (const span of unseen.toSorted((a, b) => orderOf(a) - orderOf(b))) this.#start(span as Span, ROOT_CONTEXT);
    for (const span of spans) this.#options.next.onEnd(span);
  }

  /** The flag of a span that is open also tells those it calls from here on. */
  #start(span: Span, parentContext: Context): void {
    span.spanContext().traceFlags |= TraceFlags.SAMPLED;
    this.#options.next.onStart(span, parentContext);
  }
}

function createLocalTrace(root: Span): LocalTrace {
  return { root, verdict: 'open', ended: [], bytes: 0, heldSinceMillis: 0, lost: 0 };
}
