import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { context, TraceFlags } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { isTracingSuppressed } from '@opentelemetry/core';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type ReadableSpan, TracerProvider, AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import type { BlockingResult, Destination, SendOptions } from '../../src/exporters/destination.ts';
import { SpanBatch, type SpanBatchOptions } from '../../src/pipeline/span-batch.ts';
import { captureLog } from './captured-log.ts';
import { makeSpan, makeSpans } from './spans.ts';

interface Sent {
  names: string[];
  options: SendOptions;
  suppressed: boolean;
  arrive(): void;
  fail(error: Error): void;
  write(): void;
}

/** A destination whose deliveries the test ends. */
function createDestination() {
  const sent: Sent[] = [];
  const blocking: { names: string[][]; limitMillis: number }[] = [];
  const results: BlockingResult[] = [];
  let waiting: (() => void) | undefined;
  const destination: Destination = {
    address: 'http://collector/v1/traces',
    send(spans, options) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      let written = false;
      const names = spans.map(({ name }) => name);
      const suppressed = isTracingSuppressed(context.active());
      sent.push({ names, options, suppressed, arrive: resolve, fail: reject, write: () => (written = true) });
      waiting?.();
      return { done: promise, isWritten: () => written };
    },
    startSendBlocking(batches, limitMillis) {
      blocking.push({ names: batches.map((batch) => batch.map(({ name }) => name)), limitMillis });
      return () => batches.map((_, index) => results[index] ?? { taken: true });
    },
  };
  /** Resolves with the delivery of this number, counted from 0. */
  const nth = async (index: number): Promise<Sent> => {
    while (sent[index] === undefined) await new Promise<void>((resolve) => (waiting = resolve));
    return sent[index];
  };
  return { destination, sent, blocking, results, nth };
}

function setUp(options: Partial<SpanBatchOptions> = {}) {
  const fake = createDestination();
  const processor = new SpanBatch({
    destination: fake.destination,
    delayMillis: 5,
    maxBatchItems: 3,
    maxQueueItems: 100,
    maxQueueBytes: 1e6,
    ready: undefined,
    ...options,
  });
  const end = (...names: string[]): void => {
    for (const span of makeSpans(names)) processor.onEnd(span);
  };
  return { ...fake, processor, end };
}

// The processor's own timer keeps nothing alive, and a test of Node 22 ends with its event loop.
const keepAlive = setInterval(() => {}, 1000);
after(() => clearInterval(keepAlive));

const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

