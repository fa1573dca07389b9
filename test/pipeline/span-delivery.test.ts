import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { context, TraceFlags } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type ReadableSpan, TracerProvider, AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import type { BlockingResult, Destination, EncodedBatch, Outcome } from '../../src/exporters/destination.ts';
import { SpanDelivery, type SpanDeliveryOptions } from '../../src/pipeline/span-delivery.ts';
import { decodeJson, decodeProtobuf } from '../support/otlp-decode.ts';
import { captureLog } from './captured-log.ts';
import { makeSpan, makeSpans } from './spans.ts';

interface Sent {
  names: string[];
  abandoned: AbortSignal;
  suppressed: boolean;
  answer(outcome: Outcome): void;
  write(): void;
}

const TAKEN: Outcome = { taken: true };
const refused = (reason: string): Outcome => ({ taken: false, again: false, reason: new Error(reason) });
const failed = (reason: string, waitMillis = 0): Outcome => ({
  taken: false,
  again: true,
  reason: new Error(reason),
  waitMillis,
});

const namesOf = ({ body }: EncodedBatch): string[] => decodeProtobuf(Buffer.from(body)).map(({ name }) => name);

/** A destination whose attempts the test ends. */
function createDestination(address = 'http://collector/v1/traces') {
  const sent: Sent[] = [];
  const blocking: { names: string[][]; limitMillis: number }[] = [];
  const results: BlockingResult[] = [];
  let waiting: (() => void) | undefined;
  const destination: Destination = {
    address,
    encoding: 'protobuf',
    maxBatchBytes: 5 * 1024 * 1024,
    maxInFlight: 2,
    send(batch, abandoned) {
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      let written = false;
      const suppressed = isTracingSuppressed(context.active());
      sent.push({ names: namesOf(batch), abandoned, suppressed, answer: resolve, write: () => (written = true) });
      waiting?.();
      return { outcome: promise, isWritten: () => written };
    },
    startSendBlocking(batches, limitMillis) {
      blocking.push({ names: batches.map(namesOf), limitMillis });
      return () => batches.map((_, index) => results[index] ?? { taken: true });
    },
  };
  /** Resolves with the attempt of this number, counted from 0. */
  const nth = async (index: number): Promise<Sent> => {
    while (sent[index] === undefined) await new Promise<void>((resolve) => (waiting = resolve));
    return sent[index];
  };
  return { destination, sent, blocking, results, nth };
}

function setUp({ destinations, ...options }: Partial<SpanDeliveryOptions> = {}) {
  const fake = createDestination();
  const delivery = new SpanDelivery({
    destinations: destinations ?? [fake.destination],
    delayMillis: 5,
    maxBatchItems: 3,
    maxQueueItems: 100,
    maxQueueBytes: 1e6,
    patienceMillis: 30_000,
    spool: undefined,
    ready: undefined,
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    ...options,
  });
  const end = (...names: string[]): void => {
    for (const span of makeSpans(names)) delivery.onEnd(span);
  };
  return { ...fake, delivery, end };
}

// The delivery's own timers keep nothing alive, and a test of Node 22 ends with its event loop.
const keepAlive = setInterval(() => {}, 1000);
after(() => clearInterval(keepAlive));

const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

