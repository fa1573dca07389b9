// Asked by the tracer, sampling and propagation: which span a context says is the parent.
import {
  type Context,
  INVALID_SPAN_CONTEXT,
  type Span,
  type SpanContext,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';
import { SpanImpl } from './span-impl.ts';

/** The API's span that records nothing; it gives the class away only with an object of it. */
const NonRecordingSpan = trace.wrapSpanContext(INVALID_SPAN_CONTEXT).constructor as new (
  spanContext: SpanContext,
) => Span;

/** What stands for a span of ours that is not recorded, or not any more: the API's own, with ids that are known to be valid. */
export class UnrecordedSpan extends NonRecordingSpan {}

/** The span context that children of a context's span have as their parent; undefined where there is none, or its ids are not valid. */
export function readParent(context: Context): SpanContext | undefined {
  const span = trace.getSpan(context);
  if (span === undefined) return undefined;
  const spanContext = span.spanContext();
  // Those of our own are valid: no need to look at every digit.
  const isOwn = span instanceof SpanImpl || span instanceof UnrecordedSpan;
  return isOwn || isSpanContextValid(spanContext) ? spanContext : undefined;
}
