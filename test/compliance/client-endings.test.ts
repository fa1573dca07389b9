import { suite, test } from 'node:test';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import { closedPort, startSink } from '../support/otlp-sink.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { startUnrulyServer } from '../support/unruly-server.ts';
import { runCases } from './run-cases.ts';

suite('every request of node:http ends its span, once, with what happened:', { timeout: 240_000 }, () => {
  test('http-endings.mjs', async (t) => {
    const [sink, server, tlsServer] = await Promise.all([
      closeAfter(t, startSink()),
      closeAfter(t, startUnrulyServer()),
      closeAfter(t, startUnrulyServer({ tls: true })),
    ]);
    const spans = await runCases(t, sink, {
      program: 'http-endings.mjs',
      spans: 50,
      env: {
        SERVER: server.url,
        TLS_SERVER: tlsServer.url,
        REFUSED: `http://127.0.0.1:${await closedPort()}`,
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        OTEL_BSP_SCHEDULE_DELAY: '20',
      },
    });
    assertTrees(
      spans,
      `
      CLIENT GET 204 url.full=<server>/204
      CLIENT GET 304 url.full=<server>/304
      CLIENT GET 200 url.full=<server>/ok
      CLIENT GET 200 url.full=<server>/hints
      CLIENT POST 200 url.full=<server>/continue
      CLIENT POST 417 ERROR url.full=<server>/expectation
      CLIENT GET 200 url.full=<server>/trailers
      CLIENT GET 200 url.full=<server>/close
      CLIENT HEAD 200 url.full=<server>/head
      CLIENT GET ECONNRESET ERROR "socket hang up" url.full=<server>/hangup
      CLIENT GET ECONNRESET ERROR "read ECONNRESET" url.full=<server>/reset
      CLIENT GET 200 ECONNRESET ERROR "aborted" url.full=<server>/half-hangup
      CLIENT GET 200 ECONNRESET ERROR "aborted" url.full=<server>/chunk-hangup
      CLIENT GET 200 ECONNRESET ERROR "read ECONNRESET" url.full=<server>/half-reset
      CLIENT GET HPE_INVALID_CONSTANT ERROR "Parse Error: …" url.full=<server>/garbage
      CLIENT GET 200 HPE_INVALID_CHUNK_SIZE ERROR "Parse Error: …" url.full=<server>/bad-chunk
      CLIENT GET ECONNREFUSED ERROR "connect ECONNREFUSED 127.0.0.1:<port>" url.full=http://127.0.0.1:<port>/
      CLIENT GET DEPTH_ZERO_SELF_SIGNED_CERT ERROR "self-signed certificate…" url.full=<tls>/
      CLIENT GET EPROTO ERROR "write EPROTO …" url.full=https://127.0.0.1:<port>/
      CLIENT POST EPIPE ERROR "write EPIPE" url.full=<server>/silent?send
      CLIENT GET url.full=<server>/silent?before
      CLIENT GET url.full=<server>/silent?abort
      CLIENT GET url.full=<server>/silent?destroy
      CLIENT GET RangeError ERROR "mine" url.full=<server>/silent?mine
      CLIENT GET url.full=<server>/silent?aborted
      CLIENT GET url.full=<server>/silent?signal
      CLIENT GET 200 url.full=<server>/half?request
      CLIENT GET 200 url.full=<server>/half?response
      CLIENT GET 200 url.full=<server>/half?break
      CLIENT GET 200 url.full=<server>/half?signal
      CLIENT GET TimeoutError ERROR "The operation was aborted" url.full=<server>/silent?expired
      CLIENT GET 200 TimeoutError ERROR "The operation was aborted" url.full=<server>/half?expired
      CLIENT GET ETIMEDOUT ERROR "too slow" url.full=<server>/silent?slow
      CLIENT GET timeout ERROR "destroyed after a timeout" url.full=<server>/silent?timeout
      CLIENT GET 200 timeout ERROR "destroyed after a timeout" url.full=<server>/half?timeout
      CLIENT GET url.full=<server>/silent?agent
      CLIENT GET url.full=<server>/silent?first
      CLIENT GET url.full=<server>/ok?queued
      CLIENT GET 200 url.full=<server>/once?first
      CLIENT GET ECONNRESET ERROR "read ECONNRESET" url.full=<server>/once?second
      CLIENT GET 200 url.full=<server>/close?unread
      CLIENT GET 200 url.full=<server>/ok?unheard
      CLIENT GET 101 url.full=<server>/upgrade
      CLIENT GET 101 url.full=<server>/upgrade?unheard
      CLIENT GET 426 ERROR url.full=<server>/refuse
      CLIENT GET ECONNRESET ERROR "socket hang up" url.full=<server>/hangup?upgrade
      CLIENT CONNECT 200 url.full=http://shop.example:443
      CLIENT CONNECT 407 ERROR url.full=http://refused.example:443
      CLIENT CONNECT 200 url.full=http://shop.example:443
      CLIENT GET 200 url.full=<server>/ok?listeners
      `,
      { attributes: ['url.full'], replace: { [server.url]: '<server>', [tlsServer.url]: '<tls>' } },
    );
  });
});

