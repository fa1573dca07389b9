import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceMap, TraceDetail } from '../../src/viewer/model.ts';
import { toTree, walkTree } from '../../src/viewer/tree.ts';
import { closeAfter } from '../support/close-after.ts';
import { agentFlags, startProgram } from '../support/run-program.ts';
import { startViewerProgram } from './viewer-program.ts';

test('four processes, one with another OTLP client over gRPC, are one trace', async (t) => {
  const viewer = await startViewerProgram(t);
  const price = await closeAfter(
    t,
    startProgram({ program: 'grpc-otlp.mjs', env: { COLLECTOR: new URL(viewer.url).host } }),
  );
  const start = (name: string, next: readonly number[]) =>
    closeAfter(
      t,
      startProgram({
        program: 'chain.mjs',
        flags: agentFlags,
        env: {
          ...viewer.env,
          OTEL_SERVICE_NAME: name,
          OTEL_BSP_SCHEDULE_DELAY: '20',
          NEXT: next.map((port) => `http://127.0.0.1:${port}`).join(),
        },
      }),
    );
  const stock = await start('stock', []);
  const shop = await start('shop', [stock.port, price.port]);
  const gateway = await start('gateway', [shop.port]);
  assert.equal(await (await fetch(`http://127.0.0.1:${gateway.port}/cart`)).text(), 'gateway shop stock 12.50');

  const [trace] = await viewer.waitForTraces('trace.spans=7');
  assert.deepEqual(trace?.services.toSorted(), ['gateway', 'price', 'shop', 'stock']);
  const { spans, origins } = (await (await viewer.ask(`/api/traces/${trace?.id}`)).json()) as TraceDetail;
  const lines = [...walkTree(toTree(spans))].map(
    ({ depth, item }) => `${'  '.repeat(depth)}${origins[item.origin]?.service} ${item.name}`,
  );
  assert.deepEqual(lines.slice(0, 3), ['gateway GET', '  gateway GET', '    shop GET']);
  assert.deepEqual(lines.slice(3).toSorted(), [
    '        price GET /price/:sku',
    '        stock GET',
    '      shop GET',
    '      shop GET',
  ]);
  const { edges } = (await (await viewer.ask('/api/services')).json()) as ServiceMap;
  assert.deepEqual(edges.map(({ from, to }) => `${from} ${to}`).toSorted(), [
    'gateway shop',
    'shop price',
    'shop stock',
  ]);
});
