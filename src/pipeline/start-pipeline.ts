// Called once by agent.ts: config -> tracer provider, processors, destinations, and the way out of the process.
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Config } from '../config/config.ts';
import type { Destination } from '../exporters/destination.ts';
import { type SpanStarter, createRedactionGuard } from '../processors/redaction-guard.ts';
import type { Redactor } from '../redaction/create-redactor.ts';
import { BatchProcessor } from './batch-processor.ts';
import { flushOnLeaving } from './leaving.ts';
import { createResource } from './resource.ts';
import { createPropagator, createSampler, toSpanLimits } from './sdk-parts.ts';

export interface PipelineOptions {
  readonly config: Config;
  readonly redactor: Redactor;
  /** The agent's own name and version: the scope of the spans that it makes. */
  readonly scope: { readonly name: string; readonly version: string };
  /** Where spans are sent. */
  readonly destinations: readonly Destination[];
  /** Called when the process exits, before the last flush. */
  readonly beforeExitFlush: () => void;
  readonly isRepl: boolean;
  /** What else is told of every span, such as the console. */
  readonly processors: readonly SpanProcessor[];
}

/** A running pipeline. Disposing it takes it out of the process again, without waiting for what is on its way. */
export interface Pipeline extends Disposable {
  /** For spans whose attributes are redacted before they are born. */
  readonly tracer: SpanStarter;
}

/** Builds the pipeline and registers it as the process's OpenTelemetry SDK. */
export function startPipeline({
  config,
  redactor,
  scope,
  destinations,
  beforeExitFlush,
  isRepl,
  processors,
}: PipelineOptions): Pipeline {
  const resource = createResource({
    config,
    agentVersion: scope.version,
    redactAttribute: (name, value) => redactor.redactAttribute(name, value),
  });
  const ready = resource.asyncAttributesPending ? resource.waitForAsyncAttributes?.() : undefined;
  const batches = destinations.map(
    (destination) =>
      new BatchProcessor({
        destination,
        delayMillis: config['export.batch.delayMillis'],
        maxBatchSpans: config['export.batch.maxSpans'],
        maxQueueSpans: config['export.batch.maxQueueSpans'],
        maxQueueBytes: config['export.batch.maxBytes'],
        ready,
      }),
  );
  const guard = createRedactionGuard({ redactor, maxValueLength: config['limits.attributeValueLength'] });
  const provider = new TracerProvider({
    resource,
    sampler: createSampler(config),
    spanLimits: toSpanLimits(config),
    spanProcessors: [guard, ...batches, ...processors],
  });
  const contextManager = new AsyncLocalStorageContextManager();
  context.setGlobalContextManager(contextManager.enable());
  propagation.setGlobalPropagator(createPropagator(config));
  trace.setGlobalTracerProvider(provider);
  const leaving = flushOnLeaving({
    isRepl,
    isPending: () => batches.some((batch) => batch.isPending()),
    flush: () => Promise.all(batches.map((batch) => batch.leave())),
    abandon: () => {
      for (const batch of batches) batch.abandon();
    },
    flushBlocking: (limitMillis) => {
      beforeExitFlush();
      for (const batch of batches) batch.flushBlocking(limitMillis);
      for (const processor of processors) void processor.shutdown();
    },
  });
  return {
    tracer: guard.vouchFor(provider.getTracer(scope.name, scope.version)),
    [Symbol.dispose]() {
      leaving[Symbol.dispose]();
      void provider.shutdown();
      trace.disable();
      propagation.disable();
      context.disable();
    },
  };
}
