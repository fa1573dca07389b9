import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { inspect } from 'node:util';
import {
  type Attributes,
  type Context,
  DiagLogLevel,
  type HrTime,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  createTraceState,
  diag,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  type ReadableSpan,
  SamplingDecision,
  type SamplingResult,
  type SpanLimits,
  TracerProvider as SdkTracerProvider,
} from '@opentelemetry/sdk-trace';
import * as fc from 'fast-check';
import { TracerProvider } from '../../src/tracer/tracer-provider.ts';

/** What happens to a span after its start. */
interface Call {
  readonly name: string;
  readonly run: (span: Span) => unknown;
}

interface Life {
  readonly limits: SpanLimits;
  readonly sampled: SamplingResult;
  readonly parent: Context;
  readonly name: string;
  readonly options: SpanOptions;
  readonly calls: readonly Call[];
}

const resource = resourceFromAttributes({ 'service.name': 'shop' });
const said: unknown[] = [];

/** Everything that can be seen of a span's life, whoever makes the span. */
function live(life: Life, createTracer: (options: ProviderOptions) => Tracer): unknown {
  const told: unknown[] = [];
  const note = (what: string) => (span: ReadableSpan) =>
    void told.push([what, span.ended, span.duration[0] < 0, toFacts(span)]);
  let ids = 0;
  const tracer = createTracer({
    resource,
    spanLimits: life.limits,
    sampler: {
      shouldSample(context, traceId, name, kind, attributes, links) {
        told.push(['sampled', context === life.parent, traceId, name, kind, { ...attributes }, [...links]]);
        return life.sampled;
      },
    },
    idGenerator: {
      generateTraceId: () => String(++ids).padStart(32, '0'),
      generateSpanId: () => String(++ids).padStart(16, '0'),
    },
    spanProcessors: [
      {
        onStart: note('start'),
        onEnding(span) {
          span.setAttribute('ending', true);
          note('ending')(span);
        },
        onEnd: note('end'),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  said.length = 0;
  const span = tracer.startSpan(life.name, { ...life.options }, life.parent);
  const results = life.calls.map(({ name, run }) => {
    const result = run(span);
    return [name, result === span ? 'itself' : result, span.isRecording()];
  });
  const facts = 'attributes' in span ? toFacts(span as Span & ReadableSpan) : span.spanContext();
  return mask({ told, results, facts, said: [...said] });
}

type ProviderOptions = ConstructorParameters<typeof SdkTracerProvider>[0] &
  ConstructorParameters<typeof TracerProvider>[0];

const sdk = (options: ProviderOptions): Tracer => new SdkTracerProvider(options).getTracer('shop', '1.0');
const ours = (options: ProviderOptions): Tracer => new TracerProvider(options).getTracer('shop', '1.0');
const vouched = (options: ProviderOptions): Tracer => {
  const scope = { name: 'shop', version: '1.0', schemaUrl: undefined as unknown as string };
  const tracer = new TracerProvider(options).createVouchedTracer(scope);
  // The attributes become the span's own, so each span gets others.
  const startSpan: Tracer['startSpan'] = (name, options, context) =>
    tracer.startSpan(
      name,
      { ...options, ...(options?.attributes && { attributes: { ...options.attributes } }) },
      context,
    );
  return { startSpan, startActiveSpan: tracer.startActiveSpan.bind(tracer) };
};

function toFacts(span: ReadableSpan): unknown {
  const { name, kind, parentSpanContext, startTime, endTime, status, attributes, links, events, duration, ended } =
    span;
  const { resource, instrumentationScope, droppedAttributesCount, droppedEventsCount, droppedLinksCount } = span;
  return structuredCopy({
    name,
    kind,
    parentSpanContext,
    startTime,
    endTime,
    status,
    links,
    events,
    ended,
    instrumentationScope,
    droppedAttributesCount,
    droppedEventsCount,
    droppedLinksCount,
    context: { ...span.spanContext() },
    attributes: Object.entries(attributes),
    duration: isMeasured(startTime) || isMeasured(endTime) ? duration.map((part) => Math.sign(part) < 0) : duration,
    hasResource: resource.attributes['service.name'],
  });
}

/** What is seen now, whatever becomes of it. */
function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  if (!isData(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, structuredCopy(one)]));
}

/** Times that were measured differ, by as little as it may be. Those that calls give lie in the past. */
function isMeasured(time: unknown): boolean {
  return (
    Array.isArray(time) &&
    time.length === 2 &&
    typeof time[0] === 'number' &&
    Math.abs(time[0] - Date.now() / 1000) < 1e5
  );
}

/** An object that is nothing but its contents. Attributes can be given another prototype, by the name of `__proto__`. */
function isData(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !('serialize' in value) && !ArrayBuffer.isView(value);
}

function mask(value: unknown): unknown {
  if (isMeasured(value)) return 'now';
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (Array.isArray(value)) return value.map(mask);
  if (!isData(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mask(one)]));
}

const circle: Record<string, unknown> = {};
circle['itself'] = circle;
const STRANGE: readonly unknown[] = [
  undefined,
  null,
  1n,
  Symbol('s'),
  () => {},
  new Date(0),
  /x/,
  new Map(),
  circle,
  Object.create(null),
  NaN,
  -0,
  new Uint8Array([1, 2, 3]),
  Buffer.from('bytes'),
  [],
  [undefined, 'a'],
  [1, 'a'],
  [[1], ['b']],
  { a: { b: [1] } },
];

const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e', '', '0', '7', 'constructor', '__proto__', 'toString');
const values: fc.Arbitrary<unknown> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(...STRANGE),
  fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 }),
);
const attributes = fc.dictionary(keys, values, { maxKeys: 6 }) as fc.Arbitrary<Attributes>;
const maybeAttributes = fc.oneof(attributes, fc.constantFrom(undefined, null as unknown as undefined));
/** Numbers up to now are read as `performance.now()`; one here is a time in 2001. */
const times = fc.oneof(
  fc.constantFrom(undefined, 0, 1, new Date(1e12), new Date(1e12 + 5), 'soon' as unknown as undefined),
  fc.integer({ min: 1e12, max: 1e12 + 9999 }),
  fc.double({ min: 1e12, max: 1e12 + 9999, noNaN: true }),
  fc.tuple(fc.integer({ min: 1e9, max: 1e9 + 9 }), fc.integer({ min: 0, max: 999_999_999 })) as fc.Arbitrary<HrTime>,
);
const linked = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
const links = fc.record({ context: fc.constant(linked), attributes: maybeAttributes }, { requiredKeys: ['context'] });
const limit = fc.constantFrom(undefined, 0, 1, 2, 3, 128);
const exceptions = fc.oneof(
  fc.string(),
  fc.constantFrom(
    undefined,
    null,
    new RangeError('too far'),
    { code: 7, message: 'm' },
    { code: 'E', name: 'N' },
    { name: 'N' },
  ),
  fc.constantFrom({}, { stack: 'at' }, { code: 0, name: '', message: 'm' }, new TypeError('')),
);

