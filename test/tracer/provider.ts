// A tracer provider as the pipeline makes it, where a test does not care for its resource and keeps every span.
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { TracerProvider, type TracerProviderOptions } from '../../src/tracer/tracer-provider.ts';

export function createProvider(options: Partial<TracerProviderOptions> = {}): TracerProvider {
  return new TracerProvider({
    resource: resourceFromAttributes({}),
    sampler: new AlwaysOnSampler(),
    spanProcessors: [],
    ...options,
  });
}

/** Keeps what has ended. */
export function collectInto(ended: ReadableSpan[]): SpanProcessor {
  return {
    onStart() {},
    onEnd: (span) => void ended.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}
