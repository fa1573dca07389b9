import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { readRecords } from '../../src/viewer/otlp/read-records.ts';
import { writeOtlp } from '../../src/viewer/otlp/write-otlp.ts';
import { readRoutes } from '../../src/viewer/store/read-routes.ts';
import { readServices } from '../../src/viewer/store/read-services.ts';
import { listTraces, readTraceRecords, readTraceText } from '../../src/viewer/store/read-traces.ts';
import { Store } from '../../src/viewer/store/store.ts';
import { createStore, hex, toOtlp } from './spans.ts';

const list = (store: Store) => listTraces(store, { query: '', limit: 100 }).traces;
const ids = (store: Store): number[] =>
  list(store)
    .map(({ id }) => Number.parseInt(id, 16))
    .sort((a, b) => a - b);

suite('the store', () => {
  test('sums a trace up, whatever the order in which its spans come', () => {
    const store = createStore([{ id: 2, parent: 1, name: 'SELECT', start: 10, duration: 5, status: 2 }]);
    assert.deepEqual([list(store)[0]?.name, list(store)[0]?.hasRoot], ['SELECT', false]);
    store.add(
      readRecords(
        toOtlp('front', [
          { id: 1, name: 'GET /', kind: 2, duration: 20, attributes: { 'http.response.status_code': 502 } },
        ]),
      ),
    );
    const { startMillis: _, ...trace } = list(store)[0] ?? {};
    assert.deepEqual(trace, {
      id: hex(1, 32),
      name: 'GET /',
      service: 'front',
      hasRoot: true,
      status: 0,
      httpStatus: 502,
      durationMillis: 20,
      spans: 2,
      errors: 1,
      logs: 0,
      services: ['shop', 'front'],
      pinned: false,
    });
  });

  test('keeps a span that is sent twice once', () => {
    const store = createStore([{ id: 1 }]);
    store.add(readRecords(toOtlp('shop', [{ id: 1 }])));
    assert.equal(list(store)[0]?.spans, 1);
  });

  test('lets the oldest traces go, but none that is pinned', () => {
    const store = createStore(
      [1, 2, 3].map((trace) => ({ trace, id: 1 })),
      { maxTraces: 3 },
    );
    assert.equal(store.pin(hex(1, 32), true), true);
    store.add(
      readRecords(
        toOtlp(
          'shop',
          [4, 5].map((trace) => ({ trace, id: 1 })),
        ),
      ),
    );
    assert.deepEqual(ids(store), [1, 4, 5]);
  });

  test('never holds more bytes than it may, whatever comes', () => {
    const store = createStore([], { maxBytes: 100_000 });
    for (let trace = 1; trace <= 50; trace++)
      store.add(readRecords(toOtlp('shop', [{ trace, id: 1, attributes: { text: 'x'.repeat(9_000) } }])));
    assert.deepEqual(ids(store), [41, 42, 43, 44, 45, 46, 47, 48, 49, 50].slice(-ids(store).length));
    assert.ok(ids(store).length >= 9);
    store.add(
      readRecords(toOtlp('shop', [{ trace: 60, id: 1, attributes: { a: 'x'.repeat(60_000), b: 'x'.repeat(60_000) } }])),
    );
    assert.deepEqual(ids(store), []);
  });

  test('refuses spans when pinned traces fill it', () => {
    const store = createStore([{ id: 1 }], { maxTraces: 1 });
    store.pin(hex(1, 32), true);
    assert.equal(store.add(readRecords(toOtlp('shop', [{ trace: 2, id: 1 }]))), 1);
    assert.deepEqual(ids(store), [1]);
  });

  test('a file holds what was there, for its owner only', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'viewer-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const options = { path: join(folder, 'spans.db'), maxTraces: 10, maxBytes: 1e9 };
    const first = new Store(options);
    first.add(readRecords(toOtlp('shop', [{ id: 1, name: 'kept', attributes: { a: 1 } }])));
    first[Symbol.dispose]();
    assert.equal(statSync(options.path).mode & 0o777, 0o600);
    const second = new Store(options);
    second.add(readRecords(toOtlp('shop', [{ id: 2, parent: 1, attributes: { a: 2 } }])));
    assert.deepEqual(
      list(second).map(({ name, spans }) => [name, spans]),
      [['kept', 2]],
    );
    assert.equal(listTraces(second, { query: 'a=2', limit: 1 }).matched, 1);
    assert.throws(() => new Store(options), /spans\.db: another viewer, or another program, has it open$/);
    second[Symbol.dispose]();
    const other = join(folder, 'notes.txt');
    writeFileSync(other, 'not a database, whatever its name may be');
    assert.throws(() => new Store({ ...options, path: other }), /notes\.txt: file is not a database$/);
    assert.match(readFileSync(other, 'utf8'), /^not a database/);
  });

  test('gives every value back with its type', () => {
    const attributes = [
      ['text', { stringValue: '<b>\u0000"\\\ud800' }],
      ['int', { intValue: '7' }],
      ['long', { intValue: '9223372036854775807' }],
      ['double', { doubleValue: 7 }],
      ['tiny', { doubleValue: 1e-9 }],
      ['yes', { boolValue: true }],
      ['bytes', { bytesValue: 'AAEC' }],
      ['list', { arrayValue: { values: [{ intValue: '1' }, { doubleValue: 2 }] } }],
      ['map', { kvlistValue: { values: [{ key: '__proto__', value: { stringValue: 'x' } }] } }],
      ['none', {}],
    ].map(([key, value]) => ({ key, value }));
    const span = {
      traceId: hex(1, 32),
      spanId: hex(1, 16),
      name: 'n',
      kind: 1,
      startTimeUnixNano: '1760000000000000001',
      endTimeUnixNano: '1760000000000000002',
      attributes,
    };
    const store = createStore([]);
    store.add(readRecords({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }));
    const records = readTraceRecords(store, hex(1, 32));
    const written = writeOtlp(records?.spans ?? [], []).resourceSpans?.[0]?.scopeSpans[0]?.spans[0];
    assert.deepEqual(written?.attributes, attributes);
    assert.deepEqual(
      [written?.startTimeUnixNano, written?.endTimeUnixNano],
      ['1760000000000000001', '1760000000000000002'],
    );
  });

  test('what is hostile does no harm', () => {
    const store = createStore([
      // Each the other's parent, its own parent, and a parent that never comes.
      { id: 1, parent: 2 },
      { id: 2, parent: 1 },
      { id: 3, parent: 3 },
      {
        id: 4,
        parent: 99,
        name: '<img src=x onerror=alert(1)>',
        attributes: { '<script>': '</script><script>alert(1)</script>', __proto__: 'p', big: 'x'.repeat(1 << 20) },
      },
    ]);
    const junk: unknown[] = [
      null,
      7,
      [],
      { resourceSpans: 5 },
      { resourceSpans: [{ scopeSpans: [{ spans: [null, 3, {}, { traceId: 'zz', spanId: 1 }] }] }] },
    ];
    for (const data of junk) assert.doesNotThrow(() => store.add(readRecords(data)));
    const times = {
      startTimeUnixNano: '18446744073709551615',
      endTimeUnixNano: -5,
      kind: 99,
      status: 'x',
      attributes: { a: 1 },
      events: [1],
      links: {},
    };
    store.add(
      readRecords({
        resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: hex(1, 32), spanId: hex(5, 16), ...times }] }] }],
      }),
    );
    const trace = JSON.parse(readTraceText(store, hex(1, 32)) ?? '') as { spans: { name: string; values: string[] }[] };
    assert.equal(trace.spans.length, 5);
    const big = trace.spans[3]?.values.at(-1) ?? '';
    assert.ok(big.length < 70_000 && big.endsWith('(1048576 characters)'));
  });

  test('routes have rates and percentiles', () => {
    const store = createStore(
      Array.from({ length: 100 }, (_, index) => ({
        trace: index + 1,
        id: 1,
        name: 'GET /',
        kind: 2,
        start: index * 600,
        duration: index + 1,
        status: index % 10 === 0 ? 2 : 0,
      })),
    );
    const [route] = readRoutes(store, { query: '' });
    assert.deepEqual([route?.count, route?.errors, route?.p50, route?.p95, route?.p99], [100, 10, 50, 95, 99]);
    assert.equal(Math.round(route?.perMinute ?? 0), 101);
    assert.deepEqual(route?.histogram.slice(0, 8), [1, 1, 3, 5, 10, 30, 50, 0]);
    assert.equal(readRoutes(store, { query: 'status=error' })[0]?.count, 10);
    assert.deepEqual(readRoutes(store, { query: 'name=none' }), []);
  });

  test('the map knows who calls whom, and what is called outside', () => {
    const store = createStore([
      { id: 1, name: 'GET /cart', kind: 2 },
      { id: 2, parent: 1, kind: 3, attributes: { 'server.address': '127.0.0.1' } },
      { id: 3, parent: 1, kind: 3, status: 2, attributes: { 'db.system.name': 'postgresql' } },
    ]);
    store.add(readRecords(toOtlp('stock', [{ id: 4, parent: 2, kind: 2, duration: 4 }])));
    const { nodes, edges } = readServices(store, { query: '' });
    assert.deepEqual(
      nodes.map(({ name, isExternal }) => [name, isExternal]),
      [
        ['shop', false],
        ['stock', false],
        ['postgresql', true],
      ],
    );
    assert.deepEqual(
      edges.map(({ from, to, calls, errors }) => `${from} ${to} ${calls} ${errors}`),
      ['shop stock 1 0', 'shop postgresql 1 1'],
    );
  });
});
