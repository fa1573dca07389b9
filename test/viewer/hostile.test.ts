// What a sender may do to the viewer on purpose, or by a mistake that looks like it. HTML in every place is in page.test.ts, bytes that are no OTLP in receiver.test.ts.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { layOut } from '../../src/viewer/page/service-layout.ts';
import { toScale } from '../../src/viewer/page/strip-scale.ts';
import { readTraceRequest } from '../../src/viewer/otlp/protobuf.ts';
import { readRecords } from '../../src/viewer/otlp/read-records.ts';
import { readBody, unpack } from '../../src/viewer/receiver/read-body.ts';
import { take } from '../../src/viewer/receiver/take.ts';
import { openPort } from '../../src/viewer/server/listen.ts';
import { readServices } from '../../src/viewer/store/read-services.ts';
import { listTraces, readTraceText } from '../../src/viewer/store/read-traces.ts';
import { ask, createStore, hex, startTestViewer, toOtlp } from './spans.ts';

const MIB = 1024 * 1024;
const list = (store: ReturnType<typeof createStore>) => listTraces(store, { query: '', limit: 10_000 }).traces;
/** One span as JSON, with anything in it. */
const toRequest = (span: Readonly<Record<string, unknown>>, trace = 1, id = 1) => ({
  resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: hex(trace, 32), spanId: hex(id, 16), name: 'x', ...span }] }] }],
});
const read = (store: ReturnType<typeof createStore>, trace: number) =>
  JSON.parse(readTraceText(store, hex(trace, 32)) ?? '{}') as {
    spans: { duration: number; more: { dropped: number[] } | null }[];
    shapes: string[][];
  };

suite('a small body that becomes a large one', () => {
  test('millions of empty messages are refused before they fill the memory', () => {
    // Two bytes each: field 1, no length.
    const body = Buffer.alloc(2 * MIB);
    for (let at = 0; at < body.length; at += 2) body[at] = 0x0a;
    assert.throws(() => readTraceRequest(body), /more than \d+ messages/);
  });

  test('millions of empty objects are refused, a long text is not', () => {
    const store = createStore([]);
    const json = (text: string): unknown => take(Buffer.from(text), 'traces', 'json', store);
    assert.throws(() => json(`{"resourceSpans":[${'{},'.repeat(MIB)}{}]}`), /more than \d+ parts/);
    const attributes = [{ key: 'text', value: { stringValue: '{,['.repeat(MIB / 3) } }];
    assert.doesNotThrow(() => json(JSON.stringify(toRequest({ attributes }))));
  });

  test('bodies are unpacked one after the other', async () => {
    const packed = gzipSync(Buffer.alloc(4 * MIB));
    let done = 0;
    const order = await Promise.all(
      [0, 1, 2].map(async (index) => {
        await unpack(packed, 'gzip');
        return { index, place: done++ };
      }),
    );
    for (const { index, place } of order) assert.equal(index, place);
    // One that cannot be unpacked does not hold up those behind it.
    await assert.rejects(unpack(Buffer.from('no gzip'), 'gzip'), /cannot be unpacked/);
    assert.equal((await unpack(gzipSync('after'), 'gzip')).toString(), 'after');
  });
});

suite('a sender that never comes to an end', () => {
  test('headers that do not end close the connection', async (t) => {
    const http1 = createServer({ headersTimeout: 50, connectionsCheckingInterval: 20 }, (_, response) =>
      response.end(),
    );
    const http2 = createHttp2();
    const port = await openPort(0, { http1, http2 });
    t.after(() => port[Symbol.dispose]());
    const socket = connect(port.port, '127.0.0.1');
    socket.on('error', () => {}).write('POST /v1/traces HTTP/1.1\r\nhost: localhost\r\n');
    // A byte now and then keeps it from being idle.
    const timer = setInterval(() => socket.write('x'), 10);
    t.after(() => clearInterval(timer));
    socket.resume();
    // Not `once`, which rejects where the connection is reset.
    await new Promise((resolve) => socket.on('close', resolve));
  });

  test('a body that does not end is given up', async () => {
    const stream = new PassThrough();
    stream.write('half');
    await assert.rejects(readBody(stream, 10), /does not come to its end/);
    assert.equal(stream.destroyed, true);
  });
});

