import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Meter } from '@opentelemetry/api';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { collectNow } from '../../../src/pipeline/metrics/collect-now.ts';
import { createCollectingProvider } from './collecting-provider.ts';

function measure(meter: Meter): void {
  meter.createCounter('orders', { description: 'Orders', unit: '{order}' }).add(3, { kind: 'a' });
  meter.createHistogram('wait').record(0.2);
  meter.createGauge('depth').record(7);
}

/** Everything but the times, which are those of the collection. */
const toComparable = ({ scopeMetrics }: ResourceMetrics) =>
  scopeMetrics.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.map(({ dataPoints, ...metric }) => ({
      ...metric,
      points: dataPoints.map(({ attributes, value }) => ({ attributes, value })),
    })),
  }));

suite('collecting at once', () => {
  test('gives what the SDK gives in a promise', async () => {
    const [now, later] = [createCollectingProvider(), createCollectingProvider()];
    for (const { provider } of [now, later]) {
      measure(provider.getMeter('shop', '1.0'));
      measure(provider.getMeter('other'));
    }
    const collected = toComparable(collectNow(now.provider));
    assert.equal(collected.flatMap(({ metrics }) => metrics).length, 6);
    assert.deepEqual(collected, toComparable(await later.collect()));
  });

  test('counts on where the last collection ended', async () => {
    const { provider, collect } = createCollectingProvider();
    const counter = provider.getMeter('shop').createCounter('orders');
    counter.add(1);
    await collect();
    counter.add(2);
    assert.equal(collectNow(provider).scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value, 3);
  });

  test('gives the last value of an observable instrument', async () => {
    const { provider, collect } = createCollectingProvider();
    provider
      .getMeter('shop')
      .createObservableGauge('depth')
      .addCallback((result) => result.observe(7));
    assert.deepEqual(collectNow(provider).scopeMetrics, []);
    await collect();
    assert.equal(collectNow(provider).scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value, 7);
  });
});
