import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { createRedactionGuard } from '../../src/processors/redaction-guard.ts';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { collectInto, createProvider } from '../tracer/provider.ts';

const SECRET = 'secret-value-123';
const URL_WITH_SECRET = `https://shop.example/cart?page=2&token=${SECRET}`;
const CLEAN_URL = 'https://shop.example/cart?page=2&token=REDACTED';
const LINKED = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };

function setUp(ourScope = 'ours') {
  const ended: ReadableSpan[] = [];
  const collector = {
    onStart() {},
    onEnd: (span: ReadableSpan) => void ended.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const guard = createRedactionGuard({ redactor: createRedactor(), maxValueLength: undefined });
  const provider = createProvider({ spanProcessors: [guard, collector] });
  /** What is left of a span after `change`. */
  return (scope: string, change: (span: Span) => void, attributes: Attributes = {}): ReadableSpan => {
    const tracer = scope === ourScope ? provider.createVouchedTracer({ name: scope }) : provider.getTracer(scope);
    const span = tracer.startSpan('GET', { attributes });
    change(span);
    span.end();
    const last = ended.at(-1);
    assert(last);
    return last;
  };
}

/** Everything of a span that is exported. */
const textOf = ({ name, attributes, events, links, status }: ReadableSpan): string =>
  JSON.stringify({ name, attributes, events, links, status });

const PLACES: Readonly<Record<string, (span: Span) => void>> = {
  'the name': (span) => span.updateName(`fetch ${URL_WITH_SECRET}`),
  'an attribute': (span) => span.setAttribute('url.full', URL_WITH_SECRET),
  'an attribute with a sensitive name': (span) => span.setAttribute('shop.api_key', SECRET),
  'a list': (span) => span.setAttribute('urls', ['https://shop.example/', URL_WITH_SECRET]),
  'a list with a sensitive name': (span) => span.setAttribute('passwords', [SECRET, SECRET]),
  'a map in a list in a map': (span) =>
    span.setAttribute('body', { items: [{ deep: { link: URL_WITH_SECRET, password: SECRET } }] }),
  'a map with a sensitive name': (span) => span.setAttribute('credentials', { plain: SECRET }),
  'the name of an event': (span) => span.addEvent(`called ${URL_WITH_SECRET}`),
  'an attribute of an event': (span) => span.addEvent('called', { 'url.full': URL_WITH_SECRET, password: SECRET }),
  'an exception': (span) => span.recordException(new Error(`cannot GET ${URL_WITH_SECRET}`)),
  'a link': (span) => span.addLink({ context: LINKED, attributes: { 'url.full': URL_WITH_SECRET, password: SECRET } }),
  'the status': (span) => span.setStatus({ code: SpanStatusCode.ERROR, message: `cannot GET ${URL_WITH_SECRET}` }),
};

suite('redaction guard', () => {
  for (const [place, change] of Object.entries(PLACES)) {
    test(`hides a secret in ${place} of a span that the application makes`, () => {
      const text = textOf(setUp()('shop', change));
      assert.doesNotMatch(text, new RegExp(SECRET));
      assert.match(text, /REDACTED/);
    });

    test(`hides a secret that the application puts into ${place} of one of our spans`, () => {
      const text = textOf(setUp()('ours', change, { 'url.full': 'https://shop.example/cart' }));
      assert.doesNotMatch(text, new RegExp(SECRET));
      assert.match(text, /REDACTED/);
    });
  }

  test('hides a secret in attributes that a span is born with, unless it is ours and was cleaned before', () => {
    const attributes = { 'url.full': URL_WITH_SECRET };
    assert.equal(setUp()('shop', () => {}, attributes).attributes['url.full'], CLEAN_URL);
    assert.equal(setUp()('ours', () => {}, attributes).attributes['url.full'], URL_WITH_SECRET);
  });

  /** Ways to write into one of our spans past its methods, or where they do not say it. */
  const BACK_DOORS: Readonly<Record<string, (span: Span) => void>> = {
    'the attributes themselves': (span) => {
      (span as Span & ReadableSpan).attributes['url.full'] = URL_WITH_SECRET;
    },
    'the attributes themselves, long before the end': (span) => {
      const { attributes } = span as Span & ReadableSpan;
      span.setAttribute('size', 1);
      attributes['new'] = URL_WITH_SECRET;
      delete attributes['http.request.method'];
      span.setAttribute('url.full', 'https://shop.example/');
    },
    'the attributes themselves, after it was set': (span) => {
      span.setAttribute('url.full', URL_WITH_SECRET);
      assert.equal(Object.keys((span as Span & ReadableSpan).attributes).length, 2);
    },
    'what JSON and inspectors are given': (span) => {
      const facts = (span as Span & { toJSON(): { attributes: Attributes } }).toJSON();
      facts.attributes['url.full'] = URL_WITH_SECRET;
    },
    'an attribute set anew': (span) => span.setAttribute('url.full', URL_WITH_SECRET),
    'an attribute with a number for a name': (span) => span.setAttribute('7', URL_WITH_SECRET),
    'more attributes than are remembered': (span) => {
      for (let count = 0; count < 100; count++) span.setAttribute(`a${count}`, 'x').setAttribute(`a${count}`, 'y');
      span.setAttribute('url.full', URL_WITH_SECRET);
    },
    'a Proxy around it': (span) => {
      new Proxy(span, {}).setAttribute('url.full', URL_WITH_SECRET);
    },
    'an object that inherits from it': (span) => {
      const heir = Object.create(span) as Span & ReadableSpan;
      heir.setAttribute('one', URL_WITH_SECRET);
      heir.attributes['url.full'] = URL_WITH_SECRET;
    },
    'the list that it was born with': () => void BORN_LIST.push(URL_WITH_SECRET),
  };
  const BORN_LIST = ['first'];

  for (const [door, write] of Object.entries(BACK_DOORS)) {
    test(`hides a secret that comes into one of our spans by ${door}`, () => {
      const born = { 'http.request.method': 'GET', 'url.full': 'https://shop.example/cart', list: BORN_LIST };
      const { list, ...plain } = born;
      const hasList = door.includes('list');
      const text = textOf(setUp()('ours', write, hasList ? { ...plain, list } : plain));
      assert.doesNotMatch(text, new RegExp(SECRET));
      if (!hasList) assert.match(text, /REDACTED/);
    });
  }

  test('vouches for nobody who takes a tracer by the name of ours', () => {
    const ended: ReadableSpan[] = [];
    const guard = createRedactionGuard({ redactor: createRedactor(), maxValueLength: undefined });
    const provider = createProvider({ spanProcessors: [guard, collectInto(ended)] });
    const scope = { name: 'ours', version: '1' };
    assert.notEqual(provider.createVouchedTracer(scope), provider.getTracer('ours', '1'));
    provider
      .getTracer('ours', '1')
      .startSpan('GET', { attributes: { 'url.full': URL_WITH_SECRET } })
      .end();
    assert.equal(ended[0]?.attributes['url.full'], CLEAN_URL);
  });

  test('keeps what is no secret as it is: numbers, booleans, lists, maps, bytes of text', () => {
    const attributes = {
      sku: 42,
      ratio: 0.5,
      paid: true,
      sizes: [1, 2, 3],
      names: ['a', 'b'],
      'http.route': '/cart/:id',
      'url.full': 'https://shop.example/cart?page=2&sort=%61',
    };
    const nested = { a: { b: ['c', 1, true] } };
    const span = setUp()('shop', (one) => one.setAttributes({ ...attributes, nested: nested }));
    assert.deepEqual(span.attributes, { ...attributes, nested });
    assert.deepEqual([span.name, span.status], ['GET', { code: SpanStatusCode.UNSET }]);
  });

  test('leaves the objects of the application as they are', () => {
    const list = [URL_WITH_SECRET];
    const attributes = { 'url.full': URL_WITH_SECRET, list };
    const link = { context: LINKED, attributes: { 'url.full': URL_WITH_SECRET } };
    const provider = createProvider({
      spanProcessors: [createRedactionGuard({ redactor: createRedactor(), maxValueLength: undefined })],
    });
    const span = provider.getTracer('shop').startSpan('GET', { attributes, links: [link] });
    span.setAttributes(attributes).addEvent('called', attributes).addLink(link);
    span.end();
    assert.deepEqual(attributes, { 'url.full': URL_WITH_SECRET, list: [URL_WITH_SECRET] });
    assert.deepEqual(link, { context: LINKED, attributes: { 'url.full': URL_WITH_SECRET } });
  });

  test('a span that is ended twice is read once and stays clean', () => {
    const span = setUp()('shop', (one) => {
      one.setAttribute('url.full', URL_WITH_SECRET);
      one.end();
      one.setAttribute('late', URL_WITH_SECRET);
    });
    assert.deepEqual(span.attributes, { 'url.full': CLEAN_URL });
  });
});