const call = <Args extends unknown[]>(name: string, args: fc.Arbitrary<Args>): fc.Arbitrary<Call> =>
  args.map((some) => ({
    name,
    // The call is right for the method, which the table below says.
    run: (span) => (span[name as keyof Span] as (...args: unknown[]) => unknown).apply(span, some),
  }));

const calls = fc.oneof(
  { weight: 4, arbitrary: call('setAttribute', fc.tuple(keys, values)) },
  call('setAttributes', fc.tuple(attributes)),
  call('addEvent', fc.tuple(keys, fc.oneof(maybeAttributes, times), times)),
  call('addEvent', fc.tuple(keys)),
  call('addLink', fc.tuple(links)),
  call('addLinks', fc.tuple(fc.array(links, { maxLength: 3 }))),
  call(
    'setStatus',
    fc.tuple(fc.record({ code: fc.constantFrom(0, 1, 2), message: fc.constantFrom('m', 'n', undefined, null, 5) })),
  ),
  call('updateName', fc.tuple(keys)),
  call('recordException', fc.tuple(exceptions, times)),
  { weight: 1, arbitrary: call('end', fc.oneof(fc.constant<unknown[]>([]), fc.tuple(times))) },
  fc.constant<Call>({ name: 'reading', run: (span) => 'attributes' in span && Object.keys(span.attributes as object) }),
);

