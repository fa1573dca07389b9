// Called by read-config.ts once every option is decided: an address without http:// or https:// is one for gRPC only.
import type { OptionKey } from './config.ts';
import type { Decision } from './decide-option.ts';
import { type Findings, toPlace } from './findings.ts';

const SIGNALS = ['traces', 'metrics', 'logs'] as const;

/** Takes back addresses without a scheme that no signal uses with gRPC, and says so. */
export function checkEndpoints(decisions: Map<string, Decision>, findings: Findings): void {
  const valueOf = (key: OptionKey): unknown => decisions.get(key)?.value;
  const isGrpc = (signal: (typeof SIGNALS)[number]): boolean =>
    (valueOf(`export.otlp.${signal}Protocol`) ?? valueOf('export.otlp.protocol')) === 'grpc';

  function check(key: OptionKey, isForGrpc: boolean): void {
    const { value, origin } = decisions.get(key) ?? {};
    if (isForGrpc || origin === undefined || origin === 'default') return;
    if (typeof value !== 'string' || /^https?:\/\//iu.test(value)) return;
    const place = 'variable' in origin ? toPlace(origin) : `${toPlace(origin)} ${key}`;
    const message = `${place}: expected an address that starts with http:// or https://, got a string; ignoring it`;
    findings.add({ level: 'warn', message, key, origin }, false);
    decisions.set(key, { value: undefined, origin: 'default' });
  }

  for (const signal of SIGNALS) check(`export.otlp.${signal}Endpoint`, isGrpc(signal));
  check('export.otlp.endpoint', SIGNALS.some(isGrpc));
}
