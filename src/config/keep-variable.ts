// Called by options.ts: the short form of `sampling.keep`, in TRACING_KEEP and as a text in a file.
import type { Variable } from './option.ts';
import { toList, toNumber } from './variables.ts';

const UNIT_MILLIS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

interface Keep {
  errors?: boolean;
  slowerThanMillis?: number;
}

/** `errors`, `slow:2s`, or both between commas. A duration is a number with ms, s or m; a bare number is milliseconds. */
function readKeep(text: string): { readonly value: Keep | undefined; readonly wrong: readonly string[] } {
  const keep: Keep = {};
  const wrong: string[] = [];
  for (const [index, entry] of toList(text.toLowerCase()).entries()) {
    const millis = readSlow(entry);
    if (entry === 'errors') keep.errors = true;
    else if (millis !== undefined) keep.slowerThanMillis = millis;
    else wrong.push(`entry ${index + 1}: expected errors, or slow: with a time such as slow:2s`);
  }
  return { value: Object.keys(keep).length === 0 ? undefined : keep, wrong };
}

function readSlow(entry: string): number | undefined {
  const [, amount = '', unit = 'ms'] = /^slow:\s*([^a-z]+?)\s*(ms|s|m)?$/u.exec(entry) ?? [];
  const value = toNumber(amount);
  const factor = UNIT_MILLIS[unit];
  return typeof value === 'number' && factor !== undefined ? Math.round(value * factor) : undefined;
}

/** The short form in a file: all of it, or the text as it is, which the schema refuses. */
export function toKeep(text: string): unknown {
  const { value, wrong } = readKeep(text);
  return wrong.length === 0 ? value : text;
}

/** TRACING_KEEP. */
export const keepVariable: Variable = { name: 'TRACING_KEEP', read: readKeep };
