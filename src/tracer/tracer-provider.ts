// Made once by start-pipeline.ts and registered as the process's tracer provider: in the place of @opentelemetry/sdk-trace's own.
import type { Context, TracerProvider as ApiTracerProvider, Tracer as ApiTracer } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type {
  ForceFlushOptions,
  ReadableSpan,
  Sampler,
  Span,
  SpanLimits,
  SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { Clock } from './clock.ts';
import { type IdSource, createRandomIds } from './ids.ts';
import { type InspectArguments, inspectCustom, toInspected, toSettledAttributes } from './inspect.ts';
import { Tracer, type TracerEnvironment } from './tracer.ts';

export interface TracerProviderOptions {
  readonly resource: Resource;
  readonly sampler: Sampler;
  /** Random ids by default. */
  readonly idGenerator?: IdSource;
  /** 128 of everything by default, and values of any length. */
  readonly spanLimits?: SpanLimits;
  /** Told of every recorded span, one after the other. */
  readonly spanProcessors: readonly SpanProcessor[];
  readonly clock?: Clock;
}

const DEFAULT_LIMITS: Required<SpanLimits> = {
  attributeCountLimit: 128,
  attributeValueLengthLimit: Infinity,
  eventCountLimit: 128,
  linkCountLimit: 128,
  attributePerEventCountLimit: 128,
  attributePerLinkCountLimit: 128,
};
const FLUSH_TIMEOUT_MILLIS = 30_000;

/** Makes tracers, and passes what becomes of their spans to the processors. */
export class TracerProvider implements ApiTracerProvider {
  private readonly _environment: TracerEnvironment;
  private readonly _processors: readonly SpanProcessor[];
  private readonly _tracers = new Map<string, Tracer>();

  constructor(options: TracerProviderOptions) {
    this._processors = options.spanProcessors;
    this._environment = {
      resource: options.resource,
      sampler: options.sampler,
      ids: options.idGenerator ?? createRandomIds(),
      limits: toLimits(options.spanLimits),
      processor: joinProcessors(options.spanProcessors),
      clock: options.clock ?? new Clock(),
    };
  }

  /** The same tracer for the same name, version and schema. */
  getTracer(name: string, version?: string, options?: { schemaUrl?: string }): ApiTracer {
    const schemaUrl = options?.schemaUrl;
    const key = `${name}@${version ?? ''}:${schemaUrl ?? ''}`;
    const known = this._tracers.get(key);
    if (known !== undefined) return known;
    // As in the SDK, what was not said is there without a value.
    const scope = { name, version, schemaUrl } as InstrumentationScope;
    const tracer = new Tracer(scope, this._environment, false);
    this._tracers.set(key, tracer);
    return tracer;
  }

  /**
   * A tracer for those who clean attributes before they start a span with them, and do not use the object again. Nobody else gets it,
   * also not by its name.
   */
  createVouchedTracer(scope: InstrumentationScope): ApiTracer {
    return new Tracer(scope, this._environment, true);
  }

  /** Rejects with a list of what went wrong in the processors, when anything did. */
  async forceFlush({ timeoutMillis = FLUSH_TIMEOUT_MILLIS }: ForceFlushOptions = {}): Promise<void> {
    const outcomes = await Promise.allSettled(this._processors.map((one) => flushWithin(one, timeoutMillis)));
    const reasons = outcomes.flatMap((outcome): unknown[] => (outcome.status === 'rejected' ? [outcome.reason] : []));
    if (reasons.length > 0) await Promise.reject(reasons);
  }

  async shutdown(): Promise<void> {
    await Promise.all(this._processors.map((processor) => processor.shutdown()));
  }

  [inspectCustom](...how: InspectArguments): unknown {
    const facts = {
      resource: { attributes: toSettledAttributes(this._environment.resource) },
      tracers: [...this._tracers.keys()],
      spanProcessors: this._processors.map((processor) => processor.constructor.name),
    };
    return toInspected('TracerProvider', facts, how);
  }
}

/** One that tells all, in their order. */
function joinProcessors(processors: readonly SpanProcessor[]): TracerEnvironment['processor'] {
  return {
    onStart(span: Span, context: Context) {
      for (const processor of processors) processor.onStart(span, context);
    },
    onEnding(span: Span) {
      for (const processor of processors) processor.onEnding?.(span);
    },
    onEnd(span: ReadableSpan) {
      for (const processor of processors) processor.onEnd(span);
    },
  };
}

function toLimits(limits: SpanLimits | undefined): Required<SpanLimits> {
  const all = { ...DEFAULT_LIMITS };
  for (const [name, limit] of Object.entries(limits ?? {})) {
    // Only names of limits are names of limits.
    if (limit !== undefined) all[name as keyof SpanLimits] = limit;
  }
  return all;
}

async function flushWithin(processor: SpanProcessor, timeoutMillis: number): Promise<void> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const late = new Error(`A span processor did not flush within ${timeoutMillis} ms`);
  const timer = setTimeout(() => reject(late), timeoutMillis);
  try {
    await Promise.race([processor.forceFlush(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
