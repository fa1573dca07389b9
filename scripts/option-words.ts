// Called by the scripts that write reference pages: an option of the table in words, and text as it may stand in a Markdown table.
import * as v from 'valibot';
import type { Option } from '../src/config/option.ts';
import { options } from '../src/config/options.ts';

/** The rows of the option table by name. */
export const rows: ReadonlyArray<readonly [key: string, row: Option]> = Object.entries(options);

/** Text in a cell: nothing in it is markup. */
export function toCell(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll(/[|*[\]]/g, '\\$&');
}

/** Text in a cell, as code. */
export function toCode(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

/** What a row accepts. The schema says it itself: what it expects in the place of a value that no option takes. */
export function toType(row: Option): string {
  return row.text === undefined ? toShape(row) : `${toShape(row)}; or a text with commas`;
}

/** The same without the short form that some rows read in a text. */
export function toShape(row: Option): string {
  const none = Symbol('none');
  const expected = ask(row, none);
  if (expected === 'a list') return `a list, each entry ${ask(row, [none])}`;
  if (expected === 'names and values') return `names with ${ask(row, { x: none })} each`;
  if (expected === 'an object') return `an object with ${ask(row, { '': none }).replace('one of the keys ', '')}`;
  return expected;
}

/** The default of a row as it would be written into a file; nothing where there is none. */
export function toDefault({ default: value }: Option): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.length === 0 ? '`[]`' : toCode(`[${value.join(', ')}]`);
  return toCode(typeof value === 'string' ? value : JSON.stringify(value));
}

function ask(row: Option, value: unknown): string {
  // Every row's schema is valibot's; Option does not say so, because its types are published.
  const { issues } = v.safeParse(row.schema() as v.GenericSchema, value);
  return issues?.[0].message ?? '';
}
