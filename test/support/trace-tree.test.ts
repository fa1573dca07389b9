import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ReceivedSpan } from './otlp-decode.ts';
import { assertTrees, drawTrees } from './trace-tree.ts';

let count = 0;
function span(name: string, changes: Partial<ReceivedSpan> = {}): ReceivedSpan {
  count += 1;
  return {
    traceId: 'a'.repeat(32),
    spanId: count.toString(16).padStart(16, '0'),
    parentSpanId: '',
    name,
    kind: 'SERVER',
    startTimeUnixNano: BigInt(count),
    endTimeUnixNano: BigInt(count) + 1n,
    attributes: {},
    events: [],
    links: [],
    status: { code: 'UNSET', message: '' },
    flags: 0x101,
    traceState: '',
    scope: { name: 'test', version: '', attributes: {} },
    resource: { 'service.name': 'shop' },
    droppedAttributesCount: 0,
    ...changes,
  };
}

function shop(): ReceivedSpan[] {
  const root = span('GET /cart/:id', { attributes: { 'http.response.status_code': 200 } });
  const second = span('POST', {
    kind: 'CLIENT',
    parentSpanId: root.spanId,
    startTimeUnixNano: 1000n,
    status: { code: 'ERROR', message: '' },
    attributes: { 'error.type': 'ECONNREFUSED', 'server.port': 41234 },
  });
  const first = span('GET', {
    kind: 'CLIENT',
    parentSpanId: root.spanId,
    startTimeUnixNano: 999n,
    attributes: {
      'http.response.status_code': 200,
      'url.full': 'http://127.0.0.1:41234/stock/1?a=b c',
      'server.port': 443,
    },
  });
  return [second, first, root];
}

suite('drawTrees', () => {
  test('indents children under their parents, by start time', () => {
    assert.equal(drawTrees(shop()), 'SERVER GET /cart/:id 200\n  CLIENT GET 200\n  CLIENT POST ECONNREFUSED ERROR');
  });

  test('draws the attributes that are named, with ports as placeholders', () => {
    assertTrees(
      shop(),
      `
      SERVER GET /cart/:id 200
        CLIENT GET 200 server.port=443 url.full="http://127.0.0.1:<port>/stock/1?a=b c"
        CLIENT POST ECONNREFUSED ERROR server.port=<port>
      `,
      { attributes: ['server.port', 'url.full'] },
    );
  });

  test('draws all attributes, the service, and names given by the test', () => {
    const spans = [span('GET', { attributes: { b: ['x'], a: 'http://127.0.0.1:9999/', c: true, d: '' } })];
    assert.equal(
      drawTrees(spans, { attributes: 'all', service: true, replace: { 'http://127.0.0.1:9999': '<backend>' } }),
      '[shop] SERVER GET a=<backend>/ b=["x"] c=true d=""',
    );
  });

  test('tells a remote parent from a lost one', () => {
    const parentSpanId = 'f'.repeat(16);
    assertTrees(
      [span('GET', { parentSpanId, flags: 0x301 }), span('PUT', { parentSpanId })],
      `
      SERVER GET (remote parent)
      SERVER PUT (lost parent)
      `,
    );
  });

  test('does not join spans of two traces by their span ids', () => {
    const parent = span('GET');
    const stranger = span('PUT', { parentSpanId: parent.spanId, traceId: 'b'.repeat(32), flags: 0x301 });
    assertTrees([parent, stranger], 'SERVER GET\nSERVER PUT (remote parent)');
  });

  test('says error.type once where it is the status code, and shows one that is no string', () => {
    const attributes = { 'http.response.status_code': 503, 'error.type': '503' };
    assertTrees(
      [span('GET', { attributes }), span('GET', { attributes: { ...attributes, 'error.type': 503 } })],
      'SERVER GET 503\nSERVER GET 503 error.type=503',
    );
  });

  test('draws events, and the message of the status', () => {
    const event = {
      name: 'exception',
      timeUnixNano: 1n,
      attributes: { 'exception.type': 'Error', 'exception.message': 'no' },
    };
    assertTrees(
      [span('GET', { events: [event], status: { code: 'ERROR', message: 'it broke' } })],
      `
      SERVER GET ERROR "it broke"
        * exception Error: no
      `,
      { events: true },
    );
  });

  test('replaces the ids of its spans and no other hexadecimal text', () => {
    const one = span('GET');
    one.attributes = { id: one.spanId, trace: one.traceId, other: 'deadbeefdeadbeef' };
    assertTrees([one], 'SERVER GET id=<span-id> other=deadbeefdeadbeef trace=<trace-id>', { attributes: 'all' });
  });

  test('orders parallel siblings by text when asked', () => {
    const spans = [span('GET', { attributes: { n: 2 } }), span('GET', { attributes: { n: 1 } })];
    assertTrees(spans, 'SERVER GET n=1\nSERVER GET n=2', { attributes: ['n'], order: 'text' });
  });
});

suite('assertTrees', () => {
  test('shows both trees when they differ', () => {
    assert.throws(
      () => assertTrees(shop(), 'SERVER GET 200'),
      (error: Error) => {
        assert(error instanceof assert.AssertionError);
        assert.match(error.message, /came:\n\nSERVER GET \/cart\/:id 200\n {2}CLIENT GET 200\n/);
        assert.match(error.message, /expected ones:\n\nSERVER GET 200\n/);
        return true;
      },
    );
  });

  test('takes … for any text of a line', () => {
    assertTrees([span('GET /a.b')], 'SERVER … /a.b');
    assert.throws(() => assertTrees([span('GET /a.b')], 'SERVER … /axb'));
    assert.throws(() => assertTrees([span('GET /a.b'), span('GET')], 'SERVER …'));
  });

  test('expects no span by an empty text', () => {
    assertTrees([], '');
    assert.throws(() => assertTrees([span('GET')], ''));
  });
});
