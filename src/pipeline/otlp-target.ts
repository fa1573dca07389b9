// Called for every signal that goes out by OTLP: where to and how, its own options before those that all signals share.
import type { Config } from '../config/config.ts';
import type { OtlpTarget } from '../exporters/otlp/otlp-sender.ts';
import { type NamedFile, readTlsFiles } from './tls-files.ts';

/** The receiver that the OTLP specification assumes where OTLP is asked for and no endpoint is named. */
const DEFAULT_ENDPOINT = 'http://localhost:4318';

/** The address, headers and encoding of one signal. What is said for one signal, such as the key in a header, is not sent with another. */
export function toOtlpTarget(config: Config, signal: 'traces' | 'metrics' | 'logs'): OtlpTarget {
  return {
    url:
      config[`export.otlp.${signal}Endpoint`] ??
      addSignalPath(config['export.otlp.endpoint'] ?? DEFAULT_ENDPOINT, signal),
    protocol: config[`export.otlp.${signal}Protocol`] ?? config['export.otlp.protocol'],
    headers: joinHeaders(config['export.otlp.headers'], config[`export.otlp.${signal}Headers`]),
    compression: config[`export.otlp.${signal}Compression`] ?? config['export.otlp.compression'],
    attemptMillis: config[`export.otlp.${signal}TimeoutMillis`] ?? config['export.otlp.timeoutMillis'],
    tls: readTlsFiles({
      ca: toFile(config, signal, 'Ca'),
      key: toFile(config, signal, 'ClientKey'),
      cert: toFile(config, signal, 'ClientCertificate'),
    }),
  };
}

const SHARED_FILE = { Ca: 'ca', ClientKey: 'clientKey', ClientCertificate: 'clientCertificate' } as const;

function toFile(config: Config, signal: 'traces' | 'metrics' | 'logs', file: keyof typeof SHARED_FILE): NamedFile {
  const own = `export.otlp.certificates.${signal}${file}` as const;
  const option = config[own] === undefined ? (`export.otlp.certificates.${SHARED_FILE[file]}` as const) : own;
  return { option, path: config[option] };
}

/** Adds a signal's path to the path of an address, before a query that it may have. */
export function addSignalPath(base: string, signal: string): string {
  const [, path = '', query = ''] = /^([^?#]*)(.*)$/s.exec(base) ?? [];
  return `${path.replace(/\/+$/, '')}/v1/${signal}${query}`;
}

type Headers = Readonly<Record<string, string>>;

/** The names of headers have no case: written differently in both, a name would otherwise be sent twice. */
function joinHeaders(shared: Headers, own: Headers): Headers {
  const names = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  const rest = Object.entries(shared).filter(([name]) => !names.has(name.toLowerCase()));
  return { ...Object.fromEntries(rest), ...own };
}
