import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { BatchQueue } from '../../src/pipeline/batch-queue.ts';
import { estimateBytes } from '../../src/processors/span-bytes.ts';
import { makeSpan, makeSpans } from './spans.ts';

const upTo = (maxItems: number) => ({ maxItems, maxBytes: 1e6 });
const namesOf = (spans: readonly { name: string }[]): string[] => spans.map(({ name }) => name);

suite('BatchQueue', () => {
  test('gives spans back in the order they came, as many as asked for', () => {
    const queue = new BatchQueue({ estimateBytes, maxItems: 10, maxBytes: 1e6 });
    for (const span of makeSpans(['a', 'b', 'c'])) assert.equal(queue.add(span), true);
    assert.equal(queue.length, 3);
    assert.deepEqual(namesOf(queue.take(upTo(2))), ['a', 'b']);
    assert.deepEqual(namesOf(queue.take(upTo(2))), ['c']);
    assert.deepEqual(queue.take(upTo(2)), []);
    assert.equal(queue.length, 0);
  });

  test('drops the newest beyond its number of spans, and takes new ones once there is room', () => {
    const queue = new BatchQueue({ estimateBytes, maxItems: 2, maxBytes: 1e6 });
    assert.deepEqual(
      makeSpans(['a', 'b', 'c']).map((span) => queue.add(span)),
      [true, true, false],
    );
    assert.deepEqual(namesOf(queue.take(upTo(1))), ['a']);
    assert.equal(queue.add(makeSpan('d')), true);
    assert.deepEqual(namesOf(queue.take(upTo(9))), ['b', 'd']);
  });

  test('drops the newest beyond its bytes, and counts the bytes of taken spans as free', () => {
    const queue = new BatchQueue({ estimateBytes, maxItems: 100, maxBytes: 10_000 });
    const big = (name: string) => makeSpan(name, { text: 'x'.repeat(2000) });
    assert.deepEqual([queue.add(big('a')), queue.add(big('b')), queue.add(big('c'))], [true, true, false]);
    assert.equal(queue.add(makeSpan('small')), true);
    queue.take(upTo(1));
    assert.equal(queue.add(big('d')), true);
    assert.deepEqual(namesOf(queue.take(upTo(9))), ['b', 'small', 'd']);
    assert.deepEqual([queue.add(big('e')), queue.add(big('f')), queue.add(big('g'))], [true, true, false]);
  });

  test('counts lists, events and links as well', () => {
    const context = makeSpan('linked').spanContext();
    const list = { list: ['x'.repeat(1000), 'y'.repeat(1000)] };
    for (const span of [makeSpan('list', list), ...makeSpans(['links'], {}, [{ context, attributes: list }])]) {
      assert.equal(new BatchQueue({ estimateBytes, maxItems: 9, maxBytes: 4000 }).add(span), false);
      assert.equal(new BatchQueue({ estimateBytes, maxItems: 9, maxBytes: 6000 }).add(span), true);
    }
  });

  test('gives no more bytes at a time than asked for, but always a span', () => {
    const queue = new BatchQueue({ estimateBytes, maxItems: 100, maxBytes: 1e6 });
    for (const [name, length] of [
      ['a', 10],
      ['b', 10],
      ['big', 5000],
      ['c', 10],
    ] as const)
      assert.equal(queue.add(makeSpan(name, { text: 'x'.repeat(length) })), true);
    const take = () => namesOf(queue.take({ maxItems: 9, maxBytes: 2000 }));
    assert.deepEqual([take(), take(), take(), take()], [['a', 'b'], ['big'], ['c'], []]);
  });
});