suite('spans that are not as they should be', () => {
  test('a span with its end alone is a moment, one that ends before it begins takes no time', () => {
    const store = createStore([{ trace: 1, id: 1 }]);
    store.add(readRecords(toRequest({ endTimeUnixNano: '1760000000000500000' }, 1, 2)));
    store.add(readRecords(toRequest({ startTimeUnixNano: '9', endTimeUnixNano: '5' }, 2)));
    assert.equal(list(store).find(({ id }) => id === hex(1, 32))?.durationMillis, 1);
    assert.deepEqual(read(store, 2).spans[0]?.duration, 0);
  });

  test('the strip is of the time of most traces, whatever one of them says', () => {
    const now = 1_760_000_000_000;
    const starts = [0, 1, 60_000, 30_000, 9e15].map((millis, index) => ({
      startMillis: index === 0 || index === 4 ? millis : now + millis,
    }));
    const scale = toScale(starts, 1000, { from: undefined, until: undefined });
    assert.deepEqual([scale.from, scale.until], [now + 1, now + 60_000]);
    assert.deepEqual(
      starts.map(({ startMillis }) => scale.isIn(startMillis)),
      [false, true, true, true, false],
    );
    assert.deepEqual(toScale([{ startMillis: 5 }], 1000, { from: undefined, until: undefined }).from, 5);
  });

  test('of a hundred thousand attributes a thousand are kept, and it is said', () => {
    const attributes = Array.from({ length: 100_000 }, (_, index) => ({
      key: `${index}${'k'.repeat(1_000)}`,
      value: { intValue: index },
    }));
    const store = createStore([]);
    store.add(readRecords(toRequest({ attributes, droppedAttributesCount: 1 })));
    const { spans, shapes } = read(store, 1);
    assert.equal(shapes[0]?.length, 1_000);
    assert.ok(shapes[0]?.every((key) => key.length <= 256));
    assert.deepEqual(spans[0]?.more?.dropped, [99_001, 0, 0]);
  });

  test('names that no other span has count as bytes', () => {
    const store = createStore([], { maxBytes: 200_000, maxTraces: 1_000 });
    for (let trace = 1; trace <= 40; trace++)
      store.add(readRecords(toOtlp('shop', [{ trace, id: 1, attributes: { [`${trace}${'k'.repeat(20_000)}`]: 1 } }])));
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`${'n'.repeat(200)}${index}`, 1]));
    for (let trace = 100; trace <= 110; trace++)
      store.add(readRecords(toOtlp('shop', [{ trace, id: 1, attributes: { ...wide, [`own${trace}`]: 1 } }])));
    const pages = store.database.prepare('PRAGMA page_count').get()?.['page_count'];
    assert.ok(list(store).length < 5);
    assert.ok(Number(pages) * 4096 < 5_000_000, `${Number(pages)} pages`);
  });

  test('a span is found again when others have used up all names', () => {
    const store = createStore([], { maxTraces: 10_000 });
    const many = Array.from({ length: 5_000 }, (_, index) => ({ id: index + 1, attributes: { [`name${index}`]: 1 } }));
    store.add(readRecords(toOtlp('shop', many)));
    // A new service and new names at the same time.
    store.add(readRecords(toOtlp('late', [{ trace: 2, id: 1, name: 'late', attributes: { late: 1 } }])));
    assert.equal(listTraces(store, { query: 'service=late late=1', limit: 1 }).matched, 1);
  });

  test('log records of traces that are not sampled drive out no trace', () => {
    const store = createStore(
      [1, 2, 3, 4].map((trace) => ({ trace, id: 1 })),
      { maxTraces: 4 },
    );
    for (let trace = 100; trace < 200; trace++)
      store.add(readRecords(toOtlp('shop', [], [{ trace, span: 1, body: 'hello' }])));
    assert.equal(list(store).length, 4);
    assert.equal(store.database.prepare('SELECT count(*) AS count FROM traces').get()?.['count'], 5);
    // Those of the latest are still there when its spans come after all.
    store.add(readRecords(toOtlp('shop', [{ trace: 199, id: 1 }])));
    assert.equal(list(store).find(({ id }) => id === hex(199, 32))?.logs, 1);
    assert.equal(list(store).length, 4);
  });

  test('thousands of services in one trace are a hundred in the list and on the map', () => {
    const store = createStore([]);
    for (let index = 0; index < 1_000; index++)
      store.add(
        readRecords(toOtlp(`service ${index}`, [{ id: index + 1, ...(index > 0 && { parent: index }), kind: 2 }])),
      );
    assert.equal(list(store)[0]?.services.length, 100);
    const map = readServices(store, { query: '' });
    assert.equal(map.nodes.length, 100);
    assert.equal(map.edges.length, 500);
    assert.ok(layOut(map).placed.size === 100);
  });

  test('a map of circles is drawn, each service once', () => {
    const names = Array.from({ length: 100 }, (_, index) => `s${index}`);
    const nodes = names.map((name) => ({ name, isExternal: false, spans: 1, errors: 0 }));
    const edges = names.flatMap((from, index) =>
      [1, 7, 13, 50, 99].map((step) => ({
        from,
        to: names[(index + step) % 100] ?? '',
        calls: 1,
        errors: 0,
        meanMillis: 1,
      })),
    );
    assert.equal(layOut({ nodes, edges }).placed.size, 100);
    const chain = layOut({
      nodes,
      edges: edges.filter(({ from, to }) => Number(to.slice(1)) === Number(from.slice(1)) + 1),
    });
    assert.ok((chain.placed.get('s99')?.x ?? 0) > (chain.placed.get('s98')?.x ?? 0));
  });
});

