// Called by config.ts: the value of an option as a person may see it. An option that may hold a credential shows no piece of one.
import { isUrlKey } from '../config/findings.ts';
import type { OptionKey } from '../config/config.ts';
import { isPlainObject } from '../config/describe.ts';
import type { Option } from '../config/option.ts';
import type { Redactor } from '../redaction/create-redactor.ts';

/** Something that JSON can say. */
export type Shown = string | number | boolean | null | readonly Shown[] | { readonly [name: string]: Shown };

/** A value for JSON, its secrets hidden. */
export function showValue(key: OptionKey, row: Pick<Option, 'secret'>, value: unknown, redactor: Redactor): Shown {
  if (value === undefined) return null;
  if (row.secret === true) return showSecret(key, value, redactor);
  // Names to hide are no secrets; a pattern or a rule may quote one.
  return toShown(
    isUrlKey(key) ? redactor.redactAttribute('url', value) : redactor.redactAttribute('value', value),
    redactor,
  );
}

function showSecret(key: OptionKey, value: unknown, redactor: Redactor): Shown {
  if (typeof value === 'string' && /^https?:\/\//i.test(value)) return redactor.redact(value, 'client');
  if (Array.isArray(value)) return value.map(() => redactor.marker);
  if (!isPlainObject(value)) return redactor.marker;
  const isAttributes = key === 'resource.attributes';
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      isAttributes ? toShown(redactor.redactAttribute(name, one), redactor) : redactor.marker,
    ]),
  );
}

function toShown(value: unknown, redactor: Redactor): Shown {
  if (typeof value === 'function') return `a function${value.name === '' ? '' : ` (${value.name})`}`;
  if (typeof value === 'string') return redactor.redact(value, 'string');
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((one) => toShown(one, redactor));
  if (!isPlainObject(value)) return value === undefined || value === null ? null : redactor.marker;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toShown(one, redactor)]));
}

/** One line of a value that is shown. */
export function toLine(shown: Shown): string {
  if (shown === null) return '-';
  if (Array.isArray(shown)) return shown.length === 0 ? 'none' : shown.map((one) => toWord(one as Shown)).join(', ');
  if (typeof shown === 'object' && Object.keys(shown).length === 0) return 'none';
  return toWord(shown);
}

const toWord = (shown: Shown): string => (typeof shown === 'object' ? JSON.stringify(shown) : String(shown));
