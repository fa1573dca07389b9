import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import * as fc from 'fast-check';
import type { BatchEncoder } from '../../../src/exporters/batch-encoder.ts';
import { createSpanEncoder } from '../../../src/exporters/otlp/span-encoder.ts';
import { decodeProtobuf } from '../../support/otlp-decode.ts';
import { SPAN_ID, TRACE_ID, makeLink, makeSpan, resource } from './readable-spans.ts';

/** Byte for byte, and so in every field; each batch twice, since what was seen before is written from bytes that are kept. */
function assertSame(spans: readonly ReadableSpan[], encoder = createSpanEncoder({ resource })): Uint8Array {
  const wanted = Buffer.from(ProtobufTraceSerializer.serializeRequest([...spans]) ?? []);
  let body: Uint8Array = new Uint8Array();
  for (let round = 0; round < 3; round += 1) {
    body = encode(encoder, spans);
    // A difference is easier to read in a decoded body.
    if (!wanted.equals(body)) assert.deepEqual(decodeProtobuf(body), decodeProtobuf(wanted));
    assert.equal(Buffer.from(body).toString('hex'), wanted.toString('hex'));
  }
  return body;
}

function encode(encoder: BatchEncoder<ReadableSpan>, spans: readonly ReadableSpan[]): Uint8Array {
  for (const span of spans) encoder.add(span);
  assert.equal(encoder.items, spans.length);
  return encoder.take().body;
}

const KINDS = [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER];
const CODES = [SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR];

const TEXTS = {
  empty: '',
  ascii: 'GET',
  'of sixteen characters': 'a'.repeat(16),
  'of seventeen characters': 'a'.repeat(17),
  'two bytes a character': 'Zürich',
  'three bytes a character': '東京都'.repeat(20),
  'a pair of surrogates': '🚀',
  'a lone high surrogate': 'a\ud800b',
  'a lone low surrogate at the end': `${'x'.repeat(40)}\udc00`,
  'a short one with a lone surrogate': '\ud83d',
  'control characters': '\0\u0001\u007f\u0080\r\n',
  'of 120 characters': 'é'.repeat(120),
  'just below a length of two bytes': 'a'.repeat(127),
  'just above it': 'a'.repeat(128),
  'at the edges of lengths': 'a'.repeat(16_383),
  'of a megabyte': 'x'.repeat(1_000_000),
  'of a megabyte that is not ASCII': 'ü'.repeat(1_000_000),
} as const;

const NUMBERS = [
  0,
  -0,
  1,
  -1,
  127,
  128,
  16_384,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 32 - 1,
  2 ** 32,
  -(2 ** 32),
  2 ** 35,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 53),
  2 ** 62,
  -(2 ** 62),
  2 ** 63,
  2 ** 63 - 1024,
  -(2 ** 63),
  -(2 ** 63) - 2048,
  1e300,
  0.1,
  -0.5,
  5e-324,
  Number.NaN,
  Infinity,
  -Infinity,
];

