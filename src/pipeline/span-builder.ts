// Used by span-delivery.ts where spans leave as protobuf: each is encoded as it ends, so that none waits in memory as an object.
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { type SpanEncoderOptions, createSpanEncoder } from '../exporters/otlp/span-encoder.ts';
import type { BatchBuilder, CreateBuilder } from './batch-builder.ts';

/** Kept free for what a request says once: its resource and its scopes. */
const HEAD_BYTES = 64 * 1024;

/** Spans in batches that are no bigger than they may be. */
export function createSpanBuilder(options: SpanEncoderOptions): CreateBuilder<ReadableSpan> {
  return ({ maxItems, maxBytes }, onBatch): BatchBuilder<ReadableSpan> => {
    const encoder = createSpanEncoder(options);
    const seal = (): void => {
      if (encoder.items > 0) onBatch(encoder.take());
    };
    return {
      get items() {
        return encoder.items;
      },
      get bytes() {
        return encoder.bytes;
      },
      add(span) {
        encoder.add(span);
        if (encoder.bytes > maxBytes - HEAD_BYTES && encoder.items > 1) {
          encoder.removeLast();
          seal();
          encoder.add(span);
        }
        if (encoder.items >= maxItems) seal();
      },
      seal,
    };
  };
}
