// Called once by tracing.ts: config -> tracer provider, processors, destinations, and the way out of the process.
import type { Attributes, TextMapPropagator, Tracer } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Config } from '../config/config.ts';
import type { Destination } from '../exporters/destination.ts';
import type { OtlpTarget } from '../exporters/otlp/otlp-sender.ts';
import { KeepProcessor } from '../processors/keep-processor.ts';
import { createRedactionGuard } from '../processors/redaction-guard.ts';
import { createSampledOnly } from '../processors/sampled-only.ts';
import type { Redactor } from '../redaction/create-redactor.ts';
import { TracerProvider } from '../tracer/tracer-provider.ts';
import { type LeavingWork, holdFor } from './leaving.ts';
import type { LogfireProject } from './logfire.ts';
import { loadLogs } from './logs/load-logs.ts';
import { loadMetrics } from './metrics/load-metrics.ts';
import { isMetricsOn } from './metrics-on.ts';
import { createResource } from './resource.ts';
import { createPropagator } from './propagator.ts';
import { type Sampling, createSampling } from './sampling.ts';
import { toSpanLimits } from './sdk-parts.ts';
import { SpanDelivery } from './span-delivery.ts';
import { loadSpool } from './spool/load-spool.ts';
import { ThreadReceiver } from './threads/thread-receiver.ts';
import { ThreadSender } from './threads/thread-sender.ts';
import type { ThreadStart, Traffic } from './threads/thread-start.ts';
import { createThreadIntake } from './threads/thread-intake.ts';

export interface PipelineOptions {
  readonly config: Config;
  readonly redactor: Redactor;
  /** The agent's own name and version: the scope of the spans that it makes. */
  readonly scope: { readonly name: string; readonly version: string };
  /** Where spans are sent. */
  readonly destinations: readonly Destination[];
  /** Where log records are sent in place of what the configuration says: a viewer. */
  readonly logsTarget?: OtlpTarget | undefined;
  /** Where metrics go when they are on and no OTLP endpoint is named. */
  readonly logfire: readonly LogfireProject[];
  /** Called when the process exits, before the last flush. */
  readonly beforeExitFlush: () => void;
  /** What relative paths begin at. */
  readonly cwd: string;
  /** What else is told of every span, such as the console. */
  readonly processors: readonly SpanProcessor[];
  /** In a worker thread: what the main thread's agent says. Then what ends goes there, and to no destination from here. */
  readonly thread?: ThreadStart | undefined;
  /** What all threads of the process count together. */
  readonly traffic: Traffic;
  /** What is known of where the process runs, for the resource. */
  readonly platform?: Attributes | undefined;
}

/** A running pipeline. Disposing it ends it without waiting for what is on its way. */
export interface Pipeline extends Disposable {
  /** For everybody else's spans. */
  readonly provider: TracerProvider;
  readonly propagator: TextMapPropagator;
  /** What is to be done when the process ends. */
  readonly leaving: LeavingWork;
  /** For spans whose attributes are redacted before they are born. */
  readonly tracer: Pick<Tracer, 'startSpan'>;
  /** Which requests are made a span at all. */
  readonly sampling: Pick<Sampling, 'decide'>;
  /** Whether log records are sent. */
  readonly sendsLogs: boolean;
  /** Sends all that has ended; resolves when it is delivered or given up, and after `limitMillis` at the latest. */
  flush(limitMillis: number): Promise<void>;
  /** Takes the spans and log records of the workers that this thread makes. */
  readonly threads: Pick<ThreadReceiver, 'listenTo'>;
  /** What a worker's agent is to know of this pipeline. */
  readonly forThreads: Pick<ThreadStart, 'wantsStarts' | 'sendsLogs' | 'maxItems'>;
}