suite('SpanBatch', () => {
  test('sends what waits after the delay, in one batch', async () => {
    const { processor, end, nth } = setUp();
    end('a', 'b');
    assert.equal(processor.isPending(), true);
    const first = await nth(0);
    assert.deepEqual(first.names, ['a', 'b']);
    assert.equal(processor.isPending(), true);
    first.arrive();
    await settle();
    assert.equal(processor.isPending(), false);
  });

  test('sends a full batch before the delay, but not in the tick of the span that filled it', async () => {
    const { end, sent, nth } = setUp({ delayMillis: 60_000 });
    end('a', 'b', 'c', 'd');
    assert.equal(sent.length, 0);
    assert.deepEqual((await nth(0)).names, ['a', 'b', 'c']);
  });

  test('has one batch on its way at a time, and loses no span that ends meanwhile', async () => {
    const { end, sent, nth } = setUp();
    end('a', 'b', 'c');
    const first = await nth(0);
    end('d', 'e', 'f', 'g');
    await settle();
    assert.equal(sent.length, 1);
    first.arrive();
    const second = await nth(1);
    assert.deepEqual(second.names, ['d', 'e', 'f']);
    second.arrive();
    assert.deepEqual((await nth(2)).names, ['g']);
  });

  test('sends with tracing suppressed, whatever the context of the span was', async (t) => {
    const manager = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(manager);
    t.after(() => context.disable());
    const { end, nth } = setUp();
    end('a');
    assert.equal((await nth(0)).suppressed, true);
  });

  test('takes no span that is not sampled', () => {
    const { processor } = setUp();
    const provider = new TracerProvider({ sampler: new AlwaysOffSampler(), spanProcessors: [processor] });
    provider.getTracer('test').startSpan('a').end();
    const span = makeSpan('b');
    const unsampled: ReadableSpan = Object.create(span, {
      spanContext: { value: () => ({ ...span.spanContext(), traceFlags: TraceFlags.NONE }) },
    });
    processor.onEnd(unsampled);
    assert.equal(processor.isPending(), false);
  });

  test('waits for what is found out asynchronously before it sends', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { end, sent, nth } = setUp({ ready: promise });
    end('a');
    await settle();
    assert.equal(sent.length, 0);
    resolve();
    assert.deepEqual((await nth(0)).names, ['a']);
  });

  test('forceFlush resolves once everything arrived or was given up', async (t) => {
    const lines = captureLog(t);
    const { processor, end, nth } = setUp({ delayMillis: 60_000 });
    end('a', 'b', 'c', 'd');
    let flushed = false;
    const flush = processor.forceFlush().then(() => (flushed = true));
    (await nth(0)).fail(new Error('HTTP status 400'));
    const second = await nth(1);
    assert.equal(flushed, false);
    second.arrive();
    await flush;
    assert.deepEqual(lines, [
      'tracing: cannot deliver spans to http://collector/v1/traces (HTTP status 400); they are lost, the application goes on\n',
      'tracing: delivering to http://collector/v1/traces again: 1 span kept, 3 lost\n',
    ]);
  });

  test('goes on after a destination that throws', async (t) => {
    const lines = captureLog(t);
    const { destination, processor, nth } = setUp();
    const { send } = destination;
    destination.send = () => {
      destination.send = send;
      throw new Error('the batch could not be encoded');
    };
    processor.onEnd(makeSpan('a'));
    await settle();
    processor.onEnd(makeSpan('b'));
    assert.deepEqual((await nth(0)).names, ['b']);
    assert.match(lines[0] ?? '', /could not be encoded/);
  });

  test('drops the newest of a full queue and says how many at the end', (t) => {
    const lines = captureLog(t);
    const { processor, end, blocking } = setUp({ maxQueueItems: 2 });
    end('a', 'b', 'c', 'd');
    processor.startLastFlush(100)();
    assert.deepEqual(blocking, [{ names: [['a', 'b']], limitMillis: 100 }]);
    assert.deepEqual(lines, [
      'tracing: 2 spans were lost on the way to http://collector/v1/traces: the queue was full\n',
    ]);
  });

  test('leave tells the batch on its way that the process is leaving, abandon that it waits no longer', async () => {
    const { processor, end, nth } = setUp();
    end('a');
    const { options } = await nth(0);
    assert.deepEqual([options.leaving.aborted, options.abandoned.aborted], [false, false]);
    void processor.leave();
    assert.deepEqual([options.leaving.aborted, options.abandoned.aborted], [true, false]);
    processor.abandon();
    assert.equal(options.abandoned.aborted, true);
  });
});

