// Called by read-config.ts for every value that a file or a variable gives: what is right of it, and one phrase for each thing that is not.
import * as v from 'valibot';
import { describeValue, isPlainObject, printable } from './describe.ts';
import type { Option } from './option.ts';

/** One thing that is wrong: `path` leads from the option's value to it, and is empty for the whole value. */
export interface Wrong {
  readonly path: readonly (string | number)[];
  readonly phrase: string;
  /** The rest of the value is used. */
  readonly partial: boolean;
}

/** A value that may be used, or none; either way with what was wrong. */
export type Checked =
  | { readonly ok: true; readonly value: unknown; readonly wrong: readonly Wrong[] }
  | { readonly ok: false; readonly wrong: readonly Wrong[] };

/** Checks a raw value against its row. Of lists and of names with values, the right entries are kept. */
export function checkValue(row: Option, secret: boolean, given: unknown): Checked {
  const raw = row.text !== undefined && typeof given === 'string' ? row.text(given) : given;
  // Every row's schema is valibot's; Option does not say so, because its types are published.
  const schema = row.schema() as v.GenericSchema;
  const result = v.safeParse(schema, raw);
  if (result.success) return { ok: true, value: result.output, wrong: [] };

  const entries = result.issues.map((issue) => issue.path?.[0]?.key);
  const keys = entries.filter((key) => typeof key === 'string' || typeof key === 'number');
  if (keys.length < entries.length || keys.length === 0) {
    const [issue] = result.issues;
    return { ok: false, wrong: [{ path: [], phrase: toPhrase(row, secret, issue.message, raw), partial: false }] };
  }

  const rest = without(raw, new Set(keys));
  const checked = rest === undefined ? undefined : v.safeParse(schema, rest);
  const partial = checked?.success === true;
  const wrong = result.issues.map((issue, index) => {
    const key = keys[index];
    return {
      path: key === undefined ? [] : toSteps(issue),
      phrase: toPhrase(row, secret, issue.message, issue.input),
      partial,
    };
  });
  return checked?.success === true ? { ok: true, value: checked.output, wrong } : { ok: false, wrong };
}

/** The name of a wrong thing in a report: `url.redact.keys[2]`, `resource.attributes.team`. Names of secrets are not printed. */
export function toName(key: string, path: Wrong['path'], secret: boolean): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === 'number') return `${name}[${step}]`;
    return secret && name === key ? name : `${name}.${printable(step)}`;
  }, key);
}

/** The keys that lead to an issue, as far as they can be named. */
function toSteps({
  path = [],
}: {
  readonly path?: ReadonlyArray<{ readonly key: unknown }> | undefined;
}): Wrong['path'] {
  return path.map(({ key }) => key).filter((key) => typeof key === 'string' || typeof key === 'number');
}

function toPhrase(row: Option, secret: boolean, expected: string, got: unknown): string {
  const isLater = typeof got === 'string' && row.later?.includes(got.toLowerCase()) === true;
  if (isLater) return `${got} is not supported in this version yet, only ${expected}`;
  return `expected ${expected}, got ${describeValue(got, secret)}`;
}

// The value without its wrong entries; undefined if nothing is left, so that the default holds.
function without(raw: unknown, wrong: ReadonlySet<string | number>): unknown {
  if (Array.isArray(raw)) {
    const rest = raw.filter((_, index) => !wrong.has(index));
    return rest.length === 0 ? undefined : rest;
  }
  if (!isPlainObject(raw)) return undefined;
  const rest = Object.entries(raw).filter(([key]) => !wrong.has(key));
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}
