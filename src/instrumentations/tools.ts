// What agent.ts gives to every instrumentation: it reaches for nothing else.
import type { Span, Tracer } from '@opentelemetry/api';
import type { ToMethodFacts } from '../http-semconv/method.ts';
import type { Redactor } from '../redaction/create-redactor.ts';
import type { UrlRules } from '../url-rules/url-rules.ts';
import type { Capture, Captured } from './capture/capture.ts';
import type { TraceHeaders } from './trace-headers.ts';

export interface InstrumentationTools {
  readonly tracer: Pick<Tracer, 'startSpan'>;
  readonly redactor: Redactor;
  readonly urlRules: UrlRules;
  readonly capture: Capture;
  readonly traceHeaders: TraceHeaders;
  readonly toMethodFacts: ToMethodFacts;
  /** Client spans only inside a trace. */
  readonly requireParent: boolean;
}

/** A running instrumentation; disposing it leaves everything as it was. */
export interface Instrumentation extends Disposable {
  /** Called when the process exits: ends the spans of exchanges that are over, but whose last event would have come in the next tick, and of those that the exit cuts off. */
  endWhatIsOver?(): void;
}

/** A span that is open, and what is captured of its exchange. */
export interface OpenSpan {
  readonly span: Span;
  readonly captured: Captured | undefined;
}
