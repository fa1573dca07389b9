// Reads from a finished span what a line shows of it. Only recorded attributes are used and nothing is rebuilt from anything else: they were
// redacted before the span was born, so the console can never show more than is exported.
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_URL_FULL,
  ATTR_URL_PATH,
} from '@opentelemetry/semantic-conventions';
import { toVisible } from './display-text.ts';
import type { Cell } from './row.ts';

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Returns whether the span says of itself that it failed. */
export function isFailed(span: ReadableSpan): boolean {
  return span.status.code === SpanStatusCode.ERROR;
}

/** Returns whether the span is to be shown: one that is not sampled is recorded for metrics only. */
export function isSampled(span: ReadableSpan): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** Returns whether a request arrived here or work began here: there is no parent, or it is in another process. */
export function isLocalRoot(span: ReadableSpan): boolean {
  return span.parentSpanContext === undefined || span.parentSpanContext.isRemote === true;
}

/** Returns an attribute as visible text, undefined where it is absent or empty. */
export function readText(span: ReadableSpan, name: string): string | undefined {
  const value = span.attributes[name];
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  return value === '' ? undefined : toVisible(String(value));
}

/** Returns what the span is called: `GET  host:port/path?query` for a client, the name for others, the path beside a name that is just a method. */
export function toLabel(span: ReadableSpan): Cell[] {
  const url = span.kind === SpanKind.CLIENT ? readText(span, ATTR_URL_FULL) : undefined;
  if (url !== undefined) {
    const method = readText(span, ATTR_HTTP_REQUEST_METHOD_ORIGINAL) ?? readText(span, ATTR_HTTP_REQUEST_METHOD);
    return [{ text: `${method ?? toVisible(span.name)}  ${url.replace(SCHEME, '')}`, style: 'plain' }];
  }
  return toNameAndPath(span);
}

/** Returns the name, and for a server span that is named by its method alone the recorded path after it. */
function toNameAndPath(span: ReadableSpan): Cell[] {
  const name: Cell = { text: toVisible(span.name), style: 'plain' };
  const path = span.kind === SpanKind.SERVER && !/\s/.test(span.name) ? readText(span, ATTR_URL_PATH) : undefined;
  return path === undefined ? [name] : [name, { text: ` ${path}`, style: 'dim' }];
}

/** Returns the status code, the error's type, or both where a response broke off after a good code. */
export function toStatus(span: ReadableSpan): Cell {
  const code = readText(span, ATTR_HTTP_RESPONSE_STATUS_CODE);
  const type = readText(span, ATTR_ERROR_TYPE);
  if (code === undefined) return { text: type ?? '', style: 'red' };
  if (type === undefined || type === code) return { text: code, style: toStyle(Number(code), isFailed(span)) };
  return { text: `${code} ${type}`, style: 'red' };
}

function toStyle(code: number, failed: boolean): Cell['style'] {
  if (failed || code >= 500) return 'red';
  if (code >= 400) return 'yellow';
  return code >= 300 ? 'cyan' : 'green';
}

/** Returns a value the way JavaScript would write it in an object, without quotes around plain words. */
export function toValueText(value: unknown): string {
  if (typeof value === 'string') return toVisible(/^[\w./:@%+-]+$/.test(value) ? value : `"${value}"`);
  if (Array.isArray(value)) return `[${value.map(toValueText).join(', ')}]`;
  if (value !== null && typeof value === 'object') return toFields(value);
  return toVisible(String(value));
}

/** Returns `{sku: 42, name: "a b"}`. */
export function toFields(values: object): string {
  return `{${Object.entries(values)
    .map(([name, value]: [string, unknown]) => `${toVisible(name)}: ${toValueText(value)}`)
    .join(', ')}}`;
}
