// Called by agent.ts when spans would go nowhere but to the terminal: a viewer that runs on this machine gets them, and log records, by the
// ordinary OTLP exporters.
import type { Config } from '../../config/config.ts';
import { readNotice } from '../../viewer/protocol.ts';

export interface ViewerTarget {
  /** `http://127.0.0.1:4319` */
  readonly url: string;
  /** The configuration with the viewer as OTLP receiver. */
  readonly config: Config;
}

/** Returns undefined where no viewer runs, where it is not wanted, or where traces were turned off. */
export function sendToViewer(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): ViewerTarget | undefined {
  if (!config['export.viewer'] || config['export.otlp.enabled'] !== 'auto') return undefined;
  const url = readNotice(env)?.url;
  if (url === undefined) return undefined;
  return {
    url,
    config: {
      ...config,
      'export.otlp.tracesEndpoint': `${url}/v1/traces`,
      // An endpoint turns logs on where nothing was said of them.
      'export.otlp.logsEndpoint': config['export.otlp.logsEndpoint'] ?? `${url}/v1/logs`,
    },
  };
}
