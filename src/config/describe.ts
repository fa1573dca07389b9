// Called wherever a report names something that a person wrote: one line, no control characters, no secret.

// Words such as `grpc` or `gzip, br` and short numbers help; anything longer or richer might be a credential.
const HARMLESS = /^(?:[a-z][a-z/_-]{0,15}|[+-]?[\d.,]{1,8})$/iu;
const MAX_NAME = 80;

/** What was got instead: the value where it is short and harmless, else its type. */
export function describeValue(value: unknown, secret: boolean): string {
  if (!secret && typeof value === 'string' && HARMLESS.test(value)) return `"${value}"`;
  if (!secret && (typeof value === 'boolean' || (typeof value === 'number' && HARMLESS.test(String(value))))) {
    return String(value);
  }
  if (value === '') return 'an empty string';
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? describeObject(value) : `a ${typeof value}`;
}

function describeObject(value: object): string {
  if (value instanceof Promise) return 'a promise';
  return isPlainObject(value) ? 'an object' : 'an object with a class';
}

/** True for `{}` of any realm, module namespaces and null-prototype objects; false for lists, Maps, Dates and class instances. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A name as it may stand in a report. */
export function printable(name: string): string {
  // A line break in a key would forge a second line of ours.
  const clean = name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
  return clean.length > MAX_NAME ? `${clean.slice(0, MAX_NAME)}…` : clean;
}

/** The first line of a text that Node or a library wrote. */
export function firstLine(text: string): string {
  const line = text.split(/\r?\n/u, 1)[0] ?? '';
  return line.replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 240);
}
