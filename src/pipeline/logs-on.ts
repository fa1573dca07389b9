// Asked by logs/load-logs.ts; twin of metrics-on.ts.
import type { Config } from '../config/config.ts';

/** Whether log records go anywhere. A base endpoint alone does not turn them on: many receivers of traces refuse logs. */
export function isLogsOn(config: Config): boolean {
  const enabled = config['logs.enabled'];
  return enabled === 'auto' ? config['export.otlp.logsEndpoint'] !== undefined : enabled;
}
