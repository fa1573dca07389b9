// Run by hand, `node test/bench/encoding.ts [--only ours|official]`: what it costs to encode a span for OTLP, ours beside the official serializer.
import { parseArgs } from 'node:util';
import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import { createSpanEncoder } from '../../src/exporters/otlp/span-encoder.ts';

const { values: args } = parseArgs({ options: { only: { type: 'string' } } });
const BATCH_SPANS = 512;
const BATCHES = 1000;

const resource = resourceFromAttributes({
  'service.name': 'orders',
  'service.instance.id': '9a4ff0f0-6f0c-4d0e-9d37-3b1b3f0c0f6e',
  'telemetry.sdk.language': 'nodejs',
  'telemetry.sdk.name': 'opentelemetry',
  'host.name': 'web-7d9c5b6f4-x2x9z',
  'process.pid': 4711,
  'process.runtime.version': '24.21.0',
});

/** What differs from request to request does so here too; strings are made anew, as Node's parser makes them. */
const KINDS: Readonly<Record<string, (index: number) => [name: string, kind: SpanKind, attributes: Attributes]>> = {
  server: (index) => [
    'GET /orders/:id',
    SpanKind.SERVER,
    {
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'url.path': `/orders/${100_000 + index * 7}`,
      'url.query': `page=${index % 9}&sort=created_at`,
      'server.address': fresh('orders.example.com'),
      'server.port': 8080,
      'network.protocol.version': '1.1',
      'network.peer.address': '10.4.0.17',
      'network.peer.port': 40_000 + (index % 64),
      'client.address': '10.4.0.17',
      'user_agent.original': fresh('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36'),
      'http.route': '/orders/:id',
      'http.response.status_code': index % 50 === 0 ? 404 : 200,
    },
  ],
  client: (index) => [
    'GET',
    SpanKind.CLIENT,
    {
      'http.request.method': 'GET',
      'url.full': `http://stock.internal.example.com:9000/v1/items/${index * 13}?fields=count,price`,
      'server.address': 'stock.internal.example.com',
      'server.port': 9000,
      'network.protocol.version': '1.1',
      'network.peer.address': '10.4.0.23',
      'network.peer.port': 9000,
      'http.response.status_code': 200,
    },
  ],
  database: (index) => [
    'SELECT orders',
    SpanKind.CLIENT,
    {
      'db.system.name': 'postgresql',
      'db.namespace': 'shop',
      'db.query.text':
        'SELECT id, customer_id, state, total FROM orders WHERE customer_id = $1 AND state <> $2 LIMIT 50',
      'db.operation.name': 'SELECT',
      'server.address': 'db-1.internal.example.com',
      'server.port': 5432,
      'db.response.returned_rows': index % 50,
    },
  ],
};

const fresh = (text: string): string => JSON.parse(JSON.stringify(text)) as string;

function makeSpans(make: (index: number) => ReturnType<(typeof KINDS)[string]>): readonly ReadableSpan[] {
  const spans: ReadableSpan[] = [];
  const provider = new TracerProvider({
    resource,
    spanProcessors: [
      {
        onStart: () => undefined,
        onEnd: (span) => void spans.push(span),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  const tracer = provider.getTracer('@tracing/agent', '0.1.0');
  for (let index = 0; index < BATCH_SPANS; index += 1) {
    const [name, kind, attributes] = make(index);
    const span = tracer.startSpan(name, { kind, attributes });
    if (index % 50 === 0) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }
  return spans;
}

/** The fastest of many batches: whatever else the machine does only adds. */
function measure(encode: () => Uint8Array): { readonly nanos: number; readonly bytes: number } {
  let best = Number.POSITIVE_INFINITY;
  let bytes = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const start = process.hrtime.bigint();
    bytes = encode().length;
    best = Math.min(best, Number(process.hrtime.bigint() - start) / BATCH_SPANS);
  }
  return { nanos: best, bytes };
}

const sets = Object.fromEntries(Object.entries(KINDS).map(([name, make]) => [name, makeSpans(make)]));
const mixed = Array.from({ length: BATCH_SPANS }, (_, index) => {
  const all = Object.values(sets);
  return all[index % all.length]?.[index];
}).filter((span) => span !== undefined);

console.log(`Node ${process.version}, ${BATCH_SPANS} spans a batch, the fastest of ${BATCHES}, nanoseconds a span\n`);
console.log('| spans | official | ours | faster | bytes a span |\n|---|---|---|---|---|');
const encoder = createSpanEncoder({ resource });
for (const [name, spans] of Object.entries({ ...sets, mixed })) {
  const official = args.only === 'ours' ? undefined : measure(() => officialBody(spans));
  const ours = args.only === 'official' ? undefined : measure(() => ourBody(spans));
  const nanos = [official, ours].map((result) => result?.nanos.toFixed(0) ?? '');
  const ratio = official && ours ? `${(official.nanos / ours.nanos).toFixed(1)} x` : '';
  console.log(
    `| ${name} | ${nanos.join(' | ')} | ${ratio} | ${(((ours ?? official)?.bytes ?? 0) / BATCH_SPANS).toFixed(0)} |`,
  );
}

function officialBody(spans: readonly ReadableSpan[]): Uint8Array {
  return ProtobufTraceSerializer.serializeRequest([...spans]) ?? new Uint8Array();
}

function ourBody(spans: readonly ReadableSpan[]): Uint8Array {
  for (const span of spans) encoder.add(span);
  return encoder.take().body;
}
