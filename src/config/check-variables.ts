// Called by read-config.ts: names of environment variables that are ours by their prefix, but that no option reads.
import { printable } from './describe.ts';
import { LATER_VARIABLES, OTHER_VARIABLES, WITHOUT_EFFECT } from './later.ts';
import { findNearest } from './nearest.ts';
import type { Env, Option } from './option.ts';
import { readText } from './variables.ts';

/** A variable that is set in vain. */
export interface IdleVariable {
  readonly level: 'warn' | 'info';
  readonly name: string;
  readonly text: string;
  /** Somebody meant to hide something with it. */
  readonly hidesUrls: boolean;
}

/** Finds variables that later versions read, that mean nothing in Node, or that are misspelt. */
export function checkVariables(env: Env, options: Readonly<Record<string, Option>>): readonly IdleVariable[] {
  const idle: IdleVariable[] = [];
  for (const name of LATER_VARIABLES) {
    if (readText(env, name) === undefined) continue;
    const text = `${name} is not supported in this version yet`;
    // OpenTelemetry's own variables are often set for other programs as well.
    const level = name.startsWith('OTEL_') ? 'info' : 'warn';
    idle.push({ level, name, text, hidesUrls: false });
  }

  const ours = Object.keys(env).filter(
    (name) => /^(?:LOGFIRE|TRACING)_/u.test(name) && readText(env, name) !== undefined,
  );
  if (ours.length === 0) return idle;
  const redacts = toNames(Object.entries(options).filter(([key]) => key.startsWith('url.redact.')));
  const known = [...toNames(Object.entries(options)), ...LATER_VARIABLES, ...OTHER_VARIABLES];
  for (const name of ours) {
    if (known.includes(name)) continue;
    if (WITHOUT_EFFECT.test(name)) {
      idle.push({ level: 'info', name, text: `${name} has no effect in Node`, hidesUrls: false });
      continue;
    }
    const meant = findNearest(name, known, '_');
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    const hidesUrls = meant !== undefined && redacts.includes(meant);
    idle.push({ level: 'warn', name, text: `${printable(name)} is not a variable of this agent${hint}`, hidesUrls });
  }
  return idle;
}

function toNames(rows: readonly (readonly [string, Option])[]): readonly string[] {
  return [...new Set(rows.flatMap(([, row]) => row.env ?? []).map(({ name }) => name))];
}