suite('the span encoder writes what the official transformer writes', () => {
  for (const [name, text] of Object.entries(TEXTS)) {
    test(`a text: ${name}`, () => {
      assertSame([
        makeSpan({
          name: text,
          attributes: { text, list: [text, text], map: { [text.slice(0, 200)]: text }, [text.slice(0, 300)]: 1 },
          status: { code: SpanStatusCode.ERROR, message: text },
          events: [{ name: text, time: [1, 2], attributes: { text } }],
        }),
      ]);
    });
  }

  for (const number of NUMBERS) {
    test(`the number ${Object.is(number, -0) ? '-0' : number}`, () => {
      assertSame([makeSpan({ attributes: { number, list: [number, [number]], map: { number } } })]);
    });
  }

  const values: Readonly<Record<string, unknown>> = {
    true: true,
    false: false,
    null: null,
    undefined,
    bytes: new Uint8Array([0, 1, 255]),
    'no bytes': new Uint8Array(0),
    'many bytes': new Uint8Array(70_000).fill(7),
    'a Buffer': Buffer.from('buffer'),
    'no list': [],
    'a mixed list': ['a', 1, 1.5, true, null, undefined, [1, ['b']], { c: [] }, new Uint8Array(3)],
    // oxlint-disable-next-line no-sparse-arrays
    'a list with holes': [1, , 3],
    'a long list': Array.from({ length: 5000 }, (_, index) => index),
    'an empty map': {},
    'a map of maps': { a: { b: { c: { d: 1 } } }, list: [{ e: 'f' }] },
    'a map without a prototype': Object.assign(Object.create(null) as object, { a: 1 }),
    'a map with an inherited key': Object.assign(Object.create({ inherited: 1 }) as object, { own: 1 }),
    'a date': new Date(0),
    'an error': new Error('with no keys of its own'),
    'a bigint': 10n,
    'a symbol': Symbol('symbol'),
    'a function': () => 1,
  };
  for (const [name, value] of Object.entries(values)) {
    test(`a value that is ${name}`, () => {
      assertSame([makeSpan({ attributes: { first: 'a', value, last: value } })]);
    });
  }

  test('values that come again, and then others', () => {
    const encoder = createSpanEncoder({ resource });
    const sequence = ['a', 'a', 'a', 'b', 'a', 1, 1, 1, '1', true, true, true, false, undefined, undefined, null, null];
    const spans = [
      ...sequence,
      0,
      -0,
      0,
      Number.NaN,
      Number.NaN,
      'x'.repeat(500),
      'x'.repeat(500),
      'x'.repeat(500),
    ].map((value) => makeSpan({ attributes: { value, after: 'same' } }));
    assertSame(spans, encoder);
  });

  test('keys in any order, and more of them than are kept', () => {
    const encoder = createSpanEncoder({ resource });
    for (let round = 0; round < 30; round += 1) {
      const spans = Array.from({ length: 100 }, (_, index) =>
        makeSpan({
          attributes: { common: index, [`key.${round * 100 + index}`]: 'x', [`ключ.${index % 7}`]: 'y', end: 'z' },
        }),
      );
      assertSame(spans, encoder);
    }
  });

  test('kinds and status codes', () => {
    for (const kind of KINDS) {
      for (const code of CODES) {
        assertSame([makeSpan({ kind, status: { code } }), makeSpan({ kind, status: { code, message: 'why' } })]);
      }
    }
  });

  test('times: none, the longest, and every carry between their halves', () => {
    const seconds = [0, 1, 4, 5, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 18_446_744_072];
    for (const second of [...seconds, 1_764_093_000]) {
      for (const nanos of [0, 1, 294_967_295, 294_967_296, 999_999_999]) {
        const time: [number, number] = [second, nanos];
        const body = assertSame([makeSpan({ startTime: time, endTime: time, events: [{ name: 'event', time }] })]);
        assert.equal(decodeProtobuf(body)[0]?.endTimeUnixNano, BigInt(second) * 1_000_000_000n + BigInt(nanos));
      }
    }
  });

  test('ids in either case, flags, parents near and remote, trace state', () => {
    const traceState = new TraceState('vendor=opaque,other=1');
    for (const remote of [{}, { isRemote: false }, { isRemote: true }]) {
      for (const traceFlags of [0, 1, 2, 255, 0x1ff]) {
        const parent = { traceId: TRACE_ID, spanId: '00f067aa0ba902b7', traceFlags, ...remote };
        assertSame([
          makeSpan({ parentSpanContext: parent, context: { traceFlags, traceState } }),
          makeSpan({ parentSpanContext: { ...parent, spanId: '' }, context: { traceFlags, ...remote } }),
          makeSpan({
            context: { traceId: TRACE_ID.toUpperCase(), spanId: SPAN_ID.toUpperCase(), traceState: new TraceState() },
          }),
          makeSpan({ links: [makeLink({ traceFlags, ...remote, traceState })] }),
        ]);
      }
    }
  });

  test('what was dropped, of spans, events and links', () => {
    for (const count of [0, 1, 128, 100_000]) {
      assertSame([
        makeSpan({
          droppedAttributesCount: count,
          droppedEventsCount: count + 1,
          droppedLinksCount: count + 2,
          events: [
            { name: 'plain', time: [1, 1] },
            { name: 'more', time: [1, 2], attributes: { a: 1 }, droppedAttributesCount: count },
          ],
          links: [
            makeLink({}),
            makeLink({ traceId: '', spanId: '' }, {}),
            makeLink({ spanId: 'ffffffffffffffff' }, { long: 'x'.repeat(300) }, count),
          ],
        }),
      ]);
    }
  });

  test('the spans of each scope together, in the order of their first, whatever is the order of all', () => {
    const scopes = [
      { name: 'a' },
      { name: 'b', version: '1', schemaUrl: 'https://example.com/schema' },
      { name: '' },
      {
        name: 'ä'.repeat(100),
        version: '',
        attributes: { 'scope.key': 'value', list: [1] },
        droppedAttributesCount: 3,
      },
      // As equal as two can be, and not the same.
      { name: 'a' },
    ];
    const order = [0, 1, 0, 0, 2, 3, 1, 3, 4, 0];
    const spans = order.map((index, at) =>
      makeSpan({ name: `${at}`, instrumentationScope: scopes[index] ?? { name: 'none' } }),
    );
    assertSame(spans);
  });
});