test('many exporters at the same time lose nothing', async (t) => {
  const viewer = await startTestViewer();
  t.after(() => viewer[Symbol.dispose]());
  const statuses = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const spans = Array.from({ length: 25 }, (__, id) => ({ trace: (index % 8) + 1, id: index * 100 + id + 1 }));
      const body = JSON.stringify(toOtlp(`service ${index % 3}`, spans));
      const isPacked = index % 2 === 0;
      const { status } = await fetch(`${viewer.url}/v1/traces`, {
        method: 'POST',
        body: isPacked ? new Uint8Array(gzipSync(body)) : body,
        headers: { 'content-type': 'application/json', ...(isPacked && { 'content-encoding': 'gzip' }) },
      });
      return status;
    }),
  );
  assert.deepEqual([...new Set(statuses)], [200]);
  const { traces } = (await (await ask(viewer, '/api/traces')).json()) as { traces: { spans: number }[] };
  assert.deepEqual(
    traces.map(({ spans }) => spans),
    Array.from({ length: 8 }, () => 125),
  );
});

test('nothing but the page and the API is served, whatever the path', async (t) => {
  const viewer = await startTestViewer();
  t.after(() => viewer[Symbol.dispose]());
  const paths = [
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/api/../viewer.html',
    '/api/traces/../../x',
    '//evil.example/',
  ];
  for (const path of paths) {
    const socket = connect(Number(new URL(viewer.url).port), '127.0.0.1');
    socket.end(
      `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${viewer.token}\r\nconnection: close\r\n\r\n`,
    );
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 404 /, path);
  }
  // The link's end, which is the key, is in no request and no page is told where one came from.
  const { headers } = await fetch(viewer.url);
  assert.equal(headers.get('referrer-policy'), 'no-referrer');
  assert.equal(headers.get('cache-control'), 'no-store');
});
