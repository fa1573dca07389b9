import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { closeAfter } from '../support/close-after.ts';
import { startSink } from '../support/otlp-sink.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { startUnrulyServer } from '../support/unruly-server.ts';
import { runTraced } from '../integration/traced.ts';

const byUndici = (version: number): string => `
      INTERNAL undici ${version} call
        CLIENT GET 200 url.full=<server>/ok
      INTERNAL undici ${version} redirect
        CLIENT GET 302 url.full=<server>/redirect
        CLIENT GET 200 url.full=<server>/ok?redirected http.request.resend_count=1
      INTERNAL undici ${version} retry
        CLIENT GET 503 ERROR url.full=<server>/503
        CLIENT GET 503 ERROR url.full=<server>/503 http.request.resend_count=1
      INTERNAL undici ${version} RetryAgent
        CLIENT GET 503 ERROR url.full=<server>/503
        CLIENT GET 503 ERROR url.full=<server>/503 http.request.resend_count=1
      INTERNAL undici ${version} retry and redirect
        CLIENT GET 302 url.full=<server>/redirect
        CLIENT GET 200 url.full=<server>/ok?redirected http.request.resend_count=1`;

suite('client libraries:', { timeout: 240_000 }, () => {
  test('each attempt is one span, below what made it, and repeats are counted', async (t) => {
    const [sink, server] = await Promise.all([closeAfter(t, startSink()), closeAfter(t, startUnrulyServer())]);
    const exit = await runTraced({
      program: 'client-libraries.mjs',
      env: { SERVER: server.url, OTEL_EXPORTER_OTLP_ENDPOINT: sink.url },
    });
    assertTrees(
      sink.spans,
      `
      INTERNAL got call
        CLIENT GET 200 url.full=<server>/ok
      INTERNAL got redirect
        CLIENT GET 302 url.full=<server>/redirect
        CLIENT GET 200 url.full=<server>/ok?redirected http.request.resend_count=1
      INTERNAL got retry
        CLIENT GET 503 ERROR url.full=<server>/503
        CLIENT GET 503 ERROR url.full=<server>/503 http.request.resend_count=1
      INTERNAL axios call
        CLIENT GET 200 url.full=<server>/ok
      INTERNAL axios redirect
        CLIENT GET 302 url.full=<server>/redirect
        CLIENT GET 200 url.full=<server>/ok?redirected http.request.resend_count=1
      INTERNAL ky call
        CLIENT GET 200 url.full=<server>/ok
      INTERNAL ky redirect
        CLIENT GET 302 url.full=<server>/redirect
        CLIENT GET 200 url.full=<server>/ok?redirected http.request.resend_count=1
      INTERNAL ky retry
        CLIENT GET 503 ERROR url.full=<server>/503
        CLIENT GET 503 ERROR url.full=<server>/503 http.request.resend_count=1
      INTERNAL node-fetch call
        CLIENT GET 200 url.full=<server>/ok
      INTERNAL node-fetch redirect
        CLIENT GET 302 url.full=<server>/redirect
        CLIENT GET 200 url.full=<server>/ok?redirected http.request.resend_count=1
      INTERNAL node-fetch 2 call
        CLIENT GET 200 url.full=<server>/ok
      INTERNAL node-fetch 2 redirect
        CLIENT GET 302 url.full=<server>/redirect
        CLIENT GET 200 url.full=<server>/ok?redirected http.request.resend_count=1
      INTERNAL superagent call
        CLIENT GET 200 url.full=<server>/ok
      INTERNAL superagent redirect
        CLIENT GET 302 url.full=<server>/redirect
        CLIENT GET 200 url.full=<server>/ok?redirected http.request.resend_count=1
      INTERNAL superagent retry
        CLIENT GET 503 ERROR url.full=<server>/503
        CLIENT GET 503 ERROR url.full=<server>/503 http.request.resend_count=1
      INTERNAL ws handshake
        CLIENT GET 101 url.full=<server>/upgrade
      INTERNAL ws refused
        CLIENT GET 426 ERROR url.full=<server>/refuse${[6, 7, 8].map(byUndici).join('')}`,
      {
        attributes: ['url.full', 'http.request.resend_count'],
        replace: { [server.url]: '<server>' },
      },
    );
    assert.equal(exit.code, 0);
    for (const { kind, attributes } of sink.spans) {
      if (kind !== 'CLIENT') continue;
      assert.equal(attributes['network.protocol.version'], '1.1');
      assert.equal(attributes['network.peer.address'], '127.0.0.1');
      assert.equal(attributes['network.peer.port'], server.port);
      assert.equal(attributes['server.address'], '127.0.0.1');
      assert.equal(attributes['server.port'], server.port);
    }
    const carried = server.requests.flatMap(({ traceparent }) => traceparent ?? []);
    const made = sink.spans
      .filter(({ kind }) => kind === 'CLIENT')
      .map((span) => `00-${span.traceId}-${span.spanId}-01`);
    assert.deepEqual(carried.toSorted(), made.toSorted());
  });
});
