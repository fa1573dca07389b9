import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { createRandomIds } from '../../src/tracer/ids.ts';

suite('ids', () => {
  test('are hex, of their length, and each another', () => {
    const ids = createRandomIds();
    const seen = new Set<string>();
    for (let count = 0; count < 5000; count++) {
      const [traceId, spanId] = [ids.generateTraceId(ROOT_CONTEXT), ids.generateSpanId()];
      assert.match(traceId, /^[0-9a-f]{32}$/);
      assert.match(spanId, /^[0-9a-f]{16}$/);
      seen.add(traceId).add(spanId).add(traceId.slice(16)).add(traceId.slice(0, 16));
    }
    assert.equal(seen.size, 20_000);
  });

  test('are never zero', () => {
    let fills = 0;
    const ids = createRandomIds((bytes) => void bytes.fill(fills++ === 0 ? 0 : 0xab));
    assert.equal(ids.generateTraceId(ROOT_CONTEXT), 'ab'.repeat(16));
    assert.equal(ids.generateSpanId(), 'ab'.repeat(8));
  });

  test('use every byte once', () => {
    let next = 0;
    const ids = createRandomIds((bytes) => {
      for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE(++next, at);
    });
    const words = new Set<string>();
    for (let count = 0; count < 3000; count++)
      for (const word of ids.generateTraceId(ROOT_CONTEXT).match(/.{8}/g) ?? []) words.add(word);
    assert.equal(words.size, 12_000);
  });

  test('of two threads differ', async () => {
    const source = new URL('../../src/tracer/ids.ts', import.meta.url).href;
    const code = `import { parentPort } from 'node:worker_threads';
      import { createRandomIds } from ${JSON.stringify(source)};
      parentPort.postMessage(createRandomIds().generateTraceId());`;
    const threads = [0, 1].map(() => new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`)));
    const ids = await Promise.all(
      threads.map((thread) => new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject))),
    );
    assert.notEqual(ids[0], ids[1]);
  });
});
