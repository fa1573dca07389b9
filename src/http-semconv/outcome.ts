// Called when an HTTP exchange ends: what the span's status and `error.type` say about how it went.
import { type Attributes, type SpanStatus, SpanStatusCode } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE, ATTR_HTTP_RESPONSE_STATUS_CODE } from '@opentelemetry/semantic-conventions';
import { toResetName } from './http2-codes.ts';
import { isError } from './is-error.ts';

export interface Outcome {
  readonly attributes: Attributes;
  /** Unset is left out, as setting it has no effect. */
  readonly status?: SpanStatus;
}

/** How a response ends a span: 4xx is the client's error and not the server's, 5xx is both's; the code needs no description. */
export function toResponseOutcome(side: 'client' | 'server', statusCode: number): Outcome {
  const attributes: Attributes = { [ATTR_HTTP_RESPONSE_STATUS_CODE]: statusCode };
  if (statusCode < (side === 'client' ? 400 : 500)) return { attributes };
  attributes[ATTR_ERROR_TYPE] = String(statusCode);
  return { attributes, status: { code: SpanStatusCode.ERROR } };
}

/** How a failure ends a span: `error.type`, and the (redacted) message as the description. */
export function toErrorOutcome(error: unknown, message: string): Outcome {
  return {
    attributes: { [ATTR_ERROR_TYPE]: toErrorType(error) },
    status: { code: SpanStatusCode.ERROR, message },
  };
}

/** How a client span ends whose server broke off in a way that Node has no error for: its reset's name, or the connection's end. */
export function toServerGoneOutcome(type: string, message: string): Outcome {
  return { attributes: { [ATTR_ERROR_TYPE]: type }, status: { code: SpanStatusCode.ERROR, message } };
}

/**
 * `error.type`: the code that Node or undici gives (`ECONNREFUSED`, `UND_ERR_CONNECT_TIMEOUT`), else the error's name; always a string.
 * @note A DOMException's `code` is a number of its own (23 for a timeout), so only text counts.
 */
export function toErrorType(error: unknown): string {
  if (!isError(error)) return '_OTHER';
  const timeout = findTimeout(error);
  if (timeout !== undefined) return timeout;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (HTTP2_CLOSED.has(code)) return readReset(error.message) ?? code;
  return code || error.name || '_OTHER';
}

/** Codes of what a caller did itself: an abort, and the `destroy()` of a client of undici. */
const CANCEL_CODES: ReadonlySet<unknown> = new Set(['ABORT_ERR', 'UND_ERR_DESTROYED']);

const HTTP2_CLOSED: ReadonlySet<string> = new Set(['ERR_HTTP2_STREAM_ERROR', 'ERR_HTTP2_SESSION_ERROR']);

/** @note Only the message has it: by name for a stream (`Stream closed with error code NGHTTP2_REFUSED_STREAM`), by number for a session. */
function readReset(message: string): string | undefined {
  const code = /error code (\w+)$/.exec(message)?.[1];
  return code !== undefined && /^\d+$/.test(code) ? toResetName(Number(code)) : code;
}

/** Tells a caller's own cancel (AbortController.abort()) from a timeout, which aborts in the same way. */
export function isCancel(error: unknown): boolean {
  if (!isError(error) || findTimeout(error) !== undefined) return false;
  return error.name === 'AbortError' || ('code' in error && CANCEL_CODES.has(error.code));
}

function findTimeout(error: Error): string | undefined {
  if (error.name === 'TimeoutError') return error.name;
  return isError(error.cause) && error.cause.name === 'TimeoutError' ? error.cause.name : undefined;
}