/** Builds the pipeline. */
export function startPipeline({
  config,
  redactor,
  scope,
  destinations,
  logsTarget,
  logfire,
  beforeExitFlush,
  cwd,
  processors,
  thread,
  traffic,
  platform,
}: PipelineOptions): Pipeline {
  const sender = thread === undefined ? undefined : new ThreadSender(thread);
  const hasMetrics = isMetricsOn(config);
  const resource =
    sender !== undefined && !hasMetrics
      ? resourceFromAttributes({})
      : createResource({
          config,
          platform,
          agentVersion: scope.version,
          redactAttribute: (name, value) => redactor.redactAttribute(name, value),
        });
  const ready = resource.asyncAttributesPending ? resource.waitForAsyncAttributes?.() : undefined;
  const spool = sender === undefined ? loadSpool(config, cwd) : undefined;
  const spans = new SpanDelivery({
    destinations,
    resource,
    delayMillis: config['export.batch.delayMillis'],
    maxBatchItems: config['export.batch.maxSpans'],
    maxQueueItems: config['export.batch.maxQueueSpans'],
    maxQueueBytes: config['export.batch.maxBytes'],
    patienceMillis: config['export.batch.timeoutMillis'],
    spool,
    ready,
  });
  const logs =
    thread?.sendsLogs === false
      ? undefined
      : loadLogs({ config, target: logsTarget, redactor, resource, spool, ready, thread: sender });
  // All that sends in batches, whatever it sends.
  const deliveries = logs?.delivery === undefined ? [spans] : [spans, logs.delivery];
  const next = [spans, ...processors, ...(sender === undefined ? [] : [sender])];
  const guard = createRedactionGuard({ redactor, maxValueLength: config['limits.attributeValueLength'] });
  const metrics =
    sender !== undefined && !hasMetrics ? undefined : loadMetrics({ config, logfire, redactor, resource, scope });
  const keep = createKeep(config, next);
  const sampling = createSampling({ config, recordDropped: metrics !== undefined || keep !== undefined });
  const provider = new TracerProvider({
    resource,
    sampler: sampling.sampler,
    idGenerator: sampling.idGenerator,
    spanLimits: toSpanLimits(config),
    spanProcessors: [guard, ...(metrics === undefined ? [] : [metrics.processor]), keep ?? createSampledOnly(next)],
  });
  const threads = new ThreadReceiver(
    traffic,
    sender === undefined
      ? createThreadIntake({ resource, next, addLog: (record) => logs?.delivery?.add(record) })
      : (message) => sender.relay(message),
  );
  const flushNow = (): Promise<unknown> => {
    threads.drain();
    return Promise.all([...deliveries.map((delivery) => delivery.flush()), metrics?.flush()]);
  };
  const leaving: LeavingWork = {
    isPending: () => {
      threads.drain();
      return deliveries.some((delivery) => delivery.isPending()) || metrics?.isPending() === true;
    },
    flushNow,
    flush: () => {
      threads.drain();
      return Promise.all([...deliveries.map((delivery) => delivery.leave()), metrics?.leave()]);
    },
    abandon: () => {
      for (const delivery of deliveries) delivery.abandon();
      metrics?.abandon();
    },
    flushBlocking: (limitMillis) => {
      beforeExitFlush();
      threads.close();
      sender?.leave(limitMillis);
      // All at the same time: together they hold the process no longer than one alone, and none waits for another.
      const flushes = [metrics, ...deliveries].map((delivery) => delivery?.startLastFlush(limitMillis));
      for (const awaitEnd of flushes) awaitEnd?.();
      keep?.report();
      for (const processor of processors) void processor.shutdown();
    },
  };
  return {
    provider,
    propagator: createPropagator(config),
    leaving,
    tracer: provider.createVouchedTracer(scope),
    sampling,
    sendsLogs: logs !== undefined,
    async flush(limitMillis) {
      await holdFor(flushNow(), limitMillis);
    },
    threads,
    forThreads: {
      wantsStarts: thread?.wantsStarts ?? processors.length > 0,
      sendsLogs: logs !== undefined,
      maxItems: thread?.maxItems ?? config['export.batch.maxQueueSpans'],
    },
    [Symbol.dispose]() {
      threads.close();
      void provider.shutdown();
      metrics?.[Symbol.dispose]();
      logs?.[Symbol.dispose]();
    },
  };
}

/** How long spans of a dropped trace wait for a request that does not end, such as a stream of events. */
const MAX_HELD_MILLIS = 10 * 60_000;

/** Spans that wait for a verdict take no more room than those that wait to be sent. */
function createKeep(config: Config, next: readonly SpanProcessor[]): KeepProcessor | undefined {
  const { errors = false, slowerThanMillis } = config['sampling.keep'] ?? {};
  if (!errors && slowerThanMillis === undefined) return undefined;
  return new KeepProcessor({
    errors,
    slowerThanMillis,
    next: createSampledOnly(next),
    maxSpans: config['export.batch.maxQueueSpans'],
    maxBytes: config['export.batch.maxBytes'],
    maxAgeMillis: MAX_HELD_MILLIS,
  });
}