suite('every request of fetch and undici ends its span, once, with what happened:', { timeout: 240_000 }, () => {
  for (const client of casesOf(['fetch', 'undici-6', 'undici-7', 'undici'], 2)) {
    test(client, async (t) => {
      const [sink, server] = await Promise.all([closeAfter(t, startSink()), closeAfter(t, startUnrulyServer())]);
      const spans = await runCases(t, sink, {
        program: 'undici-endings.mjs',
        flags: ['--expose-gc'],
        spans: client === 'fetch' ? 27 : 45,
        env: {
          CLIENT: client,
          SERVER: server.url,
          REFUSED: `http://127.0.0.1:${await closedPort()}`,
          OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
          OTEL_BSP_SCHEDULE_DELAY: '20',
        },
      });
      const byFetch = `
        CLIENT GET 204 url.full=<server>/204
        CLIENT GET 304 url.full=<server>/304
        CLIENT GET 200 url.full=<server>/ok
        CLIENT GET 200 url.full=<server>/hints
        CLIENT GET 200 url.full=<server>/trailers
        CLIENT GET 200 url.full=<server>/close
        CLIENT HEAD 200 url.full=<server>/head
        CLIENT GET 302 url.full=<server>/redirect
        CLIENT GET 200 url.full=<server>/ok?redirected http.request.resend_count=1
        CLIENT GET UND_ERR_SOCKET ERROR "other side closed" url.full=<server>/hangup
        CLIENT GET ECONNRESET ERROR "read ECONNRESET" url.full=<server>/reset
        CLIENT GET 200 UND_ERR_SOCKET ERROR "other side closed" url.full=<server>/half-hangup
        CLIENT GET 200 UND_ERR_SOCKET ERROR "other side closed" url.full=<server>/chunk-hangup
        CLIENT GET 200 ECONNRESET ERROR "read ECONNRESET" url.full=<server>/half-reset
        CLIENT GET H… ERROR "Response does not match the HTTP/1.1 protocol…" url.full=<server>/garbage
        CLIENT GET ECONNREFUSED ERROR "connect ECONNREFUSED 127.0.0.1:<port>" url.full=http://127.0.0.1:<port>/
        CLIENT GET url.full=<server>/silent?abort
        CLIENT GET url.full=<server>/silent?word
        CLIENT GET 200 url.full=<server>/half?abort
        CLIENT GET 200 url.full=<server>/half?cancel
        CLIENT GET TimeoutError ERROR "The operation was aborted due to timeout" url.full=<server>/silent?expired
        CLIENT GET 200 url.full=<server>/half?unread-0
        CLIENT GET 200 url.full=<server>/half?unread-1
        CLIENT GET 200 url.full=<server>/half?unread-2
        CLIENT GET 101 url.full=<server>/upgrade?socket
        CLIENT GET 426 ERROR url.full=<server>/refuse?socket
        CLIENT GET UND_ERR_SOCKET ERROR "other side closed" url.full=<server>/hangup?socket`;
      // The handlers of undici 7 hide behind others, and this program is in no trace.
      const [first, second] =
        client === 'undici-7' ? ['', ''] : [' http.request.resend_count=1', ' http.request.resend_count=2'];
      const byUndici = `
        CLIENT GET 200 url.full=<server>/ok?request
        CLIENT GET UND_ERR_HEADERS_TIMEOUT ERROR "Headers Timeout Error" url.full=<server>/silent?headers
        CLIENT GET 200 UND_ERR_BODY_TIMEOUT ERROR "Body Timeout Error" url.full=<server>/half?body
        CLIENT GET UND_ERR_CONNECT_TIMEOUT ERROR "Connect Timeout" url.full=<server>/ok?connect
        CLIENT GET url.full=<server>/silent?own
        CLIENT GET TimeoutError ERROR "The operation was aborted due to timeout" url.full=<server>/silent?signal
        CLIENT GET 200 url.full=<server>/half?destroy
        CLIENT GET url.full=<server>/silent?client
        CLIENT GET 101 url.full=<server>/upgrade
        CLIENT GET 426 UND_ERR_SOCKET ERROR "bad upgrade" url.full=<server>/refuse
        CLIENT CONNECT 200 url.full=http://shop.example:443
        CLIENT GET 302 url.full=<server>/redirect
        CLIENT GET 200 url.full=<server>/ok?redirected http.request.resend_count=1
        CLIENT GET 503 ERROR url.full=<server>/503?retry
        CLIENT GET 503 ERROR url.full=<server>/503?retry${first}
        CLIENT GET 503 ERROR url.full=<server>/503?retry${second}
        CLIENT GET 503 ERROR url.full=<server>/503?agent
        CLIENT GET 503 ERROR url.full=<server>/503?agent${first}`;
      assertTrees(spans, client === 'fetch' ? byFetch : byFetch + byUndici, {
        attributes: ['url.full', 'http.request.resend_count'],
        replace: { [server.url]: '<server>' },
      });
    });
  }
});
