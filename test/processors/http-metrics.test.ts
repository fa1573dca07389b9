import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Attributes, SpanKind } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { createHttpMetrics } from '../../src/processors/http-metrics.ts';
import { createCollectingProvider } from '../pipeline/metrics/collecting-provider.ts';
import { createProvider } from '../tracer/provider.ts';

function setUp(decision = SamplingDecision.RECORD_AND_SAMPLED) {
  const { provider: meters, collectPoints } = createCollectingProvider();
  const provider = createProvider({
    sampler: { shouldSample: () => ({ decision }) },
    spanProcessors: [createHttpMetrics(meters.getMeter('ours'), 'ours')],
  });
  const start = (kind: SpanKind, attributes: Attributes, scope = 'ours') =>
    provider.getTracer(scope).startSpan('GET', { kind, attributes, startTime: [1000, 0] });
  return { start, collectPoints };
}

const SERVED = { 'http.request.method': 'GET', 'url.scheme': 'http' };
const SERVER = 'http.server.request.duration';
const CLIENT = 'http.client.request.duration';
const ACTIVE = 'http.server.active_requests';

suite('the http-metrics processor', () => {
  for (const decision of [SamplingDecision.RECORD_AND_SAMPLED, SamplingDecision.RECORD]) {
    test(`measures what a span measures, sampling decision ${SamplingDecision[decision]}`, async () => {
      const { start, collectPoints } = setUp(decision);
      const span = start(SpanKind.SERVER, SERVED);
      span.setAttribute('http.route', '/cart/:id');
      span.end([1000, 250e6]);
      const [point] = await collectPoints(SERVER);
      assert(point);
      assert.deepEqual(point.attributes, { ...SERVED, 'http.route': '/cart/:id' });
      const { sum, count, buckets } = point.value as { sum: number; count: number; buckets: { boundaries: number[] } };
      assert.deepEqual([sum, count], [0.25, 1]);
      assert.deepEqual(buckets.boundaries, [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]);
    });
  }

  test('takes a request off with the attributes it was counted with', async () => {
    const { start, collectPoints } = setUp();
    const spans = [start(SpanKind.SERVER, SERVED), start(SpanKind.SERVER, SERVED)];
    assert.equal((await collectPoints(ACTIVE))[0]?.value, 2);
    for (const span of spans) span.setAttribute('http.request.method', 'changed').end();
    assert.deepEqual(
      (await collectPoints(ACTIVE)).map(({ attributes, value }) => ({ attributes, value })),
      [{ attributes: SERVED, value: 0 }],
    );
  });

  test('measures no span of others and none that is not HTTP', async () => {
    const { start, collectPoints } = setUp();
    start(SpanKind.SERVER, SERVED, 'another').end();
    start(SpanKind.SERVER, { 'rpc.system': 'grpc' }).end();
    start(SpanKind.INTERNAL, SERVED).end();
    for (const name of [SERVER, CLIENT, ACTIVE]) assert.deepEqual(await collectPoints(name), [], name);
  });

  test('keeps a bounded number of series, however many hosts are called, over all collections', async () => {
    const { start, collectPoints } = setUp();
    const call = (host: string): void =>
      start(SpanKind.CLIENT, { 'http.request.method': 'GET', 'server.address': host }).end();
    for (let batch = 0; batch < 3; batch++) {
      for (let host = 0; host < 1500; host++) call(`host-${batch}-${host}.example`);
      await collectPoints(CLIENT);
    }
    call('host-0-0.example');
    const points = await collectPoints(CLIENT);
    assert.equal(points.length, 2000);
    const countOf = (isIt: (attributes: Attributes) => boolean): number | undefined =>
      (points.find(({ attributes }) => isIt(attributes))?.value as { count: number } | undefined)?.count;
    assert.equal(
      countOf((attributes) => attributes['otel.metric.overflow'] === true),
      4500 - 1999,
    );
    assert.equal(
      countOf((attributes) => attributes['server.address'] === 'host-0-0.example'),
      2,
    );
  });
});
