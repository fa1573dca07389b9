// Run by hand, `node --expose-gc test/bench/span.ts`: what a span costs, ours beside the SDK's, and what it holds in memory.
import { ROOT_CONTEXT, type Span, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  type ReadableSpan,
  type SpanProcessor,
  TracerProvider as SdkTracerProvider,
} from '@opentelemetry/sdk-trace';
import { createRedactionGuard } from '../../src/processors/redaction-guard.ts';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { TracerProvider } from '../../src/tracer/tracer-provider.ts';
import { cpuMillisOf } from '../support/cpu-millis.ts';

const SPANS = 20_000;
const ROUNDS = 12;

const options = { resource: resourceFromAttributes({ 'service.name': 'bench' }), sampler: new AlwaysOnSampler() };
const noop: SpanProcessor = {
  onStart() {},
  onEnd() {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
const guard = createRedactionGuard({ redactor: createRedactor(), maxValueLength: undefined });

const sdk = (processor: SpanProcessor): Tracer =>
  new SdkTracerProvider({ ...options, spanProcessors: [processor] }).getTracer('bench');
const ours = (processor: SpanProcessor): Tracer =>
  new TracerProvider({ ...options, spanProcessors: [processor] }).getTracer('bench');
const vouched = (processor: SpanProcessor): Tracer =>
  new TracerProvider({ ...options, spanProcessors: [processor] }).createVouchedTracer({ name: 'bench' });

/** What the http instrumentation knows of a request when it starts. */
const atBirth = (count: number) => ({
  'http.request.method': 'GET',
  'url.scheme': 'http',
  'url.path': `/orders/${count}`,
  'server.address': 'shop.example',
  'server.port': 8080,
  'client.address': '127.0.0.1',
  'user_agent.original': 'bench/1.0',
  'network.peer.address': '127.0.0.1',
  'network.peer.port': 50_000,
  'network.protocol.version': '1.1',
});

const parent = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  isRemote: true,
});

function startOne(tracer: Tracer, count: number): Span {
  const context = count % 2 === 0 ? parent : ROOT_CONTEXT;
  const span = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes: atBirth(count) }, context);
  span.setAttribute('http.response.status_code', 200);
  span.setAttribute('http.route', '/orders/:id');
  span.setAttribute('error.type', 'none');
  return span;
}

function run(tracer: Tracer): void {
  for (let count = 0; count < SPANS; count++) startOne(tracer, count).end();
}

/** The least over the rounds: whatever else runs on the machine only adds. */
function measure(tracers: readonly Tracer[]): number[] {
  const least = tracers.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++)
    for (const [at, tracer] of tracers.entries()) {
      const millis = cpuMillisOf(() => run(tracer));
      least[at] = Math.min(least[at] ?? 0, (millis * 1000) / SPANS);
    }
  return least;
}

function bytesPerSpan(create: (processor: SpanProcessor) => Tracer): number {
  const held: ReadableSpan[] = [];
  const tracer = create({ ...noop, onEnd: (span) => void held.push(span) });
  run(tracer);
  held.length = 0;
  global.gc?.();
  const before = process.memoryUsage().heapUsed;
  run(tracer);
  global.gc?.();
  return (process.memoryUsage().heapUsed - before) / held.length;
}

console.log('microseconds of CPU: start, 10 attributes at birth, 3 set later, end');
for (const [label, processor] of [
  ['no processor to speak of', noop],
  ['redaction guard', guard],
] as const) {
  const [ofSdk = 0, ofOurs = 0, ofVouched = 0] = measure([sdk(processor), ours(processor), vouched(processor)]);
  const text = (micros: number): string => `${micros.toFixed(2)} (${(ofSdk / micros).toFixed(1)}x)`.padStart(13);
  console.log(
    `${label.padEnd(26)} SDK ${ofSdk.toFixed(2)}   ours ${text(ofOurs)}   ours, vouched for ${text(ofVouched)}`,
  );
}
if (global.gc !== undefined) {
  const bytes = [sdk, ours, vouched].map((create) => bytesPerSpan(create).toFixed(0));
  console.log(`bytes held by an ended span  SDK ${bytes[0]}   ours ${bytes[1]}   ours, vouched for ${bytes[2]}`);
}
