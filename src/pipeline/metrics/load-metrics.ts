// Called by start-pipeline.ts: metrics where they are on, and not a file of them read where they are off.
import { createRequire } from 'node:module';
import { diag } from '@opentelemetry/api';
import type { Config } from '../../config/config.ts';
import type { OtlpTarget } from '../../exporters/otlp/otlp-sender.ts';
import { type LogfireProject, toLogfireTarget } from '../logfire.ts';
import { isMetricsOn } from '../metrics-on.ts';
import { toOtlpTarget } from '../otlp-target.ts';
import { reportInternalError } from '../../log/guard.ts';
import type * as runtimeMetrics from './runtime-metrics.ts';
import type * as startMetricsModule from './start-metrics.ts';

type Metrics = ReturnType<typeof startMetricsModule.startMetrics>;
type Given = Omit<startMetricsModule.MetricsOptions, 'target' | 'reportInternalError'> & {
  readonly logfire: readonly LogfireProject[];
};

/** Starts metrics, or returns undefined where they are off. What goes wrong with them costs the metrics and nothing else. */
export function loadMetrics({ logfire, ...options }: Given): Metrics | undefined {
  const { config } = options;
  if (!isMetricsOn(config)) {
    if (config['metrics.runtime'])
      diag.warn(
        'metrics.runtime has no effect: metrics are off; OTEL_METRICS_EXPORTER=otlp or export.otlp.metricsEndpoint turns them on',
      );
    return undefined;
  }
  const given = { ...options, target: toTarget(config, logfire), reportInternalError };
  const metrics = attempt('the start of metrics', () =>
    (load('start-metrics', 'metrics') as typeof startMetricsModule).startMetrics(given),
  );
  if (metrics === undefined || !config['metrics.runtime']) return metrics;
  const runtime = attempt('the start of runtime metrics', () =>
    (load('runtime-metrics', 'runtime-metrics') as typeof runtimeMetrics).startRuntimeMetrics(metrics.meterProvider),
  );
  return {
    ...metrics,
    [Symbol.dispose]() {
      runtime?.[Symbol.dispose]();
      metrics[Symbol.dispose]();
    },
  };
}

/** Metrics go to one place: to the OTLP endpoint that is named, else to Logfire. */
function toTarget(config: Config, [project]: readonly LogfireProject[]): OtlpTarget {
  const isNamed = config['export.otlp.metricsEndpoint'] !== undefined || config['export.otlp.endpoint'] !== undefined;
  return isNamed || project === undefined
    ? toOtlpTarget(config, 'metrics')
    : toLogfireTarget(project, config, 'metrics');
}

function attempt<Started>(where: string, start: () => Started): Started | undefined {
  try {
    return start();
  } catch (error) {
    reportInternalError(where, error);
    return undefined;
  }
}

/** The build makes each a file beside the agent's; run from source, it is the TypeScript file. */
function load(source: string, bundle: string): unknown {
  const path = import.meta.url.endsWith('.ts') ? `./${source}.ts` : `./${bundle}.cjs`;
  return createRequire(import.meta.url)(path);
}
