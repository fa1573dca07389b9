// Made once by start-pipeline.ts from the `sampling` section: which traces are kept. Asked by the HTTP instrumentations before they make
// anything for a request, and by the SDK for every span that is started.
import { type Context, type Span, type SpanContext, TraceFlags, createContextKey } from '@opentelemetry/api';
import { type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import type { Config } from '../config/config.ts';
import { stopwatch } from '../log/stopwatch.ts';
import { type IdSource, createRandomIds } from '../tracer/ids.ts';
import { UnrecordedSpan, readParent } from '../tracer/parent.ts';
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
      return { dropped: new UnrecordedSpan(traceState === undefined ? none : { ...none, traceState }) };
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
  const bound = Math.floor(ratio * 0xffff_ffff);
  return (traceId) => foldId(traceId) < bound;
}

const WORD_DIGITS = 8;

/** The four words of a trace id over each other, from 0 up to 2^32: what the SDK's TraceIdRatioBasedSampler decides by, for ids known to be valid. */
function foldId(traceId: string): number {
  let folded = 0;
  for (let start = 0; start < traceId.length; start += WORD_DIGITS) {
    let word = 0;
    for (let at = start; at < start + WORD_DIGITS; at++) {
      const code = traceId.charCodeAt(at);
      // The low four bits of a digit are its value, those of a letter are nine less; bit 6 tells the two apart.
      word = (word << 4) | ((code & 15) + (code >> 6) * 9);
    }
    folded ^= word;
  }
  return folded >>> 0;
}

function readDecided(context: Context): DecidedContext | undefined {
  // Nothing else is under this key.
  return context.getValue(DECIDED) as DecidedContext | undefined;
}
