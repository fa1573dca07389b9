// Loaded by load-metrics.ts only where metrics are on: a bundle of its own, since the SDK's metrics are a third of the agent again.
import { randomUUID } from 'node:crypto';
import { isMainThread } from 'node:worker_threads';
import { metrics } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Config } from '../../config/config.ts';
import { createOtlpMetrics } from '../../exporters/otlp/otlp-metrics.ts';
import type { OtlpTarget } from '../../exporters/otlp/otlp-sender.ts';
import { createHttpMetrics } from '../../processors/http-metrics.ts';
import { createMetricAttributeRedaction, redactMetrics } from '../../processors/metric-redaction.ts';
import type { Redactor } from '../../redaction/create-redactor.ts';
import { collectNow } from './collect-now.ts';
import { OtlpMetricReader } from './metric-reader.ts';
import { createMetricsSender } from './metrics-sender.ts';

export interface MetricsOptions {
  readonly config: Config;
  readonly target: OtlpTarget;
  readonly redactor: Redactor;
  readonly resource: Resource;
  /** The agent's own name and version: the scope of the spans that are measured, and of their metrics. */
  readonly scope: { readonly name: string; readonly version: string };
  /** A bundle has its own copy of log/guard.ts, which does not know whether internal errors are thrown. */
  readonly reportInternalError: (where: string, error: unknown) => void;
}

/** Running metrics. Disposing them takes them out of the process again, without waiting for what is on its way. */
export interface Metrics extends Disposable {
  /** To be told of every span. */
  readonly processor: SpanProcessor;
  readonly meterProvider: MeterProvider;
  readonly isPending: () => boolean;
  readonly flush: () => Promise<void>;
  readonly leave: () => Promise<void>;
  readonly abandon: () => void;
  readonly startLastFlush: (limitMillis: number) => () => void;
}

/** Builds the meter provider and registers it for the process, so that the application's own instruments are exported as well. */
export function startMetrics(options: MetricsOptions): Metrics {
  const { config, redactor, scope } = options;
  const resource = isMainThread ? options.resource : options.resource.merge(createThreadResource());
  const attributes = createMetricAttributeRedaction(redactor);
  const reader: OtlpMetricReader = new OtlpMetricReader({
    sender: createMetricsSender({
      ...createOtlpMetrics({ ...options.target, redact: (url) => redactor.redact(url, 'client') }),
      totalMillis: config['metrics.timeoutMillis'],
    }),
    intervalMillis: config['metrics.intervalMillis'],
    temporality: config['metrics.temporality'],
    redact: (collected) => redactMetrics(collected, redactor),
    collectNow: () => collectNow(meterProvider),
    ready: resource.asyncAttributesPending ? resource.waitForAsyncAttributes?.() : undefined,
    reportInternalError: options.reportInternalError,
  });
  const meterProvider = new MeterProvider({
    resource,
    readers: [reader],
    views: [
      {
        // The one view, of every instrument of every meter: nobody else can add one to this provider.
        instrumentName: '*',
        attributesProcessors: [
          {
            process(incoming, measuredIn) {
              // Observable callbacks have no context, and are no news: they answer when they are asked.
              if (measuredIn !== undefined) reader.measured();
              return attributes.process(incoming);
            },
          },
        ],
      },
    ],
  });
  metrics.setGlobalMeterProvider(meterProvider);
  return {
    processor: createHttpMetrics(meterProvider.getMeter(scope.name, scope.version), scope.name),
    meterProvider,
    isPending: () => reader.isPending(),
    flush: () => reader.forceFlush(),
    leave: () => reader.leave(),
    abandon: () => reader.abandon(),
    startLastFlush: (limitMillis) => reader.startLastFlush(limitMillis),
    [Symbol.dispose]() {
      void meterProvider.shutdown();
      metrics.disable();
    },
  };
}

/** The threads of a process have the same resource, and a time series may have one source only: without a name of their own their counts would mix. */
function createThreadResource(): Resource {
  return resourceFromAttributes({ 'service.instance.id': randomUUID() });
}
