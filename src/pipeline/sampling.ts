// Made once by start-pipeline.ts from the `sampling` section: which traces are kept. Asked by the HTTP instrumentations before they make
// anything for a request, and by the SDK for every span that is started.
import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  type Tracer,
  createContextKey,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';
import {
  type IdGenerator,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Config } from '../config/config.ts';
import { TokenBucket } from './token-bucket.ts';

export interface SamplingOptions {
  readonly config: Pick<Config, 'sampling.ratio' | 'sampling.followParent' | 'sampling.perSecond'>;
  /** Whether spans of dropped traces are recorded all the same, without the sampled flag: somebody here reads them. */
  readonly recordDropped: boolean;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/**
 * What becomes of a request. `dropped`: nothing is made for it, and this context, with an unsampled span that is none, is gone on with.
 * `startIn`: a span is started in this context.
 */
export type Sampled = { readonly dropped: Context } | { readonly startIn: Context };

export interface Sampling {
  readonly sampler: Sampler;
  readonly idGenerator: IdGenerator;
  /** Decides on a request by its parent; `ratio` is what a URL rule asks for, should a trace begin here. */
  decide(parent: Context, ratio: number | undefined): Sampled;
  /** A tracer that gives a span the trace id with which `decide` decided. */
  honour(tracer: Pick<Tracer, 'startSpan'>): Pick<Tracer, 'startSpan'>;
}

/** Whether a trace is kept. */
type Judge = (traceId: string) => boolean;

interface Decided {
  readonly traceId: string;
  readonly isKept: boolean;
}

const DECIDED = createContextKey('tracing: sampling decision');

/**
 * A span follows its parent; `followParent: false` lets only those in this process lead. Where a trace begins the rule's ratio or the
 * option's decides, by the trace id as every OpenTelemetry SDK does, and then `perSecond`.
 */
export function createSampling({ config, recordDropped, now }: SamplingOptions): Sampling {
  const perSecond = config['sampling.perSecond'];
  const bucket =
    perSecond === undefined ? undefined : new TokenBucket({ perSecond, now: now ?? performance.now.bind(performance) });
  const follows = config['sampling.followParent'];
  const judges = new Map<number, Judge>();
  const judgeOption = judgeOf(config['sampling.ratio']);
  const random = new RandomIdGenerator();
  let prepared: string | undefined;

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

  const dropped = recordDropped ? SamplingDecision.RECORD : SamplingDecision.NOT_RECORD;
  return {
    decide(parentContext, ratio) {
      const parent = readParent(parentContext);
      const traceId = parent?.traceId ?? random.generateTraceId();
      const decided: Decided = { traceId, isKept: isKept(parent, traceId, ratio) };
      if (decided.isKept || recordDropped) return { startIn: parentContext.setValue(DECIDED, decided) };
      const { traceState } = parent ?? {};
      const none = { traceId, spanId: random.generateSpanId(), traceFlags: TraceFlags.NONE };
      return {
        dropped: trace.setSpanContext(parentContext, traceState === undefined ? none : { ...none, traceState }),
      };
    },
    sampler: {
      shouldSample(context, traceId) {
        const decided = readDecided(context);
        const kept = decided?.traceId === traceId ? decided.isKept : isKept(readParent(context), traceId, undefined);
        return { decision: kept ? SamplingDecision.RECORD_AND_SAMPLED : dropped };
      },
      toString: () => `Sampling{${config['sampling.ratio']}}`,
    },
    idGenerator: {
      generateSpanId: () => random.generateSpanId(),
      generateTraceId() {
        const id = prepared ?? random.generateTraceId();
        prepared = undefined;
        return id;
      },
    },
    honour: (tracer) => ({
      startSpan(name, options, context) {
        // The SDK asks its id generator within this call, and only where there is no parent.
        prepared =
          context === undefined || readParent(context) !== undefined ? undefined : readDecided(context)?.traceId;
        try {
          return tracer.startSpan(name, options, context);
        } finally {
          prepared = undefined;
        }
      },
    }),
  };
}

function createJudge(ratio: number): Judge {
  if (ratio >= 1) return () => true;
  const sampler = new TraceIdRatioBasedSampler(ratio);
  // The SDK's sampler looks at nothing but the trace id.
  return (traceId) => sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
}

function readParent(context: Context): SpanContext | undefined {
  const parent = trace.getSpanContext(context);
  return parent !== undefined && isSpanContextValid(parent) ? parent : undefined;
}

function readDecided(context: Context): Decided | undefined {
  // Only decide() writes under this key.
  return context.getValue(DECIDED) as Decided | undefined;
}
