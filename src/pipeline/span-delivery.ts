// Made by start-pipeline.ts: the last of the span processors, which sends ended spans of sampled traces to their destinations.
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { isSampled } from '../processors/sampled-only.ts';
import { estimateBytes } from '../processors/span-bytes.ts';
import { Delivery, type DeliveryOptions } from './delivery.ts';
import { createObjectBuilder } from './object-builder.ts';

export type SpanDeliveryOptions = Omit<DeliveryOptions<ReadableSpan>, 'noun' | 'createBuilder'>;

/** Spans' way out of the process. */
export class SpanDelivery extends Delivery<ReadableSpan> implements SpanProcessor {
  constructor(options: SpanDeliveryOptions) {
    super({
      ...options,
      noun: ['span', 'spans'],
      createBuilder: (encoding) => {
        const serializer = encoding === 'json' ? JsonTraceSerializer : ProtobufTraceSerializer;
        return createObjectBuilder({ encode: (spans) => serializer.serializeRequest(spans), estimateBytes });
      },
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (isSampled(span)) this.add(span);
  }

  forceFlush(): Promise<void> {
    return this.flush();
  }

  /** Nothing to stop: its timers keep nothing alive, and what waits has been flushed. */
  shutdown(): Promise<void> {
    return this.flush();
  }
}
