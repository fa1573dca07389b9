import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createMetricAttributeRedaction, redactMetrics } from '../../src/processors/metric-redaction.ts';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { createCollectingProvider } from '../pipeline/metrics/collecting-provider.ts';

const SECRET = 'secret-value-123';
const TEXT = `https://shop.example/?token=${SECRET}`;

const redactor = createRedactor();
const setUp = () =>
  createCollectingProvider([{ instrumentName: '*', attributesProcessors: [createMetricAttributeRedaction(redactor)] }]);

suite('redaction of metrics', () => {
  test('reaches every text of every kind of instrument', async () => {
    const { provider, collect } = setUp();
    const meter = provider.getMeter(`meter ${TEXT}`, TEXT, { schemaUrl: TEXT });
    const options = { description: `counts ${TEXT}`, unit: `token=${SECRET}` };
    const attributes = {
      plain: TEXT,
      password: SECRET,
      list: ['a', TEXT],
      [`key ${TEXT}`]: 1,
      bytes: Buffer.from(SECRET),
    };
    meter.createCounter(`orders?token=${SECRET}`, options).add(1, attributes);
    meter.createUpDownCounter('open', options).add(1, attributes);
    meter.createHistogram('wait', options).record(1, attributes);
    meter.createGauge('depth', options).record(1, attributes);
    meter.createObservableCounter('seen', options).addCallback((result) => result.observe(1, attributes));
    const observed = meter.createObservableGauge('level', options);
    meter.addBatchObservableCallback((result) => result.observe(observed, 1, attributes), [observed]);

    const { scopeMetrics, resource } = redactMetrics(await collect(), redactor);
    assert.equal(scopeMetrics[0]?.metrics.length, 6);
    const text = JSON.stringify([scopeMetrics, resource.attributes]);
    assert.ok(!text.includes(SECRET), text);
    assert.ok(!text.includes(JSON.stringify([...Buffer.from(SECRET)])), text);
    for (const { dataPoints } of scopeMetrics[0].metrics) {
      assert.deepEqual(dataPoints[0]?.attributes, {
        plain: 'https://shop.example/?token=REDACTED',
        password: 'REDACTED',
        list: ['a', 'https://shop.example/?token=REDACTED'],
        'key https://shop.example/?token=REDACTED': 1,
        bytes: 'REDACTED',
      });
    }
  });

  test('makes one series of those that became the same', async () => {
    const { provider, collectPoints } = setUp();
    const counter = provider.getMeter('shop').createCounter('orders');
    for (const value of ['first', 'second', 'first']) counter.add(1, { token: `${value}-${SECRET}` });
    assert.deepEqual(
      (await collectPoints('orders')).map(({ attributes, value }) => [attributes, value]),
      [[{ token: 'REDACTED' }, 3]],
    );
  });

  test('remembers a bounded number of clean values, and forgets no secret', async () => {
    const { process } = createMetricAttributeRedaction(redactor);
    for (let index = 0; index < 9000; index++) assert.deepEqual(process({ id: `v${index}` }), { id: `v${index}` });
    assert.deepEqual(process({ note: 'v1', token: 'v1' }), { note: 'v1', token: 'REDACTED' });
  });
});
