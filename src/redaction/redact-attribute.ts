// createRedactor makes one attribute redactor; the guard processor sends every attribute of foreign spans and log records through it.
import { isOpaque } from './opaque-value.ts';
import type { HeaderRedactor, Tools } from './redact-header.ts';
import type { RedactionKind } from './redactor-options.ts';

/** What an OpenTelemetry span attribute may hold. */
export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly (string | number | boolean | null | undefined)[];

const KINDS: ReadonlyMap<string, RedactionKind> = new Map([
  ['url.full', 'client'],
  ['url.original', 'client'],
  ['http.url', 'client'],
  ['url.path', 'server'],
  ['http.target', 'server'],
  ['http.route', 'server'],
  ['url.template', 'server'],
]);
const HEADER = /^http\.(?:request|response)\.header\./;
const REMARK_LENGTH = 20;
const OPAQUE_LENGTH = 12;
/** Maps in maps, as log bodies have them, are followed this far. */
const MAX_DEPTH = 8;

/** Redacts an attribute of any type; what comes back has the type that went in. */
export type AttributeRedactor = <Value>(name: string, value: Value) => Value;

/** Makes the redactor of attributes. The value comes back itself when there is nothing to hide, also when it is an array. */
export function createAttributeRedactor(tools: Tools & { readonly redactHeader: HeaderRedactor }): AttributeRedactor {
  const { judge, marker, redact, redactHeader } = tools;
  const redactText = (name: string, text: string): string => {
    const kind = KINDS.get(name);
    if (kind !== undefined) return redact(text, kind);
    if (name === 'url.query') return afterMark('?', text, redact);
    if (name === 'url.fragment') return afterMark('#', text, redact);
    if (HEADER.test(name)) return redactHeader(name.replace(HEADER, ''), text);
    const verdict = judge.judge(name);
    if (text === '' || verdict.hide === 'never') return redact(text, 'string');
    if (verdict.hide === 'always') return marker;
    // `messaging.kafka.message.key`, `error.code`: a weak name counts only when it is all of the attribute's name.
    const isWeak = verdict.hide === 'opaque' && !name.includes('.');
    if (isWeak && isOpaque(text, OPAQUE_LENGTH)) return marker;
    if (verdict.hide === 'long-opaque' && isOpaque(text, REMARK_LENGTH)) return marker;
    return redact(text, 'string');
  };
  const redactAny = (name: string, value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return redactText(name, value);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (depth === 0) return marker;
    if (Array.isArray(value)) {
      const clean = value.map((one: unknown) => redactAny(name, one, depth - 1));
      return clean.some((one, at) => one !== value[at]) ? clean : value;
    }
    const entries = Object.entries(value);
    // A key is the application's own text as much as a value: a map of URLs to sizes has URLs for keys.
    const clean = entries.map(
      ([key, one]) => [redact(key, 'string'), redactAny(`${name}.${key}`, one, depth - 1)] as const,
    );
    const isSame = clean.every(([key, one], at) => key === entries[at]?.[0] && one === entries[at]?.[1]);
    return isSame ? value : Object.fromEntries(clean);
  };
  // Text stays text, a list a list, a map a map: only their contents change.
  return <Value>(name: string, value: Value): Value => {
    try {
      return redactAny(name, value, MAX_DEPTH) as Value;
    } catch {
      return marker as Value;
    }
  };
}

/** Redacts a query or fragment that may come without its `?` or `#`, so that its first parameter is seen as one. */
function afterMark(mark: string, text: string, redact: Tools['redact']): string {
  if (text === '' || text.startsWith(mark)) return redact(text, 'server');
  const marked = mark + text;
  const redacted = redact(marked, 'server');
  if (redacted === marked) return text;
  return redacted.startsWith(mark) ? redacted.slice(1) : redacted;
}
