import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, createTraceState, trace } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { decodeJson, decodeProtobuf } from './otlp-decode.ts';

const remoteParent = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: '00f067aa0ba902b7',
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
  traceState: createTraceState('vendor=a:b'),
};

function makeSpans() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop', 'process.pid': 42 }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('http', '1.2.3');
  const server = tracer.startSpan(
    'GET /cart/:id',
    {
      kind: SpanKind.SERVER,
      startTime: [1_790_000_000, 123_456_789],
      links: [{ context: remoteParent, attributes: { why: 'retry' } }],
    },
    trace.setSpanContext(ROOT_CONTEXT, remoteParent),
  );
  server.setAttributes({
    text: 'Grüße, 世界 🚢',
    empty: '',
    yes: true,
    no: false,
    zero: 0,
    small: 443,
    negative: -7,
    big: 2 ** 53 - 1,
    double: 0.25,
    list: ['a', 'b'],
    numbers: [1, 2.5, -3],
  });
  server.addEvent('exception', { 'exception.message': 'x' }, [1_790_000_000, 5]);
  server.setStatus({ code: SpanStatusCode.ERROR, message: 'broken' });
  const client = tracer.startSpan('GET', { kind: SpanKind.CLIENT }, trace.setSpan(ROOT_CONTEXT, server));
  client.end();
  server.end([1_790_000_001, 1]);
  tracer.startSpan('alone', { root: true }).end();
  const spans = exporter.getFinishedSpans();
  return { spans, client: client.spanContext(), server: server.spanContext() };
}

for (const [encoding, serializer, decode] of [
  ['protobuf', ProtobufTraceSerializer, decodeProtobuf],
  ['JSON', JsonTraceSerializer, decodeJson],
] as const) {
  suite(`OTLP ${encoding}`, () => {
    const made = makeSpans();
    const body = serializer.serializeRequest(made.spans);
    assert(body);
    const [client, server, alone] = decode(body);

    test('keeps every field of a span', () => {
      assert.deepEqual(server, {
        traceId: remoteParent.traceId,
        spanId: made.server.spanId,
        parentSpanId: remoteParent.spanId,
        name: 'GET /cart/:id',
        kind: 'SERVER',
        startTimeUnixNano: 1_790_000_000_123_456_789n,
        endTimeUnixNano: 1_790_000_001_000_000_001n,
        attributes: {
          text: 'Grüße, 世界 🚢',
          empty: '',
          yes: true,
          no: false,
          zero: 0,
          small: 443,
          negative: -7,
          big: 2 ** 53 - 1,
          double: 0.25,
          list: ['a', 'b'],
          numbers: [1, 2.5, -3],
        },
        events: [
          { name: 'exception', timeUnixNano: 1_790_000_000_000_000_005n, attributes: { 'exception.message': 'x' } },
        ],
        links: [
          {
            traceId: remoteParent.traceId,
            spanId: remoteParent.spanId,
            traceState: 'vendor=a:b',
            flags: 0x301,
            attributes: { why: 'retry' },
          },
        ],
        status: { code: 'ERROR', message: 'broken' },
        flags: 0x301,
        traceState: 'vendor=a:b',
        scope: { name: 'http', version: '1.2.3', attributes: {} },
        resource: { 'service.name': 'shop', 'process.pid': 42 },
        droppedAttributesCount: 0,
      });
    });

    test('keeps the parent of a local child, which is not remote', () => {
      assert.equal(client?.parentSpanId, made.server.spanId);
      assert.equal(client.kind, 'CLIENT');
      assert.equal(client.flags, 0x101);
      assert.deepEqual(client.status, { code: 'UNSET', message: '' });
    });

    test('gives a root an empty parent', () => {
      assert.equal(alone?.parentSpanId, '');
      assert.equal(alone.kind, 'INTERNAL');
    });

    test('refuses a body that is cut short', () => {
      assert.throws(() => decode(body.subarray(0, body.length - 3)));
    });
  });
}

suite('a body that no SDK makes', () => {
  const ids = { traceId: remoteParent.traceId, spanId: remoteParent.spanId };
  const decodeSpan = (span: object) =>
    decodeJson(Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids, ...span }] }] }] })))[0];
  const attribute = (value: object) => decodeSpan({ attributes: [{ key: 'a', value }] })?.attributes['a'];

  test('keeps integers beyond 2^53 exactly', () => {
    assert.equal(attribute({ intValue: '9007199254740993' }), 9_007_199_254_740_993n);
  });

  test('reads nested lists, maps and bytes', () => {
    const list = {
      arrayValue: { values: [{ kvlistValue: { values: [{ key: 'b', value: { bytesValue: 'AQI=' } }] } }, {}] },
    };
    assert.deepEqual(attribute(list), [{ b: new Uint8Array([1, 2]) }, undefined]);
  });

  test('refuses an attribute that appears twice', () => {
    const twice = { key: 'url.full', value: { stringValue: 'x' } };
    assert.throws(() => decodeSpan({ attributes: [twice, twice] }), /url\.full appears twice/);
  });

  test('refuses ids of the wrong length or of zeros', () => {
    assert.throws(() => decodeSpan({ spanId: 'abc' }), /not an id of 8 bytes/);
    assert.throws(() => decodeSpan({ traceId: '0'.repeat(32) }), /not an id of 16 bytes/);
  });

  test('refuses a field of the wrong wire type and an endless varint', () => {
    assert.throws(() => decodeProtobuf(Buffer.from([0x08, 0x01])), /resourceSpans has wire type 0, not 2/);
    assert.throws(() => decodeProtobuf(Buffer.alloc(11, 0xff)), /varint of more than ten bytes/);
  });

  test('skips fields it does not know', () => {
    assert.deepEqual(decodeProtobuf(Buffer.from([0x78, 0x01, 0x7a, 0x01, 0x00])), []);
  });
});
