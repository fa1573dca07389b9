// Put by start-pipeline.ts before the processors that export or show spans, where spans of dropped traces are recorded as well.
import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';

/** Whether the trace that a span belongs to is kept. */
export function isSampled(span: ReadableSpan): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** Tells `next` of sampled spans, and of no others. */
export function createSampledOnly(next: readonly SpanProcessor[]): SpanProcessor {
  return {
    onStart(span, context) {
      if (isSampled(span)) for (const processor of next) processor.onStart(span, context);
    },
    onEnd(span) {
      if (isSampled(span)) for (const processor of next) processor.onEnd(span);
    },
    async forceFlush() {
      await Promise.all(next.map((processor) => processor.forceFlush()));
    },
    async shutdown() {
      await Promise.all(next.map((processor) => processor.shutdown()));
    },
  };
}
