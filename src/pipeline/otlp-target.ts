// Called for every signal that goes out by OTLP: where to and how, its own options before those that all signals share.
import type { Config } from '../config/config.ts';
import type { OtlpTarget } from '../exporters/otlp/otlp-sender.ts';
import { type NamedFile, readTlsFiles } from './tls-files.ts';

/** The receivers that the OTLP specification assumes where OTLP is asked for and no endpoint is named. */
const DEFAULT_ENDPOINT = 'http://localhost:4318';
const DEFAULT_GRPC_ENDPOINT = 'http://localhost:4317';

type Signal = 'traces' | 'metrics' | 'logs';

/** The address, headers and encoding of one signal. What is said for one signal, such as the key in a header, is not sent with another. */
export function toOtlpTarget(config: Config, signal: Signal): OtlpTarget {
  const protocol = config[`export.otlp.${signal}Protocol`] ?? config['export.otlp.protocol'];
  return {
    url: protocol === 'grpc' ? toGrpcUrl(config, signal) : toHttpUrl(config, signal),
    protocol,
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

function toHttpUrl(config: Config, signal: Signal): string {
  const own = config[`export.otlp.${signal}Endpoint`];
  if (own !== undefined) return addScheme(config, signal, own);
  return addSignalPath(addScheme(config, signal, config['export.otlp.endpoint'] ?? DEFAULT_ENDPOINT), signal);
}

/** The path of a call is that of its method, whatever an address says. */
function toGrpcUrl(config: Config, signal: Signal): string {
  const given = config[`export.otlp.${signal}Endpoint`] ?? config['export.otlp.endpoint'] ?? DEFAULT_GRPC_ENDPOINT;
  const [origin = given] = /^[^/]*\/\/[^/?#]*/.exec(addScheme(config, signal, given)) ?? [];
  return origin;
}

/** Without one, `insecure` decides. */
function addScheme(config: Config, signal: Signal, address: string): string {
  if (/^https?:\/\//i.test(address)) return address;
  const isInsecure = config[`export.otlp.${signal}Insecure`] ?? config['export.otlp.insecure'];
  return `${isInsecure ? 'http' : 'https'}://${address}`;
}

const SHARED_FILE = { Ca: 'ca', ClientKey: 'clientKey', ClientCertificate: 'clientCertificate' } as const;

function toFile(config: Config, signal: Signal, file: keyof typeof SHARED_FILE): NamedFile {
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
