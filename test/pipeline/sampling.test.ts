import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ROOT_CONTEXT, type Context, TraceFlags, createContextKey, createTraceState, trace } from '@opentelemetry/api';
import { type ReadableSpan, SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import { type SamplingOptions, createSampling } from '../../src/pipeline/sampling.ts';
import { collectInto, createProvider } from '../tracer/provider.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

interface Given {
  ratio?: number;
  followParent?: boolean;
  perSecond?: number;
  recordDropped?: boolean;
  now?: SamplingOptions['now'];
}

/** A tracer provider with the sampling under test. */
function setUp({ ratio = 1, followParent = true, perSecond, recordDropped = false, now = () => 0 }: Given = {}) {
  const ended: ReadableSpan[] = [];
  const sampling = createSampling({
    config: { 'sampling.ratio': ratio, 'sampling.followParent': followParent, 'sampling.perSecond': perSecond },
    recordDropped,
    now,
  });
  const provider = createProvider({
    sampler: sampling.sampler,
    idGenerator: sampling.idGenerator,
    spanProcessors: [collectInto(ended)],
  });
  const plain = provider.getTracer('application');
  const ours = provider.createVouchedTracer({ name: 'ours' });
  /** What an instrumentation does for a request: the context that its handler runs in. */
  const request = (parent: Context, rule?: number): Context => {
    const sampled = sampling.decide(parent, rule);
    const span = 'dropped' in sampled ? sampled.dropped : ours.startSpan('GET', {}, sampled.startIn);
    return trace.setSpan(parent, span);
  };
  return { sampling, plain, ours, request, ended };
}

function parentWith(traceFlags: number, isRemote = true, traceId = TRACE_ID): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'b7ad6b7169203331', traceFlags, isRemote });
}

const flagsOf = (context: Context): number | undefined => trace.getSpanContext(context)?.traceFlags;
const isKept = (context: Context): boolean => flagsOf(context) === TraceFlags.SAMPLED;

/** Sampler of OTEL_TRACES_SAMPLER -> kept without a parent, with a sampled and with an unsampled remote parent. */
const FAMILY: ReadonlyArray<readonly [name: string, given: Given, expected: readonly [boolean, boolean, boolean]]> = [
  ['always_on', { followParent: false }, [true, true, true]],
  ['always_off', { followParent: false, ratio: 0 }, [false, false, false]],
  ['traceidratio of 0', { followParent: false, ratio: 0 }, [false, false, false]],
  ['traceidratio of 1', { followParent: false, ratio: 1 }, [true, true, true]],
  ['parentbased_always_on', {}, [true, true, false]],
  ['parentbased_always_off', { ratio: 0 }, [false, true, false]],
];

suite('the sampler family', () => {
  for (const [name, given, expected] of FAMILY) {
    test(`${name} decides early as it does for spans of the application, children too`, () => {
      const { request, plain } = setUp(given);
      const parents = [ROOT_CONTEXT, parentWith(1), parentWith(0)];
      assert.deepEqual(
        parents.map((parent) => isKept(request(parent))),
        expected,
      );
      assert.deepEqual(
        parents.map((parent) => plain.startSpan('own', {}, parent).spanContext().traceFlags === 1),
        expected,
      );
      for (const parent of parents) {
        const within = request(parent);
        const child = plain.startSpan('child', {}, within);
        assert.equal(child.spanContext().traceFlags, flagsOf(within));
        assert.equal(child.spanContext().traceId, trace.getSpanContext(within)?.traceId);
      }
    });
  }

  test('traceidratio keeps a trace or not by its id alone, whatever the parent says, as the SDK does', () => {
    const { request } = setUp({ followParent: false, ratio: 0.5 });
    const reference = new TraceIdRatioBasedSampler(0.5);
    let kept = 0;
    for (let index = 0; index < 200; index++) {
      const traceId = (index * 0x9e3779b1 + 1).toString(16).padStart(32, 'a').slice(-32);
      const expected = reference.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
      if (expected) kept++;
      for (const flags of [0, 1]) assert.equal(isKept(request(parentWith(flags, true, traceId))), expected, traceId);
    }
    assert.ok(kept > 0 && kept < 200);
  });
});

suite('a ratio', () => {
  for (const recordDropped of [false, true]) {
    test(`is the share of new traces that are kept, decided once${recordDropped ? ', where dropped ones are recorded' : ''}`, () => {
      const { request, ended } = setUp({ ratio: 0.25, recordDropped });
      const reference = new TraceIdRatioBasedSampler(0.25);
      const runs = 4000;
      let kept = 0;
      for (let run = 0; run < runs; run++) {
        const within = request(ROOT_CONTEXT);
        const { traceId = '', traceFlags } = trace.getSpanContext(within) ?? {};
        // The span has the very id that the decision was made with: another service with this ratio decides the same.
        assert.equal(
          traceFlags === 1,
          reference.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED,
        );
        if (isKept(within)) kept++;
        trace.getSpan(within)?.end();
      }
      // Twelve standard deviations: 1000 ± 329.
      assert.ok(Math.abs(kept - runs * 0.25) < 12 * Math.sqrt(runs * 0.25 * 0.75), `${kept} of ${runs}`);
      assert.equal(ended.length, recordDropped ? runs : kept);
    });
  }

  test('of a rule decides in place of the option, for new traces only', () => {
    const { request } = setUp({ ratio: 0 });
    assert.equal(isKept(request(ROOT_CONTEXT, 1)), true);
    assert.equal(isKept(request(ROOT_CONTEXT)), false);
    assert.equal(isKept(request(parentWith(1), 0)), true);
    assert.equal(isKept(request(parentWith(0), 1)), false);
  });

  test('of a rule also decides where the parent elsewhere is not followed, and below it nothing else does', () => {
    const { request, plain } = setUp({ followParent: false });
    const dropped = request(parentWith(1), 0);
    assert.equal(isKept(dropped), false);
    assert.equal(isKept(request(dropped, 1)), false);
    assert.equal(plain.startSpan('child', {}, dropped).isRecording(), false);
  });
});

