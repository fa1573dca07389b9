// Made by start-pipeline.ts, one for every destination: the last of the span processors.
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { isSampled } from '../processors/sampled-only.ts';
import { estimateBytes } from '../processors/span-bytes.ts';
import { type BatchOptions, BatchProcessor } from './batch-processor.ts';

export type SpanBatchOptions = Omit<BatchOptions<ReadableSpan>, 'noun' | 'estimateBytes'>;

/** Collects ended spans of sampled traces for one destination. */
export class SpanBatch extends BatchProcessor<ReadableSpan> implements SpanProcessor {
  constructor(options: SpanBatchOptions) {
    super({ ...options, noun: ['span', 'spans'], estimateBytes });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (isSampled(span)) this.add(span);
  }
}
