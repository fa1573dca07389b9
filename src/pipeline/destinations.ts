// Called by start-pipeline.ts: which destinations the configuration asks for.
import type { Config } from '../config/config.ts';
import type { Destination } from '../exporters/destination.ts';
import { createOtlpExporter } from '../exporters/otlp/otlp-exporter.ts';
import { toOtlpTarget } from './otlp-target.ts';

/** One exporter for every destination that is configured; none is a good answer too. */
export function createDestinations(config: Config, redact: (text: string) => string): readonly Destination[] {
  const enabled = config['export.otlp.enabled'];
  const isNamed = config['export.otlp.tracesEndpoint'] !== undefined || config['export.otlp.endpoint'] !== undefined;
  if (enabled === false || (enabled === 'auto' && !isNamed)) return [];
  const totalMillis = config['export.batch.timeoutMillis'];
  return [createOtlpExporter({ ...toOtlpTarget(config, 'traces'), totalMillis, redact })];
}