suite('SpanDelivery', () => {
  test('sends what waits after the delay, in one batch', async () => {
    const { delivery, end, nth } = setUp();
    end('a', 'b');
    assert.equal(delivery.isPending(), true);
    const first = await nth(0);
    assert.deepEqual(first.names, ['a', 'b']);
    assert.equal(delivery.isPending(), true);
    first.answer(TAKEN);
    await settle();
    assert.equal(delivery.isPending(), false);
  });

  test('sends a full batch before the delay, but not in the tick of the span that filled it', async () => {
    const { end, sent, nth } = setUp({ delayMillis: 60_000 });
    end('a', 'b', 'c', 'd');
    assert.equal(sent.length, 0);
    assert.deepEqual((await nth(0)).names, ['a', 'b', 'c']);
  });

  test('has no more requests open than the destination takes, and loses no span that ends meanwhile', async () => {
    const { end, sent, nth } = setUp({ maxBatchItems: 1 });
    end('a', 'b', 'c', 'd');
    const second = await nth(1);
    await settle();
    assert.equal(sent.length, 2);
    second.answer(TAKEN);
    assert.deepEqual((await nth(2)).names, ['c']);
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
    const { delivery } = setUp();
    const provider = new TracerProvider({ sampler: new AlwaysOffSampler(), spanProcessors: [delivery] });
    provider.getTracer('test').startSpan('a').end();
    const span = makeSpan('b');
    const unsampled: ReadableSpan = Object.create(span, {
      spanContext: { value: () => ({ ...span.spanContext(), traceFlags: TraceFlags.NONE }) },
    });
    delivery.onEnd(unsampled);
    assert.equal(delivery.isPending(), false);
  });

  test('waits for what is found out asynchronously before it sends', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { end, sent, nth } = setUp({ ready: promise });
    end('a', 'b', 'c', 'd');
    await settle();
    assert.equal(sent.length, 0);
    resolve();
    assert.deepEqual((await nth(0)).names, ['a', 'b', 'c']);
  });

  test('is bounded while it waits for that', async (t) => {
    const lines = captureLog(t);
    const { promise, resolve } = Promise.withResolvers<void>();
    const { delivery, end, nth } = setUp({ ready: promise, maxQueueItems: 3 });
    end('a', 'b', 'c', 'd', 'e');
    resolve();
    const first = await nth(0);
    assert.deepEqual(first.names, ['a', 'b', 'c']);
    first.answer(TAKEN);
    await settle();
    delivery.startLastFlush(100)();
    assert.match(lines.join(''), /2 spans were lost .*: the queue was full/);
  });

  test('flush resolves once everything was taken or refused', async (t) => {
    const lines = captureLog(t);
    const { delivery, end, nth } = setUp({ delayMillis: 60_000 });
    end('a', 'b', 'c', 'd');
    let flushed = false;
    const flush = delivery.flush().then(() => (flushed = true));
    (await nth(0)).answer(refused('HTTP status 400'));
    const second = await nth(1);
    await settle();
    assert.equal(flushed, false);
    second.answer(TAKEN);
    await flush;
    assert.deepEqual(lines, [
      'tracing: cannot deliver spans to http://collector/v1/traces (HTTP status 400); they are lost, the application goes on\n',
      'tracing: delivering to http://collector/v1/traces again: 1 span kept, 3 lost\n',
    ]);
  });

  test('flush resolves when the destination fails; what it had is kept', async () => {
    const { delivery, end, nth } = setUp({ delayMillis: 60_000 });
    end('a');
    const flush = delivery.flush();
    (await nth(0)).answer(failed('ECONNREFUSED', 60_000));
    await flush;
    assert.equal(delivery.isPending(), true);
    void delivery.flush();
    assert.deepEqual((await nth(1)).names, ['a']);
  });

  test('goes on after a batch that cannot be encoded', async (t) => {
    const lines = captureLog(t);
    const { destination, end, nth } = setUp();
    const { send } = destination;
    destination.send = () => {
      destination.send = send;
      throw new Error('the batch could not be encoded');
    };
    end('a');
    await settle();
    end('b');
    assert.deepEqual((await nth(0)).names, ['b']);
    assert.match(lines[0] ?? '', /could not be encoded/);
  });

  test('drops the newest of a full queue and says how many at the end', (t) => {
    const lines = captureLog(t);
    const { delivery, end, blocking } = setUp({ maxQueueItems: 2 });
    end('a', 'b', 'c', 'd');
    delivery.startLastFlush(100)();
    assert.deepEqual(blocking, [{ names: [['a', 'b']], limitMillis: 100 }]);
    assert.deepEqual(lines, [
      'tracing: 2 spans were lost on the way to http://collector/v1/traces: the queue was full\n',
    ]);
  });

  test('is bounded in bytes, those on their way included', async (t) => {
    const lines = captureLog(t);
    const { delivery, nth, blocking } = setUp({ maxQueueBytes: 12_000, maxBatchItems: 1 });
    for (const span of makeSpans(['a', 'b', 'c', 'd', 'e'], { text: 'x'.repeat(3000) })) delivery.onEnd(span);
    await nth(1);
    delivery.startLastFlush(100)();
    assert.deepEqual(blocking, [{ names: [['a'], ['b']], limitMillis: 100 }]);
    assert.match(lines.join(''), /^tracing: 3 spans were lost .*: the queue was full\n$/);
  });

  test('gives each destination every span, and one that is full costs the others none', async (t) => {
    const lines = captureLog(t);
    const dead = createDestination('http://dead');
    const alive = createDestination('http://alive');
    const { end } = setUp({
      destinations: [dead.destination, alive.destination],
      maxQueueItems: 2,
      maxBatchItems: 1,
    });
    for (const [index, name] of ['a', 'b', 'c', 'd', 'e'].entries()) {
      end(name);
      (await alive.nth(index)).answer(TAKEN);
      await settle();
    }
    assert.deepEqual(
      alive.sent.map(({ names }) => names),
      [['a'], ['b'], ['c'], ['d'], ['e']],
    );
    assert.deepEqual(
      dead.sent.map(({ names }) => names),
      [['a'], ['b']],
    );
    assert.deepEqual(lines, []);
  });

  test('leave and abandon: one more attempt, then no attempt may hold the process', async (t) => {
    const lines = captureLog(t);
    const { delivery, end, nth, sent } = setUp();
    end('a');
    const first = await nth(0);
    const left = delivery.leave();
    assert.equal(first.abandoned.aborted, false);
    delivery.abandon();
    assert.equal(first.abandoned.aborted, true);
    first.answer(failed('not answered before the process ended', 60_000));
    await left;
    assert.equal(sent.length, 1);
    assert.equal(delivery.isPending(), false);
    assert.match(lines[0] ?? '', /they are lost/);
  });
});

