// Asked by destinations.ts, and at the start; twin of metrics-on.ts.
import type { Config } from '../config/config.ts';

/** Whether spans go to an OTLP receiver. */
export function isOtlpOn(config: Config): boolean {
  const enabled = config['export.otlp.enabled'];
  const isNamed = config['export.otlp.tracesEndpoint'] !== undefined || config['export.otlp.endpoint'] !== undefined;
  return enabled === 'auto' ? isNamed : enabled;
}