suite('the span encoder', () => {
  test('reads the resource when a body is taken', () => {
    let region = 'unknown';
    const changing = {
      get attributes() {
        return { region };
      },
    };
    const encoder = createSpanEncoder({ resource: changing });
    encoder.add(makeSpan());
    region = 'eu-west-1';
    assert.deepEqual(decodeProtobuf(encoder.take().body)[0]?.resource, { region: 'eu-west-1' });
  });

  test('writes no schema URL where there is none', () => {
    const plain = resourceFromAttributes({ a: 1 });
    assertSame([makeSpan({ resource: plain })], createSpanEncoder({ resource: plain }));
  });

  test('counts its spans and their bytes, and is empty after a body is taken', () => {
    const encoder = createSpanEncoder({ resource });
    assert.deepEqual([encoder.items, encoder.bytes], [0, 0]);
    const text = 'x'.repeat(10_000);
    for (let count = 1; count <= 100; count += 1) {
      const before = encoder.bytes;
      encoder.add(makeSpan({ attributes: { text } }));
      assert.equal(encoder.items, count);
      assert.ok(encoder.bytes - before > 10_000 && encoder.bytes - before < 10_200);
    }
    const { bytes } = encoder;
    const body = encoder.take().body;
    assert.ok(body.length > bytes && body.length < bytes + 500, `${body.length} of ${bytes}`);
    assert.equal(decodeProtobuf(body).length, 100);
    assert.deepEqual([encoder.items, encoder.bytes], [0, 0]);
  });

  test('gives away bodies that stay as they are', () => {
    const encoder = createSpanEncoder({ resource });
    const bodies = ['one', 'two', 'three'].map((name) => encode(encoder, [makeSpan({ name })]));
    assert.deepEqual(
      bodies.flatMap((body) => decodeProtobuf(body).map(({ name }) => name)),
      ['one', 'two', 'three'],
    );
  });

  test('leaves out a span that cannot be encoded, and nothing else', () => {
    const encoder = createSpanEncoder({ resource });
    encoder.add(makeSpan({ name: 'before' }));
    const { bytes } = encoder;
    const endless: unknown[] = [];
    endless.push(endless);
    const throwing = {
      get value() {
        throw new Error('no value');
      },
    };
    assert.throws(() => encoder.add(makeSpan({ attributes: { endless } })), RangeError);
    assert.throws(() => encoder.add(makeSpan({ attributes: { throwing } })), /no value/);
    assert.deepEqual([encoder.items, encoder.bytes], [1, bytes]);
    encoder.add(makeSpan({ name: 'after' }));
    assert.deepEqual(
      decodeProtobuf(encoder.take().body).map(({ name }) => name),
      ['before', 'after'],
    );
  });

  test('keeps little of the room that a burst took', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const encoder = createSpanEncoder({ resource });
    const heldBytes = async (): Promise<number> => {
      collect();
      await setImmediate();
      return process.memoryUsage().arrayBuffers;
    };
    const text = 'x'.repeat(500_000);
    const before = await heldBytes();
    for (let count = 0; count < 16; count += 1) encoder.add(makeSpan({ attributes: { text } }));
    assert.ok(encoder.take().body.length > 8_000_000);
    encoder.add(makeSpan());
    // Freed by a thread of V8, sooner or later.
    while ((await heldBytes()) - before > 1_000_000);
    assert.equal(encoder.items, 1);
  });
});