suite('a destination that fails', () => {
  test('keeps every batch until it is back, with one attempt at a time, and says so twice', async (t) => {
    const lines = captureLog(t);
    const { end, nth, sent } = setUp({ maxBatchItems: 1 });
    end('a', 'b', 'c');
    const [first, second] = [await nth(0), await nth(1)];
    first.answer(failed('HTTP status 503'));
    second.answer(failed('HTTP status 503'));
    const probe = await nth(2);
    await settle();
    assert.equal(sent.length, 3, 'more than one attempt while the circuit is open');
    probe.answer(failed('HTTP status 503'));
    (await nth(3)).answer(TAKEN);
    for (const index of [4, 5]) (await nth(index)).answer(TAKEN);
    await settle();
    const taken = sent.slice(3).flatMap(({ names }) => names);
    assert.deepEqual(new Set(taken), new Set(['a', 'b', 'c']));
    assert.equal(taken.length, 3);
    assert.deepEqual(lines, [
      'tracing: cannot deliver spans to http://collector/v1/traces (HTTP status 503); they are kept for a while, the application goes on\n',
      'tracing: delivering to http://collector/v1/traces again: 3 spans kept, 0 lost\n',
    ]);
  });

  test('gives up a batch that alone fails for so long while others are taken', async (t) => {
    const lines = captureLog(t);
    const { delivery, end, nth } = setUp({ maxBatchItems: 1, patienceMillis: 0 });
    end('poison', 'b');
    const [poison, fine] = [await nth(0), await nth(1)];
    fine.answer(TAKEN);
    await settle();
    poison.answer(failed('HTTP status 503', 60_000));
    await settle();
    assert.equal(delivery.isPending(), false);
    delivery.startLastFlush(100)();
    assert.match(lines.join(''), /1 span was lost .*: HTTP status 503/);
  });

  test('keeps a batch for ever while it takes none', async () => {
    const { delivery, end, nth } = setUp({ patienceMillis: 0 });
    end('a');
    for (let index = 0; index < 20; index++) (await nth(index)).answer(failed('ECONNREFUSED'));
    assert.equal(delivery.isPending(), true);
  });

  test('lets other batches have their turn between two attempts of one', async () => {
    const { end, nth } = setUp({ maxBatchItems: 1, maxQueueItems: 10 });
    end('a');
    (await nth(0)).answer(failed('HTTP status 503', 30));
    await settle();
    end('b');
    assert.deepEqual((await nth(1)).names, ['a']);
    (await nth(1)).answer(failed('HTTP status 503'));
    assert.deepEqual((await nth(2)).names, ['b']);
  });
});

