import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { closeAfter } from './close-after.ts';
import { closedPort, startSink, times, type Sink } from './otlp-sink.ts';

const exporter = new InMemorySpanExporter();
const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }).getTracer('test');
for (const name of ['first', 'second']) tracer.startSpan(name).end();
const spans = exporter.getFinishedSpans();
const protobuf = ProtobufTraceSerializer.serializeRequest(spans) ?? new Uint8Array();
const json = JsonTraceSerializer.serializeRequest(spans) ?? new Uint8Array();

const post = (
  sink: Pick<Sink, 'url'>,
  body: Uint8Array = protobuf,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
) =>
  fetch(`${sink.url}/v1/traces`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': 'application/x-protobuf', ...headers },
    ...(signal !== undefined && { signal }),
  });

suite('the sink receives', () => {
  for (const [name, body, headers] of [
    ['protobuf', protobuf, {}],
    ['gzipped protobuf', gzipSync(protobuf), { 'content-encoding': 'gzip' }],
    ['JSON', json, { 'content-type': 'application/json' }],
    ['gzipped JSON', gzipSync(json), { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
  ] as const) {
    test(name, async (t) => {
      const sink = await closeAfter(t, startSink());
      const response = await post(sink, body, { ...headers, 'x-api-key': 'k' });
      assert.equal(response.status, 200);
      assert.deepEqual(
        (await sink.waitForSpans(2)).map((span) => span.name),
        ['first', 'second'],
      );
      assert.equal(sink.requests[0]?.headers['x-api-key'], 'k');
      assert.equal(sink.requests[0].wireBytes, body.length);
      assert.match(sink.rawText(), /second/);
    });
  }

  test('a body that is no OTLP, and says why', async (t) => {
    const sink = await closeAfter(t, startSink());
    assert.equal((await post(sink, Buffer.from('nonsense'))).status, 400);
    assert.equal((await post(sink, Buffer.from('x'), { 'content-encoding': 'gzip' })).status, 400);
    assert.equal(sink.errors.length, 2);
    assert.equal(sink.spans.length, 0);
  });

  test('other signals, kept as text', async (t) => {
    const sink = await closeAfter(t, startSink());
    const response = await fetch(`${sink.url}/v1/profiles`, { method: 'POST', body: 'a profile' });
    assert.equal(response.status, 200);
    assert.match(sink.rawText(), /a profile/);
  });
});

suite('the sink misbehaves on request:', () => {
  test('three failures, then fine', async (t) => {
    const sink = await closeAfter(t, startSink({ first: times(3, { status: 503, retryAfter: 2 }) }));
    const answers = [await post(sink), await post(sink), await post(sink), await post(sink)];
    assert.deepEqual(
      answers.map((answer) => [answer.status, answer.headers.get('retry-after')]),
      [
        [503, '2'],
        [503, '2'],
        [503, '2'],
        [200, null],
      ],
    );
    assert.equal(sink.requests.length, 4);
    assert.equal(sink.spans.length, 2);
  });

  test('hangs, and recovers', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { hang: true } }));
    const patience = new AbortController();
    const answer = post(sink, protobuf, {}, patience.signal);
    await sink.waitForRequests(1);
    setTimeout(() => patience.abort(), 100);
    await assert.rejects(answer, { name: 'AbortError' });
    sink.answerWith({ accept: true });
    assert.equal((await post(sink)).status, 200);
    assert.equal(sink.requests.length, 2);
    assert.equal(sink.spans.length, 2);
  });

  test('is slow', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { accept: true, delayMillis: 60 } }));
    const start = performance.now();
    await post(sink);
    assert(performance.now() - start >= 55);
  });

  test('answers garbage', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { garbage: true } }));
    assert.match(await (await post(sink)).text(), /not what you asked for/);
  });

  test('resets the connection, early and late', async (t) => {
    const sink = await closeAfter(t, startSink({ first: [{ reset: 'request' }, { reset: 'response' }] }));
    await assert.rejects(post(sink), { name: 'TypeError' });
    const response = await post(sink);
    await assert.rejects(response.text(), { name: 'TypeError' });
    // The late one has said 200 by then.
    assert.equal(sink.spans.length, 2);
  });

  test('rejects a part of the batch', async (t) => {
    const sink = await closeAfter(
      t,
      startSink({ answer: { partialSuccess: { rejectedSpans: 1, errorMessage: 'too long' } } }),
    );
    const wanted = { partialSuccess: { rejectedSpans: 1, errorMessage: 'too long' } };
    const asJson = await post(sink, json, { 'content-type': 'application/json' });
    assert.deepEqual(await asJson.json(), wanted);
    const asProtobuf = new Uint8Array(await (await post(sink)).arrayBuffer());
    assert.deepEqual(ProtobufTraceSerializer.deserializeResponse(asProtobuf), wanted);
    assert.deepEqual(
      sink.spans.map((span) => span.name),
      ['second', 'second'],
    );
  });

  test('refuses connections', async () => {
    await assert.rejects(post({ url: `http://127.0.0.1:${await closedPort()}` }), (error: Error) => {
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED');
      return true;
    });
  });

  test('comes back on the port where it stopped', async (t) => {
    const before = await startSink();
    await before.stop();
    await before.stop();
    const after = await closeAfter(t, startSink({ port: before.port }));
    assert.equal((await post(before)).status, 200);
    assert.equal(after.spans.length, 2);
  });
});

test('waiting for spans in vain shows the tree of those that came', async (t) => {
  const sink = await closeAfter(t, startSink());
  await post(sink);
  await assert.rejects(sink.waitForSpans(3, 20), /2 of 3 came to the sink in 20 ms\nINTERNAL first\nINTERNAL second/);
});
