// Called by pipeline/destinations.ts when spans would go nowhere but to the terminal: a viewer that runs on this machine gets them, and log
// records, by the ordinary OTLP exporters.
import type { Config } from '../../config/config.ts';
import { readNotice } from '../../viewer/protocol.ts';
import type { Destination } from '../destination.ts';
import { createOtlpExporter } from '../otlp/otlp-exporter.ts';
import type { OtlpTarget } from '../otlp/otlp-sender.ts';

export interface FoundViewer {
  /** `http://127.0.0.1:4319` */
  readonly url: string;
  readonly spans: Destination;
  /** Where log records go; undefined where they are turned off or have an endpoint of their own. */
  readonly logs: OtlpTarget | undefined;
}

interface FindViewerInput {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly redact: (text: string) => string;
}

/** Returns undefined where no viewer runs, where it is not wanted, or where traces were turned off. */
export function findViewer({ config, env, redact }: FindViewerInput): FoundViewer | undefined {
  if (!config['export.viewer'] || config['export.otlp.enabled'] === false) return undefined;
  const url = readNotice(env)?.url;
  if (url === undefined) return undefined;
  const sendsLogs = config['logs.enabled'] !== false && config['export.otlp.logsEndpoint'] === undefined;
  return {
    url,
    spans: createOtlpExporter({ ...toTarget(`${url}/v1/traces`, config), redact }),
    logs: sendsLogs ? toTarget(`${url}/v1/logs`, config) : undefined,
  };
}

/** The headers of the configuration are keys of other receivers. */
function toTarget(url: string, config: Config): OtlpTarget {
  return {
    url,
    protocol: 'http/protobuf',
    headers: {},
    compression: 'none',
    attemptMillis: config['export.otlp.timeoutMillis'],
    tls: {},
  };
}
