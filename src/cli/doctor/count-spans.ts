// Used by the probe: counts what becomes of requests, with counters in front of the agent's tools and of everybody else's tracers.
import { type Span, TraceFlags, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import type { InstrumentationTools } from '../../instrumentations/tools.ts';
import type { SpanCounts } from './report.ts';

export interface SpanCounter {
  /** Counts the spans of the agent's own instrumentations. */
  ofAgent(tools: InstrumentationTools): void;
  /** Counts those that libraries make through OpenTelemetry's API. */
  ofLibraries(): void;
  report(): SpanCounts;
}

/** Enough to know whether anything is open. */
const MOST_REMEMBERED = 1000;

export function countSpans(): SpanCounter {
  let made = 0;
  let sampled = 0;
  let unsampled = 0;
  let ignored = 0;
  const remembered = new Set<Span>();
  const counted = new WeakSet<object>();

  function count(span: Span): Span {
    made++;
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return span;
    sampled++;
    if (remembered.size < MOST_REMEMBERED) remembered.add(span);
    return span;
  }

  function countTracer(tracer: Pick<Tracer, 'startSpan'>): void {
    if (counted.has(tracer)) return;
    counted.add(tracer);
    const startSpan = tracer.startSpan.bind(tracer);
    tracer.startSpan = (...args) => count(startSpan(...args));
  }

  return {
    ofAgent({ tracer, urlRules, sampling }) {
      countTracer(tracer);
      const decideRules = urlRules.decide.bind(urlRules);
      urlRules.decide = (facts) => {
        const decision = decideRules(facts);
        if (decision.ignored) ignored++;
        return decision;
      };
      const decideSampling = sampling.decide.bind(sampling);
      sampling.decide = (...args) => {
        const decision = decideSampling(...args);
        if ('dropped' in decision) unsampled++;
        return decision;
      };
    },
    ofLibraries() {
      const provider: TracerProvider = trace.getTracerProvider();
      const getTracer = provider.getTracer.bind(provider);
      provider.getTracer = (...args) => {
        const tracer = getTracer(...args);
        countTracer(tracer);
        return tracer;
      };
    },
    report() {
      for (const span of remembered) if (!span.isRecording()) remembered.delete(span);
      return { made, sampled, unsampled, ignored, open: remembered.size };
    },
  };
}
