// Called when a server's exchange ends without a whole response: who ended it, and what its span says of that.
import { type Attributes, SpanStatusCode } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE, ATTR_HTTP_RESPONSE_STATUS_CODE } from '@opentelemetry/semantic-conventions';
import type { Outcome } from './outcome.ts';
import { isError } from './is-error.ts';

/** How a connection looked when it closed. */
export interface ClosedConnection {
  /** What the connection broke with, or was destroyed with by the application. */
  readonly error: unknown;
  /** True where it is known that the application gave the error. */
  readonly isGivenByApplication: boolean;
  /** True where the client closed its side. */
  readonly isEndedByClient: boolean;
}

/**
 * Why a response is not whole.
 * `client`: it went away, or sent what is no request; `server`: the application or the process ended it; `error`: the application gave one.
 */
export type Cut =
  | { readonly by: 'client' | 'server'; readonly type: string }
  | { readonly by: 'error'; readonly error: unknown };

/** What a connection breaks with when the other side is gone. A request that ends before its body does is one of them. */
const GONE: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'HPE_INVALID_EOF_STATE',
]);

/** Tells who ended an exchange whose connection closed before its response was whole. */
export function toCut({ error, isGivenByApplication, isEndedByClient }: ClosedConnection): Cut {
  if (isGivenByApplication) return { by: 'error', error };
  const code = isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (GONE.has(code)) return { by: 'client', type: 'aborted' };
  // The parser's errors, and Node's own time limit for a request: the client sent it wrong, or not in time.
  if (code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT') return { by: 'client', type: code };
  if (error !== null && error !== undefined) return { by: 'error', error };
  return isEndedByClient ? { by: 'client', type: 'aborted' } : { by: 'server', type: 'destroyed' };
}

/** How a process that exits ends the exchanges that are open. */
export const EXIT_CUT = { by: 'server', type: 'process_exit' } as const satisfies Cut;

/** How such an exchange ends its span: what a client does is no error of the server's, so the status stays unset. */
export function toCutOutcome({ by, type }: Exclude<Cut, { by: 'error' }>): Outcome {
  const attributes = { [ATTR_ERROR_TYPE]: type };
  return by === 'client' ? { attributes } : { attributes, status: { code: SpanStatusCode.ERROR } };
}

/** The status code by itself: where it was sent, but says nothing of how the exchange ended. */
export function toStatusAttributes(statusCode: number): Attributes {
  return { [ATTR_HTTP_RESPONSE_STATUS_CODE]: statusCode };
}

/** Reads the status code off the first bytes of a response; undefined while they are too few, 0 where they are no response. */
export function readStatusCode(text: string): number | undefined {
  const match = /^HTTP\/1\.[01] (\d{3})/.exec(text);
  if (match !== null) return Number(match[1]);
  return text.length < 12 && 'HTTP/1.'.startsWith(text.slice(0, 7)) ? undefined : 0;
}