const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 40 }));
/** Halves of surrogate pairs too. */
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
  .map((units) => String.fromCharCode(...units));
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    anyText,
    anyUnits,
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 4 }),
  ),
}));
const anyAttributes = fc.dictionary(fc.oneof(anyText, fc.constantFrom('http.route', 'server.port', 'a')), anyValue, {
  maxKeys: 8,
});
const anyCount = fc.nat(1_000_000);
const anyTime = fc.tuple(fc.nat(2 ** 34), fc.nat(999_999_999));
const anyHex = (digits: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });
const anyContext = fc.record({
  traceId: anyHex(32),
  spanId: anyHex(16),
  traceFlags: fc.nat(255),
  isRemote: fc.constantFrom(undefined, true, false),
});
const scopes = [{ name: 'a' }, { name: 'b', version: '2' }, { name: 'c', schemaUrl: 'https://c.example' }];
const anySpan = fc
  .record({
    context: anyContext,
    parentSpanContext: fc.option(anyContext, { nil: undefined }),
    name: fc.oneof(anyText, anyUnits),
    kind: fc.constantFrom(...KINDS),
    startTime: anyTime,
    endTime: anyTime,
    status: fc.record({
      code: fc.constantFrom(...CODES),
      message: fc.option(anyText, { nil: undefined }),
    }),
    attributes: anyAttributes,
    events: fc.array(
      fc.record({ name: anyText, time: anyTime, attributes: anyAttributes, droppedAttributesCount: anyCount }),
      { maxLength: 3 },
    ),
    links: fc.array(fc.record({ context: anyContext, attributes: anyAttributes, droppedAttributesCount: anyCount }), {
      maxLength: 3,
    }),
    instrumentationScope: fc.constantFrom(...scopes),
    droppedAttributesCount: anyCount,
    droppedEventsCount: anyCount,
    droppedLinksCount: anyCount,
  })
  .map((fields) => makeSpan(fields as Parameters<typeof makeSpan>[0]));

test('any batches of any spans are encoded as the official transformer does, by one encoder after the other', () => {
  const encoder = createSpanEncoder({ resource });
  fc.assert(
    fc.property(fc.array(anySpan, { minLength: 1, maxLength: 6 }), (spans) => void assertSame(spans, encoder)),
    { numRuns: 150 },
  );
});

test('takes the last span out again, whatever its scope, and once', () => {
  const [first, second, third] = ['a', 'b', 'c'].map((name) => makeSpan({ name }));
  assert(first && second && third);
  const foreign = makeSpan({ name: 'other', instrumentationScope: { name: 'foreign' } });
  const encoder = createSpanEncoder({ resource });
  const namesAfter = (...spans: ReadableSpan[]): string[] => {
    for (const span of spans) encoder.add(span);
    encoder.removeLast();
    encoder.removeLast();
    encoder.add(third);
    assert.equal(encoder.items, spans.length);
    return decodeProtobuf(Buffer.from(encoder.take().body)).map(({ name }) => name);
  };
  assert.deepEqual(namesAfter(first), ['c']);
  assert.deepEqual(namesAfter(first, second), ['a', 'c']);
  assert.deepEqual(namesAfter(first, foreign), ['a', 'c']);
  assert.deepEqual(namesAfter(foreign, first), ['other', 'c']);
});
