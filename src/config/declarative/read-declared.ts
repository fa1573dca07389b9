// Called by read-config.ts: what the file of OTEL_CONFIG_FILE says, in place of all other variables of OpenTelemetry.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { FileValue } from '../decide-option.ts';
import { printable } from '../describe.ts';
import { findReason } from '../find-places.ts';
import { type Findings, toPlace } from '../findings.ts';
import type { Env } from '../option.ts';
import { readText, toList } from '../variables.ts';
import type * as loader from './load-declared.ts';

const VARIABLE = 'OTEL_CONFIG_FILE';

export interface Environment {
  /** With a file, without the variables that it stands for. */
  readonly env: Env;
  /** What the config files say: OpenTelemetry's before ours, but for the names that both want hidden. */
  readonly given: ReadonlyMap<string, FileValue>;
}

/** `given` is what a .tracingrc says. */
export function readDeclared(
  env: Env,
  given: ReadonlyMap<string, FileValue>,
  cwd: string,
  findings: Findings,
): Environment {
  const name = readText(env, VARIABLE);
  if (name === undefined) return { env, given };
  const others = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OTEL_')));
  const path = resolve(cwd, name);
  const missing = findReason(path);
  const loaded =
    missing === undefined
      ? load(path)
      : ({ ok: false, line: undefined, reason: missing === 'absent' ? 'does not exist' : missing } as const);
  if (!loaded.ok) {
    const origin = findings.toOrigin(path, loaded.line);
    const message = `${toPlace(origin)} of ${VARIABLE} ${loaded.reason}; the file is not used`;
    // It may have said what to hide.
    findings.add({ level: 'warn', message, origin }, true);
    return { env: others, given };
  }
  const origin = findings.toOrigin(path, undefined);
  for (const idle of loaded.idle) {
    findings.add({ level: 'warn', message: `${toPlace(origin)} ${printable(idle)} has no effect here`, origin }, false);
  }
  const values = new Map(given);
  for (const [key, value] of loaded.values) {
    const also = key === 'url.redact.keys' ? toNames(given.get(key)?.value) : [];
    values.set(key, { value: Array.isArray(value) ? [...value, ...also] : value, toOrigin: () => origin });
  }
  return { env: others, given: values };
}

/** Names that a .tracingrc wants hidden besides. */
function toNames(value: unknown): unknown[] {
  return typeof value === 'string' ? toList(value) : Array.isArray(value) ? value : [];
}

/** The build makes it a file beside the agent's; run from source, it is the TypeScript file. */
function load(path: string): loader.LoadedDeclared {
  try {
    const file = import.meta.url.endsWith('.ts') ? './load-declared.ts' : './load-declared.cjs';
    return (createRequire(import.meta.url)(file) as typeof loader).loadDeclared(path);
  } catch {
    return { ok: false, line: undefined, reason: 'cannot be loaded' };
  }
}
