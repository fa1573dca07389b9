import assert from 'node:assert/strict';
import { type TestContext, suite, test } from 'node:test';
import { type Context, ROOT_CONTEXT, type Span, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { createSampling } from '../../src/pipeline/sampling.ts';
import { type KeepOptions, KeepProcessor } from '../../src/processors/keep-processor.ts';
import { createRedactionGuard } from '../../src/processors/redaction-guard.ts';
import { createSampledOnly } from '../../src/processors/sampled-only.ts';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { captureLog } from '../pipeline/captured-log.ts';
import { createProvider } from '../tracer/provider.ts';

/** When a span starts that has a time; small numbers would be read as `performance.now()`. */
const START = 1_700_000_000_000;
const SECRET = 'secret-value-123';
const REMOTE = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0, isRemote: true };

/** The pipeline with a ratio of 0 unless said otherwise, and what an exporter or the console is told. */
function setUp(options: Partial<KeepOptions> = {}, ratio = 0) {
  const clock = { millis: 0 };
  const told: string[] = [];
  const ended: ReadableSpan[] = [];
  const exporter = {
    onStart: (span: ReadableSpan) => void told.push(`start ${span.name}`),
    onEnd: (span: ReadableSpan) => {
      told.push(`end ${span.name}`);
      ended.push(span);
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const sampling = createSampling({
    config: { 'sampling.ratio': ratio, 'sampling.followParent': true, 'sampling.perSecond': undefined },
    recordDropped: true,
  });
  const keep = new KeepProcessor({
    errors: true,
    slowerThanMillis: undefined,
    next: createSampledOnly([exporter]),
    maxSpans: 1000,
    maxBytes: 1_000_000,
    maxAgeMillis: 60_000,
    now: () => clock.millis,
    ...options,
  });
  const guard = createRedactionGuard({ redactor: createRedactor(), maxValueLength: undefined });
  const provider = createProvider({ sampler: sampling.sampler, spanProcessors: [guard, keep] });
  const tracer = provider.getTracer('shop');
  const start = (name: string, parent?: Span | Context, startTime?: number): Span =>
    tracer.startSpan(
      name,
      startTime === undefined ? {} : { startTime },
      parent === undefined ? ROOT_CONTEXT : 'spanContext' in parent ? trace.setSpan(ROOT_CONTEXT, parent) : parent,
    );
  return { clock, told, ended, keep, start };
}

const fail = (span: Span): void => {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
};

suite('a trace that sampling drops', () => {
  test('goes on whole when its local root fails: parents begin first, all are sampled', () => {
    const { told, ended, start } = setUp();
    const root = start('root');
    const outer = start('outer', root);
    start('inner', outer).end();
    outer.end();
    start('second', root).end();
    assert.deepEqual(told, []);
    assert.equal(root.spanContext().traceFlags, 0);
    fail(root);
    assert.deepEqual(told, [
      'start root',
      'start outer',
      'start inner',
      'start second',
      'end inner',
      'end outer',
      'end second',
      'end root',
    ]);
    for (const span of ended) {
      assert.equal(span.spanContext().traceFlags, TraceFlags.SAMPLED);
      assert.equal(span.spanContext().traceId, root.spanContext().traceId);
      if (span.name !== 'root') assert.equal(span.parentSpanContext?.traceFlags, TraceFlags.SAMPLED);
    }
  });

  test('is dropped when its root ends well, though a child failed', () => {
    const { told, start } = setUp();
    const root = start('root');
    fail(start('child', root));
    root.end();
    assert.deepEqual(told, []);
  });

  test('is kept for being slow, at the threshold and beyond', () => {
    const { told, start } = setUp({ errors: false, slowerThanMillis: 200 });
    start('quick', undefined, START).end(START + 199);
    start('slow', undefined, START).end(START + 200);
    const failed = start('failed', undefined, START);
    failed.setStatus({ code: SpanStatusCode.ERROR });
    failed.end(START + 100);
    assert.deepEqual(told, ['start slow', 'end slow']);
  });

  test('is decided on by every local root for itself, in the same trace too', () => {
    const { ended, start } = setUp();
    const parent = trace.setSpanContext(ROOT_CONTEXT, REMOTE);
    const [one, other] = [start('one', parent), start('other', parent)];
    start('below one', one).end();
    start('below other', other).end();
    fail(one);
    other.end();
    assert.deepEqual(
      ended.map(({ name }) => name),
      ['below one', 'one'],
    );
    assert.deepEqual(
      ended.map((span) => span.spanContext().traceId),
      [REMOTE.traceId, REMOTE.traceId],
    );
  });

  test('decides for what ends, and for what begins, after its root', () => {
    for (const isKept of [true, false]) {
      const { told, start } = setUp();
      const root = start('root');
      const late = start('late', root);
      const lateChild = start('late child', late);
      if (isKept) fail(root);
      else root.end();
      const later = start('later', late);
      const fromRoot = start('from root', root);
      // What is called from here on is told that the trace is kept.
      assert.equal(later.spanContext().traceFlags, isKept ? 1 : 0);
      for (const span of [lateChild, later, late, fromRoot]) span.end();
      const all = ['root', 'late child', 'later', 'late', 'from root'];
      assert.deepEqual(
        told.filter((line) => line.startsWith('end')),
        isKept ? all.map((name) => `end ${name}`) : [],
      );
      assert.equal(told.filter((line) => line.startsWith('start')).length, isKept ? 5 : 0);
    }
  });

  test('leaves no secret: it was redacted before it was held', () => {
    const { ended, start } = setUp();
    const root = start('root');
    const child = start(`GET https://shop.example/?token=${SECRET}`, root);
    child.setAttribute('password', SECRET);
    child.end();
    root.setAttribute('url.full', `https://shop.example/?token=${SECRET}`);
    fail(root);
    assert.equal(ended.length, 2);
    const text = JSON.stringify(ended.map(({ name, attributes }) => ({ name, attributes })));
    assert.ok(!text.includes(SECRET), text);
    assert.equal(text.match(/REDACTED/g)?.length, 3);
  });
});

test('a sampled trace passes at once, whatever becomes of it', () => {
  const { told, start } = setUp({}, 1);
  const root = start('root');
  start('child', root).end();
  assert.deepEqual(told, ['start root', 'start child', 'end child']);
  root.end();
  assert.deepEqual(told.at(-1), 'end root');
});

suite('what is held is bounded', () => {
  /** A kept trace after `count` others that stay open with a child each. */
  function crowd(t: TestContext, options: Partial<KeepOptions>, count: number) {
    const lines = captureLog(t);
    const made = setUp(options);
    const roots = Array.from({ length: count }, (_, index) => {
      const root = made.start(`root ${index}`);
      made.start(`child ${index}`, root).end();
      return root;
    });
    return { ...made, lines, roots };
  }

  test('in spans: the longest held are let go, their roots are kept all the same, the loss is said', (t) => {
    const { ended, roots, keep, lines } = crowd(t, { maxSpans: 10 }, 30);
    for (const root of roots) fail(root);
    assert.deepEqual(
      ended.map(({ name }) => name),
      roots.flatMap((_, index) => (index < 20 ? [`root ${index}`] : [`child ${index}`, `root ${index}`])),
    );
    keep.report();
    keep.report();
    assert.deepEqual(lines, [
      'tracing: sampling.keep cannot hold all spans; kept traces lack some\n',
      'tracing: 20 spans of traces that sampling.keep kept were lost: too much was held at once\n',
    ]);
  });

  test('in spans let go of traces that end well nothing is said', (t) => {
    const { ended, roots, keep, lines } = crowd(t, { maxSpans: 10 }, 30);
    for (const root of roots) root.end();
    keep.report();
    assert.deepEqual([ended, lines], [[], []]);
  });

  test('in bytes', (t) => {
    const { start, ended } = crowd(t, { maxBytes: 5000 }, 0);
    const root = start('root');
    for (let index = 0; index < 20; index++) {
      const child = start(`child ${index}`, root);
      child.setAttribute('text', 'x'.repeat(500));
      child.end();
    }
    const huge = start('huge', root);
    huge.setAttribute('text', 'x'.repeat(5000));
    huge.end();
    fail(root);
    assert.equal(ended.at(-1)?.name, 'root');
    assert.ok(ended.length < 5 && !ended.some(({ name }) => name === 'huge'), String(ended.length));
  });

  test('in time: a root that does not end lets its spans go, and may gather new ones', (t) => {
    const { clock, start, ended, roots } = crowd(t, { maxAgeMillis: 1000 }, 1);
    const [root] = roots;
    assert.ok(root);
    clock.millis = 1001;
    start('fresh', root).end();
    fail(root);
    assert.deepEqual(
      ended.map(({ name }) => name),
      ['fresh', 'root 0'],
    );
  });

  test('room comes back when traces end', (t) => {
    const { start, ended, lines } = crowd(t, { maxSpans: 10 }, 0);
    for (let run = 0; run < 50; run++) {
      const root = start('root');
      for (let index = 0; index < 10; index++) start('child', root).end();
      if (run === 49) fail(root);
      else root.end();
    }
    assert.equal(ended.length, 11);
    assert.deepEqual(lines, []);
  });
});
