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

  /** Takes a batch out: up to `maxSpans`, and no more than `maxBytes` unless the first alone is bigger. */
  take({ maxSpans, maxBytes }: QueueLimits): ReadableSpan[] {
    let count = 0;
    let bytes = 0;
    for (const span of this.#spans) {
      const more = bytes + estimateBytes(span);
      if (count === maxSpans || (count > 0 && more > maxBytes)) break;
      bytes = more;
      count++;
    }
    this.#bytes -= bytes;
    if (count < this.#spans.length) return this.#spans.splice(0, count);
    const all = this.#spans;
    this.#spans = [];
    this.#bytes = 0;
    return all;
  }
}
