// Called by tracing.ts: which Logfire projects the configuration sends to, and where each is. The token never leaves this but as a header.
import { diag } from '@opentelemetry/api';
import type { Config } from '../config/config.ts';
import type { OtlpTarget } from '../exporters/otlp/otlp-sender.ts';
import { readFileSync } from '../natives.ts';
import { toCredentialsFile } from './logfire-credentials.ts';
import { addSignalPath } from './otlp-target.ts';

/** Where one write token leads. */
export interface LogfireProject {
  readonly token: string;
  readonly baseUrl: string;
}

const US = 'https://logfire-us.pydantic.dev';
const EU = 'https://logfire-eu.pydantic.dev';

/** Every project that a token is given for, else the one of the credentials file; says in one line why there is none where one is demanded. */
export function readLogfireProjects(config: Config, cwd: string): readonly LogfireProject[] {
  const baseUrl = config['export.logfire.baseUrl'];
  const tokens = config['export.logfire.token'];
  if (config['export.logfire.enabled'] !== false && tokens.length > 0)
    return tokens.map((token) => ({ token, baseUrl: baseUrl ?? toRegionUrl(token) }));
  const file = toCredentialsFile(config, cwd);
  if (file === undefined) return [];
  try {
    const { token, apiUrl } = parseCredentials(readFileSync(file, 'utf8'));
    return [{ token, baseUrl: baseUrl ?? apiUrl ?? toRegionUrl(token) }];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const isMissing = code !== undefined && MISSING.has(code);
    // A parser quotes what it cannot parse, so its message is not passed on.
    if (!isMissing) diag.warn(`${file} ${code === undefined ? 'holds no token' : `cannot be read (${code})`}; ${END}`);
    else if (config['export.logfire.enabled'] === true)
      diag.warn(`LOGFIRE_TOKEN is not set, and there is no ${file}; ${END}`);
    return [];
  }
}

/** The last: a program under `node --permission` may not know whether it is there. */
const MISSING: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ERR_ACCESS_DENIED']);

const END = 'nothing is sent to Logfire';

/** One signal's way to a project. What is said for OTLP receivers, such as the key in a header, is not sent to Logfire. */
export function toLogfireTarget(
  { token, baseUrl }: LogfireProject,
  config: Config,
  signal: 'traces' | 'metrics',
): OtlpTarget {
  return {
    url: addSignalPath(baseUrl, signal),
    protocol: 'http/protobuf',
    headers: { authorization: token },
    tenant: token,
    compression: 'gzip',
    attemptMillis: config['export.otlp.timeoutMillis'],
    tls: {},
  };
}

/** `pylf_v1_eu_…` belongs to the region eu; tokens that name no region, or one that is not known, to us. */
function toRegionUrl(token: string): string {
  return /^pylf_v\d+_eu_/.test(token) ? EU : US;
}

function parseCredentials(text: string): { readonly token: string; readonly apiUrl: string | undefined } {
  // Checked below; `?? {}` for a file that says null.
  const { token, logfire_api_url: apiUrl } = (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw new Error('no token');
  return {
    token,
    apiUrl: typeof apiUrl === 'string' && /^https?:\/\//i.test(apiUrl) && URL.canParse(apiUrl) ? apiUrl : undefined,
  };
}
