// Made by the tracer provider, one for every name: starts spans as @opentelemetry/sdk-trace's own tracer does.
import {
  type Attributes,
  type Context,
  INVALID_SPAN_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  TraceFlags,
  type Tracer as ApiTracer,
  context as contextApi,
  diag,
  trace,
} from '@opentelemetry/api';
import { type InstrumentationScope, cleanAttributes, isTracingSuppressed } from '@opentelemetry/core';
import { type Sampler, SamplingDecision, type SpanLimits } from '@opentelemetry/sdk-trace';
import { type OwnAttributes, copyAttributes } from './attributes.ts';
import type { IdSource } from './ids.ts';
import { type InspectArguments, inspectCustom, toInspected, toSettledAttributes } from './inspect.ts';
import { UnrecordedSpan, readParent } from './parent.ts';
import { type SpanEnvironment, SpanImpl, toOwnLinks } from './span-impl.ts';
import { Vouching } from './vouching.ts';

/** What all tracers of a provider share. */
export interface TracerEnvironment extends SpanEnvironment {
  readonly sampler: Sampler;
  readonly ids: IdSource;
}

/** For any other, a receiver refuses the whole batch. */
const KINDS: ReadonlySet<unknown> = new Set(Object.values(SpanKind).filter((kind) => typeof kind === 'number'));

const NO_OPTIONS: SpanOptions = {};

/** What `startActiveSpan` calls. */
type ActiveWork = (span: Span) => unknown;

/** @note No `#private` fields, for the sake of Proxies: see SpanImpl. */
export class Tracer implements ApiTracer {
  readonly instrumentationScope: InstrumentationScope;
  private readonly _environment: TracerEnvironment;
  private readonly _vouches: boolean;

  /** `vouches`: the attributes that spans are started with hold no secret, and are not used by anybody else. */
  constructor(scope: InstrumentationScope, environment: TracerEnvironment, vouches: boolean) {
    this.instrumentationScope = scope;
    this._environment = environment;
    this._vouches = vouches;
  }

  startSpan(name: string, given?: SpanOptions, parentContext?: Context): Span {
    // Null too: what the API does without an SDK is to take anything.
    const options = given ?? NO_OPTIONS;
    const environment = this._environment;
    const { ids, limits, sampler } = environment;
    const surrounding = parentContext ?? contextApi.active();
    const context = options.root ? trace.deleteSpan(surrounding) : surrounding;
    if (isTracingSuppressed(context)) {
      diag.debug('Instrumentation suppressed, returning Noop Span');
      return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    }
    const parent = readParent(context);
    const spanId = ids.generateSpanId();
    const traceId = parent === undefined ? ids.generateTraceId(context) : parent.traceId;
    const kind = options.kind !== undefined && KINDS.has(options.kind) ? options.kind : SpanKind.INTERNAL;
    const links = Array.isArray(options.links) ? toOwnLinks(options.links, limits) : [];
    const vouching = this._vouches ? new Vouching() : undefined;
    const own = vouching === undefined ? copyAttributes(options.attributes) : vouching.adopt(options.attributes);
    const sampled = sampler.shouldSample(context, traceId, name, kind, own.attributes, links);
    // The trace state is there without a value too, as in the SDK: all contexts have one shape.
    const spanContext = {
      traceId,
      spanId,
      traceFlags: sampled.decision === SamplingDecision.RECORD_AND_SAMPLED ? TraceFlags.SAMPLED : TraceFlags.NONE,
      traceState: sampled.traceState ?? parent?.traceState,
    } as SpanContext;
    if (sampled.decision === SamplingDecision.NOT_RECORD) {
      diag.debug('Recording is off, propagating context in a non-recording span');
      return new UnrecordedSpan(spanContext);
    }
    const span = new SpanImpl(environment, {
      name,
      kind,
      scope: this.instrumentationScope,
      spanContext,
      parentSpanContext: parent,
      startTime: options.startTime,
      attributes: limitAttributes(own, sampled.attributes, limits),
      // Nobody vouches for what a sampler adds.
      vouching: sampled.attributes === undefined ? vouching : undefined,
      links,
    });
    environment.processor.onStart(span, context);
    return span;
  }

  startActiveSpan<Work extends ActiveWork>(name: string, work: Work): ReturnType<Work>;
  startActiveSpan<Work extends ActiveWork>(name: string, options: SpanOptions, work: Work): ReturnType<Work>;
  startActiveSpan<Work extends ActiveWork>(
    name: string,
    options: SpanOptions,
    context: Context,
    work: Work,
  ): ReturnType<Work>;
  startActiveSpan(
    name: string,
    ...rest: [work: ActiveWork] | [SpanOptions, work: ActiveWork] | [SpanOptions, Context, work: ActiveWork]
  ): unknown {
    const [options, parentContext, work] = toActiveArguments(rest);
    if (work === undefined) return undefined;
    const parent = parentContext ?? contextApi.active();
    const span = this.startSpan(name, options, parent);
    return contextApi.with(trace.setSpan(parent, span), work, undefined, span);
  }

  [inspectCustom](...how: InspectArguments): unknown {
    const { limits, resource } = this._environment;
    const facts = {
      instrumentationScope: this.instrumentationScope,
      resource: { attributes: toSettledAttributes(resource) },
      spanLimits: limits,
    };
    return toInspected('Tracer', facts, how);
  }
}

function toActiveArguments(
  rest: readonly [] | [ActiveWork] | [SpanOptions, ActiveWork] | [SpanOptions, Context, ActiveWork],
): [SpanOptions | undefined, Context | undefined, ActiveWork | undefined] {
  if (rest.length < 2) return [undefined, undefined, rest[0] as ActiveWork | undefined];
  if (rest.length === 2) return [rest[0], undefined, rest[1]];
  return [rest[0] as SpanOptions, rest[1], rest[2]];
}

/** What the sampler adds goes over what was given, and the limits over all of it. */
function limitAttributes(
  given: OwnAttributes,
  sampled: Attributes | undefined,
  limits: Required<SpanLimits>,
): OwnAttributes {
  const isWithin = given.count <= limits.attributeCountLimit && limits.attributeValueLengthLimit === Infinity;
  if (sampled === undefined && isWithin) return given;
  const { attributes = {}, droppedAttributesCount = 0 } = cleanAttributes(
    Object.assign(given.attributes, sampled),
    limits,
  );
  return { attributes, count: Object.keys(attributes).length, dropped: given.dropped + droppedAttributesCount };
}
