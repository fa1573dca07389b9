// Used by the batch processor: what waits to be sent, bounded by spans and by bytes.
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

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

/** What a span without attributes takes in memory, roughly. */
const SPAN_BYTES = 600;

/** An estimate, not a measure: texts count two bytes a character, everything else a flat price. */
function estimateBytes(span: ReadableSpan): number {
  let bytes = SPAN_BYTES + attributeBytes(span.attributes);
  for (const event of span.events) bytes += 100 + attributeBytes(event.attributes);
  for (const link of span.links) bytes += 200 + attributeBytes(link.attributes);
  return bytes;
}

function attributeBytes(attributes: Readonly<Record<string, unknown>> | undefined): number {
  let bytes = 0;
  for (const key in attributes) {
    const value = attributes[key];
    bytes += 32 + (typeof value === 'string' ? value.length * 2 : Array.isArray(value) ? value.join('').length * 2 : 8);
  }
  return bytes;
}
