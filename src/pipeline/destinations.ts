// Called by start-pipeline.ts: which destinations the configuration asks for.
import type { Config } from '../config/config.ts';
import type { Destination } from '../exporters/destination.ts';
import { createOtlpExporter } from '../exporters/otlp/otlp-exporter.ts';

/** The receiver that the OTLP specification assumes where OTLP is asked for and no endpoint is named. */
const DEFAULT_ENDPOINT = 'http://localhost:4318';

/** One exporter for every destination that is configured; none is a good answer too. */
export function createDestinations(config: Config, redact: (text: string) => string): readonly Destination[] {
  const url = toTracesUrl(config);
  if (url === undefined) return [];
  return [
    createOtlpExporter({
      url,
      protocol: config['export.otlp.protocol'],
      headers: config['export.otlp.headers'],
      compression: config['export.otlp.compression'],
      attemptMillis: config['export.otlp.timeoutMillis'],
      totalMillis: config['export.batch.timeoutMillis'],
      redact,
    }),
  ];
}

function toTracesUrl(config: Config): string | undefined {
  const enabled = config['export.otlp.enabled'];
  const exact = config['export.otlp.tracesEndpoint'];
  const base = config['export.otlp.endpoint'];
  if (enabled === false || (enabled === 'auto' && exact === undefined && base === undefined)) return undefined;
  if (exact !== undefined) return exact;
  // The path is added to the path, before a query that the address may have.
  const [, path = '', query = ''] = /^([^?#]*)(.*)$/s.exec(base ?? DEFAULT_ENDPOINT) ?? [];
  return `${path.replace(/\/+$/, '')}/v1/traces${query}`;
}