suite('SpanDelivery.startLastFlush', () => {
  test('sends what waits in batches, and what is on its way but not written', async () => {
    const { delivery, end, nth, blocking } = setUp();
    end('a', 'b', 'c');
    await nth(0);
    end('d', 'e', 'f', 'g');
    delivery.startLastFlush(1000)();
    assert.deepEqual(blocking, [{ names: [['a', 'b', 'c'], ['d', 'e', 'f'], ['g']], limitMillis: 1000 }]);
  });

  test('starts at once, and says what was lost when its end is waited for', (t) => {
    const lines = captureLog(t);
    const { delivery, end, blocking, results } = setUp();
    results.push({ taken: false, reason: 'HTTP status 400', again: false });
    end('a');
    const awaitEnd = delivery.startLastFlush(1000);
    assert.deepEqual([blocking.length, lines], [1, []]);
    awaitEnd();
    assert.equal(lines.length, 1);
  });

  test('does not send again what is written', async (t) => {
    const lines = captureLog(t);
    const { delivery, end, nth, blocking } = setUp();
    end('a', 'b', 'c');
    (await nth(0)).write();
    delivery.startLastFlush(1000)();
    assert.deepEqual([blocking, lines], [[], []]);
  });

  test('counts as lost what was written but not answered in the time that a leaving process waits', async (t) => {
    const lines = captureLog(t);
    const { delivery, end, nth } = setUp();
    end('a', 'b', 'c');
    (await nth(0)).write();
    void delivery.leave();
    await settle();
    delivery.startLastFlush(0)();
    assert.deepEqual(lines, [
      'tracing: 3 spans were lost on the way to http://collector/v1/traces: sent, but not answered in time\n',
    ]);
  });

  test('counts the spans of exactly the batches that were not taken', (t) => {
    const lines = captureLog(t);
    const { delivery, end, results } = setUp({ delayMillis: 60_000, maxBatchItems: 2 });
    results.push({ taken: true }, { taken: false, reason: 'HTTP status 400', again: false }, { taken: true });
    end('a');
    end('b', 'c', 'd', 'e');
    delivery.startLastFlush(1000)();
    assert.deepEqual(lines, ['tracing: 2 spans were lost on the way to http://collector/v1/traces: HTTP status 400\n']);
  });

  test('with no time left asks the destination for nothing and counts all as lost', (t) => {
    const lines = captureLog(t);
    const { delivery, end, blocking } = setUp();
    end('a', 'b');
    delivery.startLastFlush(0)();
    assert.deepEqual(blocking, []);
    assert.match(lines[0] ?? '', /^tracing: 2 spans were lost .*: not delivered before the process ended\n$/);
  });

  test('takes no span afterwards', () => {
    const { delivery, end, blocking } = setUp();
    delivery.startLastFlush(1000)();
    end('late');
    assert.equal(delivery.isPending(), false);
    assert.deepEqual(blocking, []);
  });

  test('sends nothing twice where a process aborts in the middle of its exit', () => {
    const { delivery, end, blocking } = setUp();
    end('a');
    delivery.startLastFlush(1000)();
    delivery.startLastFlush(1000)();
    assert.equal(blocking.length, 1);
  });

  test('contains a destination that throws and counts the loss', (t) => {
    const lines = captureLog(t);
    const { delivery, end, destination } = setUp();
    destination.startSendBlocking = () => {
      throw new Error('no worker threads here');
    };
    end('a');
    delivery.startLastFlush(1000)();
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
    Array.from({ length: 20 }, (_, index) => `${index}`),
    attributes,
  );

  for (const [encoding, decode] of [
    ['protobuf', decodeProtobuf],
    ['json', decodeJson],
  ] as const) {
    test(`are at most 5 MiB encoded, whatever is in the spans, also the last ones: ${encoding}`, async () => {
      const bodies: Uint8Array[] = [];
      const destination: Destination = {
        address: 'anywhere',
        encoding,
        maxBatchBytes: 5 * 1024 * 1024,
        maxInFlight: 1,
        send({ body }) {
          bodies.push(body);
          return { outcome: Promise.resolve(TAKEN), isWritten: () => true };
        },
        startSendBlocking(last) {
          bodies.push(...last.map(({ body }) => body));
          return () => last.map(() => ({ taken: true }));
        },
      };
      const { delivery } = setUp({
        destinations: [destination],
        maxBatchItems: 512,
        maxQueueBytes: 1e9,
        delayMillis: 60_000,
      });
      for (const span of spans) delivery.onEnd(span);
      await delivery.flush();
      for (const span of spans) delivery.onEnd(span);
      delivery.startLastFlush(1000)();
      const sizes = bodies.map(({ length }) => length);
      assert.ok(Math.max(...sizes) <= 5 * 1024 * 1024, String(sizes));
      assert.ok(Math.max(...sizes) > 2 * 1024 * 1024, String(sizes));
      assert.deepEqual(
        bodies.flatMap((body) => decode(Buffer.from(body)).map(({ name }) => name)),
        [...spans, ...spans].map(({ name }) => name),
      );
    });
  }
});
