import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { createSampling } from '../../src/pipeline/sampling.ts';
import { createSampledOnly } from '../../src/processors/sampled-only.ts';
import { createProvider } from '../tracer/provider.ts';

test('what exports or shows spans is told of sampled ones only, whoever else reads the others', async () => {
  const collect = () => {
    const told: string[] = [];
    const note = (what: string) => (span: ReadableSpan) => void told.push(`${what} ${span.name}`);
    const say = (what: string) => () => {
      told.push(what);
      return Promise.resolve();
    };
    return { told, onStart: note('start'), onEnd: note('end'), forceFlush: say('flush'), shutdown: say('shutdown') };
  };
  const [reader, exporter, terminal] = [collect(), collect(), collect()];
  const { sampler } = createSampling({
    config: { 'sampling.ratio': 0, 'sampling.followParent': true, 'sampling.perSecond': undefined },
    recordDropped: true,
  });
  const provider = createProvider({
    sampler,
    spanProcessors: [reader, createSampledOnly([exporter, terminal])],
  });
  const remote = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.SAMPLED, isRemote: true };
  const tracer = provider.getTracer('shop');
  tracer.startSpan('dropped', {}, ROOT_CONTEXT).end();
  tracer.startSpan('kept', {}, trace.setSpanContext(ROOT_CONTEXT, remote)).end();
  await provider.forceFlush();
  await provider.shutdown();
  assert.deepEqual(reader.told, ['start dropped', 'end dropped', 'start kept', 'end kept', 'flush', 'shutdown']);
  for (const { told } of [exporter, terminal]) assert.deepEqual(told, ['start kept', 'end kept', 'flush', 'shutdown']);
});