suite('SpanBatch.startLastFlush', () => {
  test('sends what waits in batches, and what is on its way but not written', async () => {
    const { processor, end, nth, blocking } = setUp();
    end('a', 'b', 'c');
    await nth(0);
    end('d', 'e', 'f', 'g');
    processor.startLastFlush(1000)();
    assert.deepEqual(blocking, [{ names: [['a', 'b', 'c'], ['d', 'e', 'f'], ['g']], limitMillis: 1000 }]);
  });

  test('starts at once, and says what was lost when its end is waited for', (t) => {
    const lines = captureLog(t);
    const { processor, end, blocking, results } = setUp();
    results.push({ taken: false, reason: 'HTTP status 400' });
    end('a');
    const awaitEnd = processor.startLastFlush(1000);
    assert.deepEqual([blocking.length, lines], [1, []]);
    awaitEnd();
    assert.equal(lines.length, 1);
  });

  test('does not send again what is written', async (t) => {
    const lines = captureLog(t);
    const { processor, end, nth, blocking } = setUp();
    end('a', 'b', 'c');
    (await nth(0)).write();
    processor.startLastFlush(1000)();
    assert.deepEqual([blocking, lines], [[], []]);
  });

  test('counts as lost what was written but not answered in the time that a leaving process waits', async (t) => {
    const lines = captureLog(t);
    const { processor, end, nth } = setUp();
    end('a', 'b', 'c');
    (await nth(0)).write();
    void processor.leave();
    processor.startLastFlush(0)();
    assert.deepEqual(lines, [
      'tracing: 3 spans were lost on the way to http://collector/v1/traces: sent, but not answered in time\n',
    ]);
  });

  test('counts the spans of exactly the batches that were not taken', (t) => {
    const lines = captureLog(t);
    const { processor, end, results } = setUp({ delayMillis: 60_000, maxBatchItems: 2 });
    results.push({ taken: true }, { taken: false, reason: 'HTTP status 400' }, { taken: true });
    end('a');
    end('b', 'c', 'd', 'e');
    processor.startLastFlush(1000)();
    assert.deepEqual(lines, ['tracing: 2 spans were lost on the way to http://collector/v1/traces: HTTP status 400\n']);
  });

  test('with no time left asks the destination for nothing and counts all as lost', (t) => {
    const lines = captureLog(t);
    const { processor, end, blocking } = setUp();
    end('a', 'b');
    processor.startLastFlush(0)();
    assert.deepEqual(blocking, []);
    assert.match(lines[0] ?? '', /^tracing: 2 spans were lost .*: not delivered before the process ended\n$/);
  });

  test('takes no span afterwards', () => {
    const { processor, end, blocking } = setUp();
    processor.startLastFlush(1000)();
    end('late');
    assert.equal(processor.isPending(), false);
    assert.deepEqual(blocking, []);
  });

  test('contains a destination that throws and counts the loss', (t) => {
    const lines = captureLog(t);
    const { processor, end, destination } = setUp();
    destination.startSendBlocking = () => {
      throw new Error('no worker threads here');
    };
    end('a');
    processor.startLastFlush(1000)();
    assert.match(lines.join(''), /internal error in the last flush.*no worker threads here/);
    assert.match(lines.join(''), /1 span was lost .*: no worker threads here\n/);
  });
});

suite('batches', () => {
  const attributes = {
    ascii: 'x'.repeat(100_000),
    three: '界'.repeat(100_000),
    quoted: '{"a":"b"}'.repeat(10_000),
    ids: Array.from({ length: 5000 }, (_, index) => index),
    tags: Array.from({ length: 5000 }, () => 'é'),
    ['k'.repeat(10_000)]: true,
  };
  const spans = makeSpans(
    Array.from({ length: 40 }, (_, index) => `${index}`),
    attributes,
  );

  for (const [format, serializer] of [
    ['protobuf', ProtobufTraceSerializer],
    ['JSON', JsonTraceSerializer],
  ] as const) {
    test(`are at most 5 MiB encoded, whatever is in the spans, also the last ones: ${format}`, async () => {
      const batches: (readonly ReadableSpan[])[] = [];
      const destination: Destination = {
        address: 'anywhere',
        send(batch) {
          batches.push(batch);
          return { done: Promise.resolve(), isWritten: () => true };
        },
        startSendBlocking(last) {
          batches.push(...last);
          return () => last.map(() => ({ taken: true }));
        },
      };
      const { processor } = setUp({ destination, maxBatchItems: 512, maxQueueBytes: 1e9, delayMillis: 60_000 });
      for (const span of spans) processor.onEnd(span);
      await processor.forceFlush();
      for (const span of spans) processor.onEnd(span);
      processor.startLastFlush(1000)();
      const sizes = batches.map((batch) => serializer.serializeRequest([...batch])?.length ?? Infinity);
      assert.ok(Math.max(...sizes) <= 5 * 1024 * 1024, String(sizes));
      assert.ok(Math.min(...sizes) > 1024 * 1024, String(sizes));
      assert.deepEqual(
        batches.flat().map(({ name }) => name),
        [...spans, ...spans].map(({ name }) => name),
      );
    });
  }
});
