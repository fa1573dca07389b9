// Asked by whoever does more when metrics are on: the pipeline, which loads them, and the sampler, which lets unsampled requests be counted.
import type { Config } from '../config/config.ts';

/**
 * Whether metrics go anywhere. A base endpoint alone does not turn them on: many receivers of traces refuse metrics, and nobody asked
 * for an error a minute.
 */
export function isMetricsOn(config: Config): boolean {
  const enabled = config['metrics.enabled'];
  return enabled === 'auto' ? config['export.otlp.metricsEndpoint'] !== undefined : enabled;
}
