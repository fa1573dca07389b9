// Used by the batch processor: what waits to be sent, bounded by spans and by bytes.
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { estimateBytes } from '../processors/span-bytes.ts';

export interface QueueLimits {
  readonly maxSpans: number;
  readonly maxBytes: number;
}

/** First in, first out. When it is full the newest span is dropped: what explains the start of a trouble is kept. */
export class BatchQueue {
  readonly #limits: QueueLimits;
  #spans: ReadableSpan[] = [];
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#spans.length;
  }

  /** False when the span did not fit and is dropped. */
  add(span: ReadableSpan): boolean {
    const bytes = estimateBytes(span);
    if (this.#spans.length >= this.#limits.maxSpans || this.#bytes + bytes > this.#limits.maxBytes) return false;
    this.#spans.push(span);
    this.#bytes += bytes;
    return true;
  }

  /** Takes up to `count` spans out. */
  take(count: number): ReadableSpan[] {
    const batch = this.#spans.length <= count ? this.#spans : this.#spans.splice(0, count);
    if (batch === this.#spans) this.#spans = [];
    this.#bytes =
      this.#spans.length === 0 ? 0 : this.#bytes - batch.reduce((sum, span) => sum + estimateBytes(span), 0);
    return batch;
  }
}
