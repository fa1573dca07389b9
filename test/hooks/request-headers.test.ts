import assert from 'node:assert/strict';
import { ClientRequest } from 'node:http';
import { suite, test, type TestContext } from 'node:test';
import { forgetRequestHeader, readRequestHeader, setRequestHeader } from '../../src/hooks/request-headers.ts';
import { startBackend, type Backend } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';

/** Makes a request, sets a header on it as an instrumentation does, and gives the headers that arrived. */
async function send(
  t: TestContext,
  options: (backend: Backend) => { headers?: Record<string, string> | string[]; method?: string },
  prepare: (request: ClientRequest) => void,
): Promise<string[]> {
  const backend = await closeAfter(t, startBackend());
  await new Promise<void>((resolve, reject) => {
    const given = { host: '127.0.0.1', port: backend.port, path: '/stock/1', agent: false, ...options(backend) };
    const request = new ClientRequest(given);
    prepare(request);
    request.on('response', (response) => response.resume().on('end', resolve));
    request.on('error', reject);
    request.end();
  });
  const raw = backend.requests[0]?.rawHeaders ?? [];
  return raw.flatMap((name, index) => (index % 2 === 0 ? [`${name.toLowerCase()}: ${raw[index + 1]}`] : []));
}

const of = (lines: string[], name: string): string[] => lines.filter((line) => line.startsWith(`${name}: `));

suite('a header set on a request arrives once', () => {
  test('where headers are an object', async (t) => {
    const lines = await send(
      t,
      () => ({ headers: { TraceParent: 'old', 'x-shop': 'one' } }),
      (request) => setRequestHeader(request, 'traceparent', 'new'),
    );
    assert.deepEqual(of(lines, 'traceparent'), ['traceparent: new']);
    assert.deepEqual(of(lines, 'x-shop'), ['x-shop: one']);
  });

  test('where headers are a list, which Node has rendered already', async (t) => {
    const headers = [
      'Host',
      'shop.example',
      'TraceParent',
      'old',
      'X-Shop',
      'one',
      'traceparent',
      'older',
      'X-Shop',
      'two',
    ];
    const lines = await send(
      t,
      () => ({ headers }),
      (request) => {
        assert.equal(readRequestHeader(request, 'host'), 'shop.example');
        assert.equal(readRequestHeader(request, 'absent'), undefined);
        setRequestHeader(request, 'traceparent', 'new');
        setRequestHeader(request, 'baggage', 'a=b');
      },
    );
    assert.deepEqual(of(lines, 'traceparent'), ['traceparent: new']);
    assert.deepEqual(of(lines, 'baggage'), ['baggage: a=b']);
    assert.deepEqual(of(lines, 'x-shop'), ['x-shop: one', 'x-shop: two']);
    assert.deepEqual(of(lines, 'host'), ['host: shop.example']);
  });

  test('with Expect, where the rendered block is queued', async (t) => {
    const options = () => ({ method: 'POST', headers: { Expect: '100-continue', 'x-shop': 'one' } });
    const lines = await send(t, options, (request) => {
      setRequestHeader(request, 'traceparent', 'new');
      setRequestHeader(request, 'tracestate', 'a=b');
      // The stream counts what waits; a wrong count would hold back the program's writes.
      const { outputData, outputSize } = request as unknown as { outputData: { data: string }[]; outputSize: number };
      assert.equal(
        outputSize,
        outputData.reduce((sum, { data }) => sum + data.length, 0),
      );
    });
    assert.deepEqual(of(lines, 'traceparent'), ['traceparent: new']);
    assert.deepEqual(of(lines, 'tracestate'), ['tracestate: a=b']);
    assert.deepEqual(of(lines, 'x-shop'), ['x-shop: one']);
  });
});

suite('a header of a request', () => {
  test('is read from an object, a list of values and a rendered block alike', async (t) => {
    await send(
      t,
      () => ({ headers: { 'X-One': 'a' } }),
      (request) => {
        request.setHeader('x-many', ['b', 'c']);
        request.setHeader('x-number', 7);
        assert.deepEqual(
          ['x-one', 'x-many', 'x-number', 'x-none'].map((name) => readRequestHeader(request, name)),
          ['a', 'b', '7', undefined],
        );
      },
    );
  });

  test('is left alone once the block is on the wire', async (t) => {
    const backend = await closeAfter(t, startBackend());
    const request = new ClientRequest({ host: '127.0.0.1', port: backend.port, path: '/delay/50', agent: false });
    request.end();
    await new Promise((resolve) => request.once('finish', resolve));
    setRequestHeader(request, 'traceparent', 'late');
    const response = await new Promise<AsyncIterable<unknown>>((resolve) => request.once('response', resolve));
    for await (const _ of response);
    assert.equal(backend.requests[0]?.headers['traceparent'], undefined);
  });
});

test('a header that was set is forgotten once it is sent, so that nobody copies it to another request', async (t) => {
  let before: unknown;
  let after: unknown;
  const lines = await send(
    t,
    () => ({ headers: { 'x-shop': 'one' } }),
    (request) => {
      setRequestHeader(request, 'traceparent', 'new');
      forgetRequestHeader(request, 'traceparent');
      before = request.getHeader('traceparent');
      request.on('response', () => {
        forgetRequestHeader(request, 'traceparent');
        after = { ...request.getHeaders() };
      });
    },
  );
  assert.deepEqual(of(lines, 'traceparent'), ['traceparent: new']);
  assert.equal(before, 'new');
  assert.equal(Object.hasOwn(Object(after), 'traceparent'), false);
  assert.equal(Object(after)['x-shop'], 'one');
});
