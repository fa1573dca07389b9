// Made once by start-pipeline.ts from the `sampling` section: which traces are kept. Asked by the HTTP instrumentations before they make
// anything for a request, and by the SDK for every span that is started.
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  TraceFlags,
  createContextKey,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';
import { type Sampler, SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import type { Config } from '../config/config.ts';
import { stopwatch } from '../log/stopwatch.ts';
import { type IdSource, createRandomIds } from '../tracer/ids.ts';
import { SpanImpl } from '../tracer/span-impl.ts';
import { TokenBucket } from './token-bucket.ts';

export interface SamplingOptions {
  readonly config: Pick<Config, 'sampling.ratio' | 'sampling.followParent' | 'sampling.perSecond'>;
  /** Whether spans of dropped traces are recorded all the same, without the sampled flag: somebody here reads them. */
  readonly recordDropped: boolean;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/**
 * What becomes of a request. `dropped`: nothing is made for it, and what goes on is this unsampled span, which is none.
 * `startIn`: a span is started in this context.
 */
export type Sampled = { readonly dropped: Span } | { readonly startIn: Context };

export interface Sampling {
  readonly sampler: Sampler;
  /** Gives the span of a request the trace id with which `decide` decided. */
  readonly idGenerator: IdSource;
  /** Decides on a request by its parent; `ratio` is what a URL rule asks for, should a trace begin here. */
  decide(parent: Context, ratio: number | undefined): Sampled;
}

/** Whether a trace is kept. */
type Judge = (traceId: string) => boolean;

const DECIDED = createContextKey('tracing: sampling decision');

/**
 * A span follows its parent; `followParent: false` lets only those in this process lead. Where a trace begins the rule's ratio or the
 * option's decides, by the trace id as every OpenTelemetry SDK does, and then `perSecond`.
 */
export function createSampling({ config, recordDropped, now }: SamplingOptions): Sampling {
  const perSecond = config['sampling.perSecond'];
  const bucket = perSecond === undefined ? undefined : new TokenBucket({ perSecond, now: now ?? stopwatch });
  const follows = config['sampling.followParent'];
  const judges = new Map<number, Judge>();
  const judgeOption = judgeOf(config['sampling.ratio']);
  const random = createRandomIds();

  function judgeOf(ratio: number): Judge {
    const judge = judges.get(ratio) ?? createJudge(ratio);
    judges.set(ratio, judge);
    return judge;
  }

  function isKept(parent: SpanContext | undefined, traceId: string, ratio: number | undefined): boolean {
    if (parent !== undefined && (follows || parent.isRemote !== true))
      return (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
    const judge = ratio === undefined ? judgeOption : judgeOf(ratio);
    return judge(traceId) && (bucket === undefined || bucket.take());
  }

  const keep = { decision: SamplingDecision.RECORD_AND_SAMPLED };
  const drop = { decision: recordDropped ? SamplingDecision.RECORD : SamplingDecision.NOT_RECORD };
  return {
    decide(parentContext, ratio) {
      const parent = readParent(parentContext);
      const traceId = parent?.traceId ?? random.generateTraceId(parentContext);
      const kept = isKept(parent, traceId, ratio);
      if (kept || recordDropped) return { startIn: new DecidedContext(parentContext, traceId, kept) };
      const { traceState } = parent ?? {};
      const none = { traceId, spanId: random.generateSpanId(), traceFlags: TraceFlags.NONE };
      return {
        dropped: trace.wrapSpanContext(traceState === undefined ? none : { ...none, traceState }),
      };
    },
    sampler: {
      shouldSample(context, traceId) {
        const decided = readDecided(context);
        const kept = decided?.traceId === traceId ? decided.isKept : isKept(readParent(context), traceId, undefined);
        return kept ? keep : drop;
      },
      toString: () => `Sampling{${config['sampling.ratio']}}`,
    },
    idGenerator: {
      generateSpanId: random.generateSpanId,
      generateTraceId: (context) => readDecided(context)?.traceId ?? random.generateTraceId(context),
    },
  };
}

/** A context with what was decided in it. Every request that is kept has one, and needs it once, so it copies nothing. */
class DecidedContext implements Context {
  readonly traceId: string;
  readonly isKept: boolean;
  readonly #context: Context;

  constructor(context: Context, traceId: string, isKept: boolean) {
    this.#context = context;
    this.traceId = traceId;
    this.isKept = isKept;
  }

  getValue(key: symbol): unknown {
    return key === DECIDED ? this : this.#context.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#context.setValue(DECIDED, this).setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#context.setValue(DECIDED, this).deleteValue(key);
  }
}

function createJudge(ratio: number): Judge {
  if (ratio >= 1) return () => true;
  const sampler = new TraceIdRatioBasedSampler(ratio);
  // The SDK's sampler looks at nothing but the trace id.
  return (traceId) => sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
}

function readParent(context: Context): SpanContext | undefined {
  const span = trace.getSpan(context);
  const parent = span?.spanContext();
  // Those of our own spans are valid: no need to look at every digit.
  return parent !== undefined && (span instanceof SpanImpl || isSpanContextValid(parent)) ? parent : undefined;
}

function readDecided(context: Context): DecidedContext | undefined {
  // Nothing else is under this key.
  return context.getValue(DECIDED) as DecidedContext | undefined;
}