const remote = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true };
const parents = [
  ROOT_CONTEXT,
  trace.setSpanContext(ROOT_CONTEXT, remote),
  trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags: 0, traceState: createTraceState('vendor=1') }),
  trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceId: '0'.repeat(32) }),
  trace.setSpanContext(ROOT_CONTEXT, { ...remote, spanId: 'short' }),
  suppressTracing(trace.setSpanContext(ROOT_CONTEXT, remote)),
];

const { NOT_RECORD, RECORD, RECORD_AND_SAMPLED } = SamplingDecision;
const DECISIONS = [NOT_RECORD, RECORD, RECORD_AND_SAMPLED, RECORD_AND_SAMPLED, RECORD_AND_SAMPLED];
const KINDS = [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER];

const lives: fc.Arbitrary<Life> = fc.record({
  limits: fc.record({
    attributeCountLimit: limit,
    eventCountLimit: limit,
    linkCountLimit: limit,
    attributePerEventCountLimit: limit,
    attributePerLinkCountLimit: limit,
    attributeValueLengthLimit: fc.constantFrom(undefined, undefined, 3, -1, 0),
  }) as fc.Arbitrary<SpanLimits>,
  sampled: fc.record(
    {
      decision: fc.constantFrom(...DECISIONS),
      attributes,
      traceState: fc.constant(createTraceState('sampler=1')),
    },
    { requiredKeys: ['decision'] },
  ),
  parent: fc.constantFrom(...parents),
  name: keys,
  options: fc.record(
    {
      kind: fc.constantFrom(...KINDS),
      attributes: maybeAttributes,
      links: fc.array(links, { maxLength: 4 }),
      startTime: times,
      root: fc.boolean(),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<SpanOptions>,
  calls: fc.array(calls, { maxLength: 20 }),
});

suite('a span is the same as the SDK makes it', () => {
  before(() => {
    const say =
      (level: string) =>
      (...parts: unknown[]) =>
        void said.push([level, ...parts]);
    const logger = {
      error: say('error'),
      warn: say('warn'),
      info: say('info'),
      debug: say('debug'),
      verbose: say('verbose'),
    };
    diag.setLogger(logger, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true });
  });
  after(() => diag.disable());

  for (const [what, create] of [
    ['plain', ours],
    ['vouched for', vouched],
  ] as const) {
    test(`whatever is done with it, ${what}: what is read, dropped, said, and told to samplers and processors`, () => {
      fc.assert(
        fc.property(lives, (life) => {
          // What is vouched for is the agent's own, and nothing of that has this name.
          fc.pre(create === ours || !Object.hasOwn(life.options.attributes ?? {}, '__proto__'));
          assert.deepEqual(live(life, create), live(life, sdk));
        }),
        { numRuns: 1000 },
      );
    });
  }

  test('to those who print it, and its tracer and provider', () => {
    const show = (create: typeof sdk): string => {
      const spanProcessors = [{ onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} }];
      const tracer = create({
        resource,
        spanProcessors,
        sampler: { shouldSample: () => ({ decision: SamplingDecision.RECORD_AND_SAMPLED }) },
        idGenerator: { generateTraceId: () => '1'.repeat(32), generateSpanId: () => '2'.repeat(16) },
      });
      const span = tracer.startSpan('GET', { startTime: [1e9, 0], attributes: { a: { b: { c: 1 } } } }, parents[1]);
      span
        .addEvent('called', { x: 1 }, [1e9, 5])
        .addLink({ context: linked })
        .setStatus({ code: SpanStatusCode.ERROR, message: 'no' });
      span.end([1e9, 7]);
      const depths = [0, 1, 2, 5].map((depth) => inspect({ span, tracer }, { depth }));
      return [...depths, inspect(span, { colors: true }), inspect(tracer, { compact: false })].join('\n');
    };
    assert.equal(show(ours), show(sdk));
    const providers = [TracerProvider, SdkTracerProvider].map((Provider) => {
      const provider = new Provider({
        resource,
        sampler: { shouldSample: () => ({ decision: SamplingDecision.RECORD_AND_SAMPLED }) },
        spanProcessors: [],
      });
      provider.getTracer('a');
      provider.getTracer('b', '1', { schemaUrl: 'https://schema.example' });
      return inspect(provider);
    });
    assert.equal(providers[0], providers[1]);
  });
});