suite('a limit a second', () => {
  test('counts new traces, not their spans and not those that began elsewhere', () => {
    const clock = { millis: 0 };
    const { request, plain } = setUp({ perSecond: 2, now: () => clock.millis });
    const first = request(ROOT_CONTEXT);
    for (let count = 0; count < 10; count++) assert.equal(isKept(request(first)), true);
    for (let count = 0; count < 10; count++) assert.equal(isKept(request(parentWith(1))), true);
    assert.equal(plain.startSpan('root').spanContext().traceFlags, 1);
    assert.equal(isKept(request(ROOT_CONTEXT)), false);
    assert.equal(plain.startSpan('root').spanContext().traceFlags, 0);
    clock.millis += 500;
    assert.equal(isKept(request(ROOT_CONTEXT)), true);
    assert.equal(isKept(request(ROOT_CONTEXT)), false);
  });

  test('is not spent on traces that the ratio drops', () => {
    const { request } = setUp({ perSecond: 1 });
    for (let count = 0; count < 10; count++) assert.equal(isKept(request(ROOT_CONTEXT, 0)), false);
    assert.equal(isKept(request(ROOT_CONTEXT)), true);
  });
});

suite('a dropped request', () => {
  test('makes no span, has ids of its own, and keeps the trace and its state', () => {
    const { request, ended } = setUp({ ratio: 0 });
    const fresh = trace.getSpanContext(request(ROOT_CONTEXT));
    assert.match(fresh?.traceId ?? '', /^(?!0+$)[0-9a-f]{32}$/);
    assert.match(fresh?.spanId ?? '', /^(?!0+$)[0-9a-f]{16}$/);
    assert.equal(fresh?.traceFlags, 0);

    const traceState = createTraceState('vendor=1');
    const parent = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: TRACE_ID,
      spanId: 'b7ad6b7169203331',
      traceFlags: 0,
      isRemote: true,
      traceState,
    });
    const within = request(parent);
    const joined = trace.getSpanContext(within);
    assert.equal(joined?.traceId, TRACE_ID);
    assert.notEqual(joined?.spanId, 'b7ad6b7169203331');
    assert.equal(joined?.traceState, traceState);
    assert.equal(joined?.isRemote, undefined);
    assert.equal(trace.getSpan(within)?.isRecording(), false);
    trace.getSpan(within)?.end();
    assert.deepEqual(ended, []);
  });

  test('is recorded without the sampled flag where somebody wants it, and so are its children', () => {
    const { request, plain, ended } = setUp({ ratio: 0, recordDropped: true });
    const within = request(ROOT_CONTEXT);
    assert.equal(flagsOf(within), 0);
    plain.startSpan('child', {}, within).end();
    trace.getSpan(within)?.end();
    assert.deepEqual(
      ended.map((span) => [span.name, span.spanContext().traceFlags, span.spanContext().traceId]),
      ['child', 'GET'].map((name) => [name, 0, trace.getSpanContext(within)?.traceId]),
    );
  });
});

suite('a trace id that a decision was made with', () => {
  test('goes to that span alone, whatever else is started meanwhile, and stays with its context', () => {
    const { sampling, plain, ours } = setUp();
    const decide = (): Context => {
      const sampled = sampling.decide(ROOT_CONTEXT, undefined);
      assert.ok('startIn' in sampled);
      return sampled.startIn;
    };
    const [first, second] = [decide(), decide()];
    const idOf = (tracer: typeof ours, within: Context): string =>
      tracer.startSpan('GET', {}, within).spanContext().traceId;
    const ids = [idOf(plain, ROOT_CONTEXT), idOf(ours, second), idOf(ours, first), idOf(ours, ROOT_CONTEXT)];
    assert.equal(new Set(ids).size, 4);
    assert.equal(idOf(ours, first), ids[2]);
    const key = createContextKey('test');
    assert.equal(idOf(ours, first.setValue(key, 1)), ids[2]);
    assert.equal(idOf(ours, second.setValue(key, 1).deleteValue(key)), ids[1]);
    assert.equal(first.setValue(key, 1).getValue(key), 1);
    assert.equal(first.getValue(key), undefined);
  });

  test('is not spent where a parent has one already', () => {
    const { sampling, ours } = setUp();
    const sampled = sampling.decide(parentWith(1), undefined);
    assert.ok('startIn' in sampled);
    assert.equal(ours.startSpan('GET', {}, sampled.startIn).spanContext().traceId, TRACE_ID);
  });
});
