// Called by read-config.ts for every row: which of the values on offer is used, and what was wrong with those before it.
import { checkValue, toName, type Wrong } from './check-value.ts';
import type { Origin } from './config.ts';
import { type FileOrigin, type Findings, isUrlKey, toPlace } from './findings.ts';
import type { Env, Option } from './option.ts';
import { readText } from './variables.ts';

/** A value of a config file, and where its parts stand. */
export interface FileValue {
  readonly value: unknown;
  readonly toOrigin: (path: Wrong['path']) => FileOrigin;
}

/** The value of an option, and where it came from. */
export interface Decision {
  readonly value: unknown;
  readonly origin: Origin;
}

interface Mistake {
  readonly origin: Origin;
  readonly message: string;
  /** The rest of the value is used. */
  readonly partial: boolean;
}

/** Decides an option: environment, then file, then `fallback`. A wrong value costs nothing but itself. */
export function decideOption(
  key: string,
  row: Option,
  given: { readonly env: Env; readonly file: FileValue | undefined; readonly fallback: Decision },
  findings: Findings,
): Decision {
  // Most options are not mentioned anywhere.
  if (given.file === undefined && row.env?.some(({ name }) => given.env[name] !== undefined) !== true)
    return given.fallback;
  const secret = row.secret === true || isUrlKey(key);
  const mistakes: Mistake[] = [];
  const fromEnv = readVariables(row, secret, given.env, mistakes);
  // Also read where a variable wins, so that its mistakes are known before the variable is gone.
  const fromFile = readGiven(key, row, secret, given.file, mistakes);
  const decision = fromEnv ?? fromFile ?? given.fallback;
  for (const { origin, message, partial } of mistakes) {
    const end = partial ? 'ignoring it' : toEnd(decision);
    findings.add({ level: 'warn', message: `${message}; ${end}`, key, origin }, isUrlKey(key));
  }
  return decision;
}

function readVariables(row: Option, secret: boolean, env: Env, mistakes: Mistake[]): Decision | undefined {
  for (const { name, read } of row.env ?? []) {
    const text = readText(env, name);
    const reading = text === undefined ? undefined : read(text, env);
    // Only the first variable that is set is asked, even if it is wrong; one that says nothing of this option counts as unset.
    if (reading === undefined) continue;
    const origin = { variable: name };
    const partial = reading.value !== undefined;
    for (const phrase of reading.wrong ?? []) mistakes.push({ origin, message: `${name}: ${phrase}`, partial });
    if (!partial) return undefined;
    const checked = checkValue(row, secret, reading.value);
    for (const { path, phrase, partial } of checked.wrong) {
      mistakes.push({ origin, message: `${toName(name, path, secret)}: ${phrase}`, partial });
    }
    return checked.ok ? { value: checked.value, origin } : undefined;
  }
  return undefined;
}

function readGiven(
  key: string,
  row: Option,
  secret: boolean,
  file: FileValue | undefined,
  mistakes: Mistake[],
): Decision | undefined {
  if (file === undefined) return undefined;
  const checked = checkValue(row, secret, file.value);
  for (const { path, phrase, partial } of checked.wrong) {
    const origin = file.toOrigin(path);
    mistakes.push({ origin, message: `${toPlace(origin)} ${toName(key, path, secret)}: ${phrase}`, partial });
  }
  return checked.ok ? { value: checked.value, origin: file.toOrigin([]) } : undefined;
}

function toEnd({ value, origin }: Decision): string {
  if (origin !== 'default') return `using ${toPlace(origin)}`;
  return value === undefined ? 'ignoring it' : `using the default ${toText(value)}`;
}

function toText(value: unknown): string {
  return Array.isArray(value) && value.length > 0 ? value.join(', ') : JSON.stringify(value);
}
