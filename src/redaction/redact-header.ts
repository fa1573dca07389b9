// createRedactor makes one header redactor; header capture, and attributes named `http.request.header.*`, go through it.
import { isOpaque } from './opaque-value.ts';
import type { NameJudge } from './name-judge.ts';
import type { RedactionKind } from './redactor-options.ts';

/** What the helpers for headers and attributes are built from. */
export interface Tools {
  readonly judge: NameJudge;
  readonly marker: string;
  redact(text: string, kind: RedactionKind): string;
}

/** Redacts one header value, or each of several. */
export interface HeaderRedactor {
  (name: string, value: string): string;
  (name: string, value: readonly string[]): readonly string[];
}

const CREDENTIALS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'cookie2',
  'set-cookie',
  'set-cookie2',
  'x-api-key',
  'authentication-info',
  'proxy-authentication-info',
  'x-forwarded-client-cert',
  'x-forwarded-authorization',
  'x-original-authorization',
  'dpop',
]);
const KINDS: ReadonlyMap<string, RedactionKind> = new Map([
  ['referer', 'client'],
  ['referrer', 'client'],
  ['location', 'client'],
  ['content-location', 'client'],
  ['origin', 'client'],
  ['sourcemap', 'client'],
  [':path', 'server'],
  [':authority', 'server'],
  ['host', 'server'],
  ['x-forwarded-uri', 'server'],
  ['x-original-url', 'server'],
  ['x-original-uri', 'server'],
  ['x-rewrite-url', 'server'],
  ['x-forwarded-host', 'server'],
]);
const HARMLESS = /^(?:true|false|\d{1,2})$/i;
const OPAQUE_LENGTH = 12;
const REMARK_LENGTH = 20;

/** Makes the redactor of headers. Names are matched without regard to case; `_` counts as `-`. */
export function createHeaderRedactor({ judge, marker, redact }: Tools): HeaderRedactor {
  const redactOne = (name: string, value: string): string => {
    const lower = name.toLowerCase().replaceAll('_', '-');
    if (CREDENTIALS.has(lower)) return value === '' ? value : marker;
    const verdict = judge.judge(lower);
    if (verdict.hide === 'always' && value !== '' && !HARMLESS.test(value)) return marker;
    if (verdict.hide === 'opaque' && isOpaque(value, OPAQUE_LENGTH)) return marker;
    if (verdict.hide === 'long-opaque' && isOpaque(value, REMARK_LENGTH)) return marker;
    // Browsers cannot set headers on a WebSocket, so tokens travel as protocols.
    if (lower === 'sec-websocket-protocol' && value.split(/,\s*/).some((one) => isOpaque(one, OPAQUE_LENGTH)))
      return marker;
    return redact(value, KINDS.get(lower) ?? 'string');
  };
  function redactHeader(name: string, value: string): string;
  function redactHeader(name: string, value: readonly string[]): readonly string[];
  function redactHeader(name: string, value: string | readonly string[]): string | readonly string[] {
    if (typeof value === 'string') return redactOne(name, value);
    if (!Array.isArray(value)) return marker;
    return value.map((one: string) => (typeof one === 'string' ? redactOne(name, one) : marker));
  }
  return redactHeader;
}
