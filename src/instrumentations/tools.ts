// What tracing.ts gives to every instrumentation: it reaches for nothing else.
import type { Context, Span, Tracer } from '@opentelemetry/api';
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
  readonly sampling: EarlySampling;
  /** `http.trustForwarded`. */
  readonly trustForwarded: boolean;
  readonly toMethodFacts: ToMethodFacts;
  /** Client spans only inside a trace. */
  readonly requireParent: boolean;
}

/** Decides on a request by its trace alone, before anything is made for it. */
export interface EarlySampling {
  /**
   * `ratio` is what a URL rule asks for. `dropped`: the span that is none; enter it and inject it, and make nothing else. `startIn`: start
   * the span with this context. What is entered and injected is `parent` with the span.
   */
  decide(parent: Context, ratio: number | undefined): { readonly dropped: Span } | { readonly startIn: Context };
}

/** A running instrumentation; disposing it leaves everything as it was. */
export interface Instrumentation extends Disposable {
  /** Called when the process exits: ends the spans of exchanges that are over, or that the exit cuts. */
  endWhatIsOver?(): void;
  /** Called once it is turned off: ends the spans that are open, and says nothing of how their exchanges end. Without it, endWhatIsOver does. */
  letGo?(): void;
}

/** A span that is open, and what is captured of its exchange. */
export interface OpenSpan {
  readonly span: Span;
  readonly captured: Captured | undefined;
}
