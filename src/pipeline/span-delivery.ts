// Made by start-pipeline.ts: the last of the span processors, which sends ended spans of sampled traces to their destinations.
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { loadOfficial } from '../exporters/otlp/load-official.ts';
import { isSampled } from '../processors/sampled-only.ts';
import { estimateBytes } from '../processors/span-bytes.ts';
import { Delivery, type DeliveryOptions } from './delivery.ts';
import { createObjectBuilder } from './object-builder.ts';
import { createSpanBuilder } from './span-builder.ts';

export interface SpanDeliveryOptions extends Omit<DeliveryOptions<ReadableSpan>, 'noun' | 'createBuilder'> {
  readonly resource: Resource;
}

/** Spans' way out of the process. */
export class SpanDelivery extends Delivery<ReadableSpan> implements SpanProcessor {
  constructor({ resource, ...options }: SpanDeliveryOptions) {
    super({
      ...options,
      noun: ['span', 'spans'],
      createBuilder: (encoding) =>
        encoding === 'protobuf'
          ? createSpanBuilder({ resource })
          : createObjectBuilder({
              encode: (spans) => loadOfficial().JsonTraceSerializer.serializeRequest(spans),
              estimateBytes,
            }),
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
