// Called by agent.ts once, at the start: the only file that reads process.env.
import type { Env } from './option.ts';

/** The environment of this process. Not a copy: reading a variable is cheaper than copying all of them. */
export function readEnv(): Env {
  return process.env;
}

/** What the preload asks before it loads anything: the `OTEL_SDK_DISABLED` that check-variables.ts understands too. */
export function isDisabledByEnv(): boolean {
  return /^(?:1|true|t|yes|on)$/i.test((process.env['OTEL_SDK_DISABLED'] || '').trim());
}
