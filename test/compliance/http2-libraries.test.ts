import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { certificateFile } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { startHttp2Backend } from '../support/http2-backend.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { runTraced, startSurroundings } from '../integration/traced.ts';

const SECRET = /secret-value/;

suite('libraries over http2 do what they do without us:', { timeout: 240_000 }, () => {
  for (const { program, spans: expected } of [
    {
      program: 'http2-got.mjs',
      spans: `
        CLIENT GET 200 url.full=<backend>/stock/1?token=REDACTED
        CLIENT GET 200 url.full=<backend>/stock/2
        CLIENT GET 503 ERROR url.full=<backend>/status/503
        CLIENT HEAD 200 url.full=<backend>/stock/3
        CLIENT POST 200 url.full=<backend>/echo`,
    },
    {
      program: 'http2-undici.mjs',
      spans: `
        CLIENT GET 200 url.full=<backend>/stock/1?token=REDACTED
        CLIENT GET 200 url.full=<backend>/stock/2
        CLIENT GET 200 url.full=<backend>/stock/3
        CLIENT GET 200 url.full=<backend>/stock/4
        CLIENT POST 200 url.full=<backend>/echo`,
    },
    {
      program: 'http2-fetch.mjs',
      spans: `
        CLIENT GET 200 url.full=<backend>/stock/1?token=REDACTED
        CLIENT GET 200 url.full=<backend>/stock/2`,
    },
  ]) {
    test(`${program}: one span and one trace header for each request`, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const backend = await closeAfter(t, startHttp2Backend({ tls: true }));
      const given = { BACKEND2: backend.url, NODE_EXTRA_CA_CERTS: certificateFile, TRACING_THROW_INTERNAL_ERRORS: '1' };
      await runTraced({ program, flags: ['--no-warnings'], env: { ...env, ...given } });
      const spans = await sink.waitForSpans(expected.trim().split('\n').length);
      assertTrees(spans, expected, {
        attributes: ['url.full'],
        order: 'text',
        replace: { [backend.url]: '<backend>' },
      });
      const carried = backend.requests.flatMap(({ rawHeaders }) =>
        rawHeaders.filter((_text, index) => rawHeaders[index - 1] === 'traceparent'),
      );
      assert.deepEqual(carried.toSorted(), spans.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`).toSorted());
      assert.doesNotMatch(sink.rawText(), SECRET);
    });
  }

  test('gRPC: each call is a span on either side, with the HTTP exchange that carries it', async (t) => {
    const { sink, env } = await startSurroundings(t);
    await runTraced({ program: 'http2-grpc.cjs', env: { ...env, TRACING_THROW_INTERNAL_ERRORS: '1' } });
    assertTrees(
      await sink.waitForSpans(15),
      `
      CLIENT grpc.shop.Stock/Get
        CLIENT POST 200 url.full=http://127.0.0.1:<port>/shop.Stock/Get
          SERVER POST 200 url.path=/shop.Stock/Get
          SERVER grpc.shop.Stock/Get
      CLIENT grpc.shop.Stock/Fail ERROR
        CLIENT POST 200 url.full=http://127.0.0.1:<port>/shop.Stock/Fail
          SERVER POST 200 url.path=/shop.Stock/Fail
          SERVER grpc.shop.Stock/Fail ERROR
      CLIENT grpc.shop.Stock/List
        CLIENT POST 200 url.full=http://127.0.0.1:<port>/shop.Stock/List
          SERVER POST 200 url.path=/shop.Stock/List
          SERVER grpc.shop.Stock/List
      CLIENT grpc.shop.Stock/Hang ERROR
        CLIENT POST url.full=http://127.0.0.1:<port>/shop.Stock/Hang
          SERVER POST … url.path=/shop.Stock/Hang
      `,
      { attributes: ['url.full', 'url.path'] },
    );
  });
});
