// Called by the HTTP instrumentations when an exchange is over: one way to end a span, for client and server alike.
import type { Span } from '@opentelemetry/api';
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import { type Outcome, isCancel, toErrorOutcome, toErrorType } from '../http-semconv/outcome.ts';
import type { Redactor } from '../redaction/create-redactor.ts';
import { isError } from '../http-semconv/is-error.ts';

/** Puts an outcome on a span that stays open. */
export function applyOutcome(span: Span, { attributes, status }: Outcome): void {
  span.setAttributes(attributes);
  if (status !== undefined) span.setStatus(status);
}

/** Ends a span whose exchange failed. A caller's own cancel is no error: the span just ends, without a status code. */
export function endWithError(span: Span, error: unknown, redactor: Redactor): void {
  try {
    if (!isCancel(error)) applyError(span, error, redactor);
  } finally {
    // An error is the application's own object, and its getters may throw.
    span.end();
  }
}

/** Puts an error on a span that stays open: its outcome, and an exception event. */
export function applyError(span: Span, error: unknown, redactor: Redactor): void {
  applyOutcome(span, toErrorOutcome(error, redactor.redact(toMessage(error), 'string')));
  recordException(span, error, redactor);
}

/** An exception event with its texts redacted; `span.recordException` would take them as they are. */
function recordException(span: Span, error: unknown, redactor: Redactor): void {
  if (!isError(error)) return;
  span.addEvent('exception', {
    [ATTR_EXCEPTION_TYPE]: toErrorType(error),
    [ATTR_EXCEPTION_MESSAGE]: redactor.redact(toMessage(error), 'string'),
    [ATTR_EXCEPTION_STACKTRACE]: redactor.redact(error.stack ?? '', 'string'),
  });
}

/** @note Node joins the errors of several addresses in an AggregateError without a message of its own. */
function toMessage(error: unknown): string {
  if (!isError(error)) return String(error);
  if (error.message !== '') return error.message;
  if (error instanceof AggregateError) {
    const first: unknown = error.errors[0];
    if (isError(first)) return first.message;
  }
  return toErrorType(error);
}
