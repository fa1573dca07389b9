import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  type Context,
  ROOT_CONTEXT,
  baggageEntryMetadataFromString,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import * as fc from 'fast-check';
import type { Config } from '../../src/config/config.ts';
import { createPropagator } from '../../src/pipeline/propagator.ts';
import { cpuMillisOf } from '../support/cpu-millis.ts';

type Name = Config['propagation.propagators'][number];
type Headers = Record<string, unknown>;

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const PARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;
const ALL: readonly Name[] = ['tracecontext', 'baggage', 'b3', 'b3multi', 'jaeger', 'xray'];

const create = (names: readonly Name[] = ['tracecontext', 'baggage'], accept = true) =>
  createPropagator({ 'propagation.propagators': names, 'propagation.accept': accept });

const extract = (headers: Headers, names?: readonly Name[], accept?: boolean): Context =>
  create(names, accept).extract(ROOT_CONTEXT, headers, defaultTextMapGetter);

function inject(context: Context, names?: readonly Name[]): Record<string, string> {
  const headers: Record<string, string> = {};
  create(names).inject(context, headers, defaultTextMapSetter);
  return headers;
}

/** `trace id, span id, flags`, or undefined for a new trace. */
function parentOf(headers: Headers, names?: readonly Name[]): readonly unknown[] | undefined {
  const span = trace.getSpanContext(extract(headers, names));
  return span === undefined ? undefined : [span.traceId, span.spanId, span.traceFlags];
}

const baggageOf = (context: Context): Array<readonly [string, string]> =>
  (propagation.getBaggage(context)?.getAllEntries() ?? []).map(([key, { value }]) => [key, value]);

const within = (traceFlags: number): Context =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags });

suite('each convention', () => {
  const written: ReadonlyArray<readonly [Name, number, Record<string, string>]> = [
    ['tracecontext', 1, { traceparent: PARENT }],
    ['tracecontext', 0, { traceparent: `00-${TRACE_ID}-${SPAN_ID}-00` }],
    ['b3', 1, { b3: `${TRACE_ID}-${SPAN_ID}-1` }],
    ['b3', 0, { b3: `${TRACE_ID}-${SPAN_ID}-0` }],
    ['b3multi', 1, { 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': SPAN_ID, 'x-b3-sampled': '1' }],
    ['b3multi', 0, { 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': SPAN_ID, 'x-b3-sampled': '0' }],
    ['jaeger', 1, { 'uber-trace-id': `${TRACE_ID}:${SPAN_ID}:0:1` }],
    ['jaeger', 0, { 'uber-trace-id': `${TRACE_ID}:${SPAN_ID}:0:0` }],
    ['xray', 1, { 'x-amzn-trace-id': `Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${SPAN_ID};Sampled=1` }],
    ['xray', 0, { 'x-amzn-trace-id': `Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${SPAN_ID};Sampled=0` }],
  ];
  for (const [name, flags, headers] of written) {
    test(`${name} writes its headers with flag ${flags}, and reads them again`, () => {
      assert.deepEqual(inject(within(flags), [name]), headers);
      assert.deepEqual(parentOf(headers, [name]), [TRACE_ID, SPAN_ID, flags]);
      assert.equal(trace.getSpanContext(extract(headers, [name]))?.isRemote, true);
    });

    test(`${name} with flag ${flags} writes nothing where tracing is suppressed`, () => {
      assert.deepEqual(inject(suppressTracing(within(flags)), [name]), {});
    });
  }

  test('all of them together write all headers; none writes nothing', () => {
    assert.deepEqual(Object.keys(inject(within(1), ALL)).toSorted(), [
      'b3',
      'traceparent',
      'uber-trace-id',
      'x-amzn-trace-id',
      'x-b3-sampled',
      'x-b3-spanid',
      'x-b3-traceid',
    ]);
    assert.deepEqual(inject(within(1), []), {});
    assert.equal(parentOf({ traceparent: PARENT, b3: `${TRACE_ID}-${SPAN_ID}-1` }, []), undefined);
  });

  test('jaeger takes short ids and percent-encoded colons, and its own baggage', () => {
    assert.deepEqual(parentOf({ 'uber-trace-id': 'abc%3A1%3A0%3A3' }, ['jaeger']), [
      'abc'.padStart(32, '0'),
      '1'.padStart(16, '0'),
      1,
    ]);
    const context = extract({ 'uberctx-tenant': 'a%20b', 'uberctx-broken': '%zz' }, ['jaeger']);
    assert.deepEqual(baggageOf(context), [['tenant', 'a b']]);
    assert.deepEqual(inject(context, ['jaeger']), { 'uberctx-tenant': 'a%20b' });
  });

  for (const text of ['', '0:0:0:0', 'x:1:0:1', `${'a'.repeat(33)}:1:0:1`, '1:1:1', '1:2:3:4:5', '1:2:0:zz']) {
    test(`jaeger takes ${JSON.stringify(text.slice(0, 12))} for no trace`, () => {
      assert.equal(parentOf({ 'uber-trace-id': text }, ['jaeger']), undefined);
    });
  }

  test('writes no header that is none, whatever the metadata of baggage is', () => {
    for (const [metadata, baggage] of [
      ['ok', 'a=1;ok'],
      ['é', 'a=1;é'],
      ['\0', undefined],
      ['中', undefined],
      ['x\r\ny: 1', undefined],
    ] as const) {
      const entries = { a: { value: '1', metadata: baggageEntryMetadataFromString(metadata) } };
      const context = propagation.setBaggage(extract({ traceparent: PARENT }), propagation.createBaggage(entries));
      assert.deepEqual(inject(context), { traceparent: PARENT, ...(baggage !== undefined && { baggage }) });
    }
  });

  test('jaeger names no header after baggage that is no token', () => {
    const baggage = propagation.createBaggage({ 'a b': { value: '1' }, 'a:\r\nx': { value: '1' }, ok: { value: 'é' } });
    assert.deepEqual(inject(propagation.setBaggage(ROOT_CONTEXT, baggage), ['jaeger']), { 'uberctx-ok': '%C3%A9' });
  });

  test('b3 in upper case is written on in lower case', () => {
    const headers = {
      'x-b3-traceid': TRACE_ID.toUpperCase(),
      'x-b3-spanid': SPAN_ID.toUpperCase(),
      'x-b3-sampled': '1',
    };
    assert.deepEqual(parentOf(headers, ['b3multi']), [TRACE_ID, SPAN_ID, 1]);
  });
});

suite('propagation.accept: false', () => {
  test('leaves the context as it is, baggage included, and still writes', () => {
    const propagator = create(ALL, false);
    const context = within(1);
    const other = { traceparent: PARENT.replaceAll('b7', 'c8'), baggage: 'a=1', b3: `${'c'.repeat(32)}-${SPAN_ID}-1` };
    assert.equal(propagator.extract(context, other, defaultTextMapGetter), context);
    const headers: Record<string, string> = {};
    propagator.inject(context, headers, defaultTextMapSetter);
    assert.equal(headers['traceparent'], PARENT);
    assert.ok(propagator.fields().includes('traceparent'));
  });
});

suite('a traceparent', () => {
  const valid: ReadonlyArray<readonly [string, unknown, number]> = [
    ['as the W3C writes it', PARENT, 1],
    ['in a list of one', [PARENT], 1],
    ['as bytes', Buffer.from(PARENT), 1],
    ['of a later version, with more behind it', `01-${TRACE_ID}-${SPAN_ID}-01-what-comes`, 1],
    ['with every flag set', `00-${TRACE_ID}-${SPAN_ID}-ff`, 3],
    ['with unknown flags only', `00-${TRACE_ID}-${SPAN_ID}-f0`, 0],
  ];
  for (const [title, traceparent, flags] of valid) {
    test(`${title} is the parent`, () => {
      assert.deepEqual(parentOf({ traceparent }), [TRACE_ID, SPAN_ID, flags]);
      // What is handed on is well-formed again.
      assert.equal(inject(extract({ traceparent }))['traceparent'], `00-${TRACE_ID}-${SPAN_ID}-0${flags}`);
    });
  }

  const invalid: ReadonlyArray<readonly [string, unknown]> = [
    ['twice, as Node joins it', `${PARENT}, ${PARENT}`],
    ['twice, in a list', [PARENT, PARENT]],
    ['in an empty list', []],
    ['in upper case', PARENT.toUpperCase()],
    ['of version ff', `ff${PARENT.slice(2)}`],
    ['of version 00 with more behind it', `${PARENT}-00`],
    ['without a trace', `00-${'0'.repeat(32)}-${SPAN_ID}-01`],
    ['without a span', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['cut off', PARENT.slice(0, -1)],
    ['that is empty', ''],
    ['that is a number', 7],
    ['that is an object', { toString: () => PARENT }],
    ['with a line break', `${PARENT}\nx`],
    ['of a million characters', PARENT.padEnd(1_000_000, '-0')],
    ['of a later version and a million characters', `01-${TRACE_ID}-${SPAN_ID}-01`.padEnd(1_000_000, '-0')],
  ];
  for (const [title, traceparent] of invalid) {
    test(`${title} begins a new trace, and takes the tracestate with it`, () => {
      const context = extract({ traceparent, tracestate: 'a=1' });
      assert.equal(trace.getSpanContext(context), undefined);
    });
  }
});

suite('a tracestate', () => {
  const stateOf = (tracestate: unknown): string | undefined =>
    inject(extract({ traceparent: PARENT, tracestate }))['tracestate'];

  test('in several headers is one list', () => {
    assert.equal(stateOf(['a=1,b=2', 'c=3']), 'a=1,b=2,c=3');
    assert.equal(stateOf('a=1, b=2 ,c=3'), 'a=1,b=2,c=3');
  });

  for (const [title, tracestate] of [
    ['that is broken', '====,,,;'],
    ['that is empty', ''],
    ['of a million commas', ','.repeat(1_000_000)],
    ['of a million characters', 'a'.repeat(1_000_000)],
    ['that is no text', 7],
  ] as const) {
    test(`${title} is dropped, and the trace goes on without an empty header`, () => {
      assert.equal(stateOf(tracestate), undefined);
      assert.deepEqual(parentOf({ traceparent: PARENT, tracestate }), [TRACE_ID, SPAN_ID, 1]);
    });
  }

  test('has at most 32 entries', () => {
    const entries = Array.from({ length: 100 }, (_, index) => `k${index}=v`);
    assert.deepEqual(stateOf(entries)?.split(','), entries.slice(0, 32));
  });
});

suite('a baggage', () => {
  test('has at most 180 entries', () => {
    const entries = Array.from({ length: 10_000 }, (_, index) => `k${index}=${index}`);
    const expected = Array.from({ length: 180 }, (_, index) => [`k${index}`, String(index)]);
    assert.deepEqual(baggageOf(extract({ baggage: entries.join(',') })), expected);
    assert.deepEqual(baggageOf(extract({ baggage: entries })), expected);
    assert.equal(inject(extract({ baggage: entries }))['baggage'], entries.slice(0, 180).join(','));
  });

  test('is at most 8192 bytes, in whole entries', () => {
    const entries = Array.from({ length: 10 }, (_, index) => `k${index}=${'v'.repeat(1000)}`);
    const kept = baggageOf(extract({ baggage: entries.join(',') }));
    assert.deepEqual(
      kept,
      entries.slice(0, 8).map((entry) => entry.split('=')),
    );
    assert.deepEqual(baggageOf(extract({ baggage: `a=${'v'.repeat(1_000_000)}` })), []);
  });

  test('that is broken in parts keeps the others', () => {
    assert.deepEqual(baggageOf(extract({ baggage: 'a=1,,=,b,%zz=1,c=%zz,d=2;x=y,__proto__=1' })), [
      ['a', '1'],
      ['d', '2'],
    ]);
    assert.equal(Object.hasOwn(Object.prototype, 'value'), false);
  });

  test('goes on without a trace', () => {
    assert.deepEqual(inject(extract({ baggage: 'a=1' })), { baggage: 'a=1' });
  });
});

suite('whatever comes in', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: fc.constantFrom(...'0af-:;=,% Rd'), maxLength: 120 }),
    fc.constantFrom(
      PARENT,
      `${TRACE_ID}-${SPAN_ID}-d`,
      'Root=1-0af76519-16cd43dd8448eb211c80319c',
      TRACE_ID,
      SPAN_ID,
      '1',
    ),
  );
  const value = fc.oneof(text, fc.array(text, { maxLength: 3 }), text.map(Buffer.from), fc.anything());
  const right: Readonly<Record<string, string>> = {
    traceparent: PARENT,
    tracestate: 'a=1,b=2',
    baggage: 'a=1;p=q,b=2',
    b3: `${TRACE_ID}-${SPAN_ID}-d`,
    'x-b3-traceid': TRACE_ID.toUpperCase(),
    'x-b3-spanid': SPAN_ID,
    'x-b3-sampled': '1',
    'x-b3-flags': '1',
    'uber-trace-id': `${TRACE_ID}:${SPAN_ID}:0:1`,
    'uberctx-a': 'a%20b',
    'UberCtx-b': 'b',
    'X-Amzn-Trace-Id': `Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${SPAN_ID};Sampled=1`,
  };
  const headers = fc.record(
    Object.fromEntries(
      Object.entries(right).map(([name, text]) => [name, fc.oneof({ weight: 2, arbitrary: fc.constant(text) }, value)]),
    ),
    { requiredKeys: [] },
  );

  test('leaves the context as it is, or gives a parent that the W3C allows, and can be sent on', () => {
    let joined = 0;
    fc.assert(
      fc.property(fc.shuffledSubarray([...ALL], { minLength: 1 }), headers, (order, given) => {
        const before = within(1);
        const after = create(order).extract(before, given, defaultTextMapGetter);
        const span = trace.getSpanContext(after);
        if (span !== trace.getSpanContext(before)) {
          joined++;
          assert.match(span?.traceId ?? '', /^(?!0+$)[0-9a-f]{32}$/);
          assert.match(span?.spanId ?? '', /^(?!0+$)[0-9a-f]{16}$/);
          assert.ok([0, 1, 2, 3].includes(span?.traceFlags ?? -1));
          assert.equal(span?.isRemote, true);
        }
        const sent = inject(after, order);
        for (const [name, text] of Object.entries(sent)) {
          assert.match(name, /^[\w!#$%&'*+.^`|~-]+$/);
          assert.match(text, /^[\t\x20-\x7e\x80-\xff]+$/, `${name}: ${JSON.stringify(text)}`);
          assert.ok(text.length <= 8192);
        }
      }),
      { numRuns: 1000 },
    );
    assert.ok(joined > 100, `only ${joined} runs joined a trace`);
  });

  test('is read in bounded time, however long it is', () => {
    const million = ['a', ',', '0', '-', ':', ';', '=', '%', 'a=b,', 'a=%,', ' ', '%3a'].map((piece) =>
      piece.repeat(Math.ceil(1_000_000 / piece.length)),
    );
    const propagator = create(ALL);
    const carriers = million.map((text) => Object.fromEntries(Object.keys(right).map((name) => [name, text])));
    const millis = cpuMillisOf(() => {
      for (const carrier of carriers) {
        inject(propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter));
        inject(extract({ ...carrier, traceparent: PARENT }));
      }
    });
    // 144 headers of a megabyte each; a tenth of a second, but two and more where lists are read whole.
    assert.ok(millis < 1200, `${millis} ms`);
  });
});
