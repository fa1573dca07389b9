import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { certificateFile, type BackendRequest } from '../support/backend.ts';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { amountOf, casesOf } from '../support/every-case.ts';
import { closedPort } from '../support/otlp-sink.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { exchange, rawGet, runTraced, startSurroundings, startTraced } from './traced.ts';

/** One of the two where not every case is wanted. */
const first = (...variants: ['cjs', 'mjs'] | ['mjs', 'cjs']) => casesOf(variants, 1);
const SECRET = /secret-value/;
const json = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };

const attributesOf = (spans: readonly ReceivedSpan[], name: string): unknown[] =>
  spans.map(({ attributes }) => attributes[name]);
const ask = async (port: number, path: string, init?: RequestInit): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, init)).text();
const requestTo = (requests: readonly BackendRequest[], path: string): BackendRequest => {
  const found = requests.find(({ url }) => url.startsWith(path));
  assert(found, `nothing called ${path}`);
  return found;
};
const headerCount = ({ rawHeaders }: BackendRequest, name: string): number =>
  rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;

/** The calls that reached the backend with a trace are the client spans that reached the sink, one for one. */
function assertCarried(requests: readonly BackendRequest[], spans: readonly ReceivedSpan[]): void {
  const carried = requests.flatMap(({ headers }) => headers['traceparent'] ?? []);
  const made = spans.filter(({ kind }) => kind === 'CLIENT').map((span) => `00-${span.traceId}-${span.spanId}-01`);
  assert.deepEqual(carried.toSorted(), made.toSorted());
}

suite(
  'every client call is a span, and the program prints what it prints without us:',
  { concurrency: 4, timeout: 240_000 },
  () => {
    const clients = [
      ['cjs', false],
      ['cjs', true],
      ['mjs', false],
      ['mjs', true],
    ] as const;
    for (const [variant, tls] of casesOf(clients, 2)) {
      test(`client-http.${variant} over ${tls ? 'https' : 'http'}`, async (t) => {
        const { sink, backend, env } = await startSurroundings(t, { tls });
        await runTraced({
          program: `client-http.${variant}`,
          env: { ...env, ...(tls && json), NODE_EXTRA_CA_CERTS: certificateFile },
        });
        const byClass = `
          CLIENT GET 200 url.full=<backend>/stock/7 server.address=127.0.0.1 server.port=<port>
          CLIENT DELETE 200 url.full=<backend>/stock/8 server.address=127.0.0.1 server.port=<port>`;
        const spans = await sink.waitForSpans(tls ? 9 : 11);
        assertTrees(
          spans,
          `
          CLIENT GET 200 url.full=<backend>/stock/1?page=2&token=REDACTED server.address=127.0.0.1 server.port=<port>
          CLIENT GET 200 url.full=<backend>/stock/2 server.address=127.0.0.1 server.port=<port>
          CLIENT GET 200 url.full=<backend>/stock/3 server.address=127.0.0.1 server.port=<port>
          CLIENT GET 200 url.full=<backend>/stock/4 server.address=127.0.0.1 server.port=<port>
          CLIENT POST 200 url.full=<backend>/echo server.address=127.0.0.1 server.port=<port>
          CLIENT PUT 200 url.full=<backend>/echo server.address=127.0.0.1 server.port=<port>
          CLIENT HEAD 200 url.full=<backend>/stock/5 server.address=127.0.0.1 server.port=<port>
          CLIENT GET 200 url.full=${tls ? 'https' : 'http'}://shop.example/stock/6 server.address=shop.example server.port=${tls ? 443 : 80}
          CLIENT GET 404 ERROR url.full=<backend>/status/404 server.address=127.0.0.1 server.port=<port>${tls ? '' : byClass}
          `,
          { attributes: ['url.full', 'server.address', 'server.port'], replace: { [backend.url]: '<backend>' } },
        );
        assertCarried(backend.requests, spans);
        assert.doesNotMatch(sink.rawText(), SECRET);
      });
    }

    for (const variant of first('mjs', 'cjs')) {
      test(`client-fetch.${variant}, redirects as requests of their own that are counted`, async (t) => {
        const { sink, backend, env } = await startSurroundings(t);
        await runTraced({ program: `client-fetch.${variant}`, env: { ...env, ...json } });
        const spans = await sink.waitForSpans(16);
        assertTrees(
          spans,
          `
        CLIENT GET 200 url.full=<backend>/stock/1?page=2&token=REDACTED
        CLIENT GET 200 url.full=<backend>/stock/2
        CLIENT GET 200 url.full=<backend>/stock/3
        CLIENT POST 200 url.full=<backend>/echo
        CLIENT POST 200 url.full=<backend>/echo
        CLIENT PUT 200 url.full=<backend>/echo
        CLIENT DELETE 200 url.full=<backend>/stock/4
        CLIENT HEAD 200 url.full=<backend>/stock/5
        CLIENT GET 302 url.full=<backend>/redirect/2
        CLIENT GET 302 url.full=<backend>/redirect/1 http.request.resend_count=1
        CLIENT GET 200 url.full=<backend>/redirect/0 http.request.resend_count=2
        CLIENT GET 302 url.full=<backend>/redirect/1
        CLIENT GET 404 ERROR url.full=<backend>/status/404
        CLIENT GET 200 url.full=<backend>/delay/…
        CLIENT GET 200 url.full=<backend>/delay/…
        CLIENT GET 200 url.full=<backend>/delay/…
        `,
          { attributes: ['url.full', 'http.request.resend_count'], replace: { [backend.url]: '<backend>' } },
        );
        assertCarried(backend.requests, spans);
        assert.doesNotMatch(sink.rawText(), SECRET);
      });
    }

    for (const variant of first('cjs', 'mjs')) {
      test(`client-undici.${variant}`, async (t) => {
        const { sink, backend, env } = await startSurroundings(t);
        await runTraced({ program: `client-undici.${variant}`, env });
        const spans = await sink.waitForSpans(8);
        assertTrees(
          spans,
          `
        CLIENT GET 200 url.full=<backend>/stock/1?page=2&token=REDACTED
        CLIENT POST 200 url.full=<backend>/echo
        CLIENT GET 200 url.full=<backend>/stock/2
        CLIENT GET 200 url.full=<backend>/stock/3
        CLIENT PUT 200 url.full=<backend>/echo
        CLIENT GET 200 url.full=<backend>/stock/4
        CLIENT GET 200 url.full=<backend>/stock/5
        CLIENT GET 404 ERROR url.full=<backend>/status/404
        `,
          { attributes: ['url.full'], replace: { [backend.url]: '<backend>' } },
        );
        assertCarried(backend.requests, spans);
        assert.doesNotMatch(sink.rawText(), SECRET);
      });
    }
  },
);

// One after the other: these programs give their calls 50 ms.
suite('calls that fail:', { timeout: 240_000 }, () => {
  for (const variant of first('cjs', 'mjs')) {
    test(`failing-calls.${variant}: a caller's cancel is no error, a timeout is, and error.type is a code`, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const REFUSED = `http://127.0.0.1:${await closedPort()}`;
      await runTraced({ program: `failing-calls.${variant}`, env: { ...env, REFUSED } });
      const spans = await sink.waitForSpans(18);
      assertTrees(
        spans,
        `
        CLIENT GET ECONNREFUSED ERROR "connect ECONNREFUSED 127.0.0.1:<port>"
          * exception ECONNREFUSED: "connect ECONNREFUSED 127.0.0.1:<port>"
        CLIENT GET ECONNREFUSED ERROR "connect ECONNREFUSED 127.0.0.1:<port>"
          * exception ECONNREFUSED: "connect ECONNREFUSED 127.0.0.1:<port>"
        CLIENT GET ENOTFOUND ERROR "getaddrinfo ENOTFOUND nothing.invalid"
          * exception ENOTFOUND: "getaddrinfo ENOTFOUND nothing.invalid"
        CLIENT GET … ERROR "getaddrinfo … nothing.invalid"
          * exception …: "getaddrinfo … nothing.invalid"
        CLIENT GET ETIMEDOUT ERROR "too slow"
          * exception ETIMEDOUT: "too slow"
        CLIENT GET TimeoutError ERROR "The operation was aborted"
          * exception TimeoutError: "The operation was aborted"
        CLIENT GET TimeoutError ERROR "The operation was aborted due to timeout"
          * exception TimeoutError: "The operation was aborted due to timeout"
        CLIENT GET
        CLIENT GET
        CLIENT GET
        CLIENT GET 200
        CLIENT GET 200
        CLIENT GET ECONNRESET ERROR …
          * exception ECONNRESET: …
        CLIENT GET ECONNRESET ERROR …
          * exception ECONNRESET: …
        CLIENT GET 404 ERROR
        CLIENT GET 404 ERROR
        CLIENT GET 500 ERROR
        CLIENT GET 500 ERROR
        `,
        { events: true },
      );
      assert(attributesOf(spans, 'error.type').every((type) => type === undefined || typeof type === 'string'));
      assert.doesNotMatch(sink.rawText(), SECRET);
    });
  }
});

suite('a server:', { concurrency: 4, timeout: 240_000 }, () => {
  for (const variant of first('mjs', 'cjs')) {
    test(`gateway.${variant}: calls of handlers, timers, awaits and body events are children of their request`, async (t) => {
      const { sink, backend, env } = await startSurroundings(t);
      const { port } = await startTraced(t, { program: `gateway.${variant}`, env: { ...env, ...json } });
      for (const path of ['/http', '/fetch', '/timer', '/await', '/sequence', '/parallel', '/failing'])
        await ask(port, path);
      // The body comes in packets of its own, so that its events are not part of the parser's first callback.
      const call = httpRequest({ port, host: '127.0.0.1', path: '/body', method: 'POST' });
      call.write('first');
      await new Promise((resolve) => setTimeout(resolve, 30));
      call.end(', second');
      await once(call, 'response');
      assertTrees(
        await sink.waitForSpans(18),
        `
        SERVER GET 200 url.path=/http
          CLIENT GET 200 url.full=<backend>/stock/1?token=REDACTED&page=2
        SERVER GET 200 url.path=/fetch
          CLIENT GET 200 url.full=<backend>/stock/2?token=REDACTED&page=2
        SERVER GET 200 url.path=/timer
          CLIENT GET 200 url.full=<backend>/stock/3
        SERVER GET 200 url.path=/await
          CLIENT GET 200 url.full=<backend>/stock/4
        SERVER GET 200 url.path=/sequence
          CLIENT GET 200 url.full=<backend>/stock/6
          CLIENT GET 200 url.full=<backend>/stock/7
        SERVER GET 200 url.path=/parallel
          CLIENT GET 200 url.full=<backend>/delay/…0
          CLIENT GET 200 url.full=<backend>/delay/…0
        SERVER GET 502 ERROR url.path=/failing
          CLIENT GET ECONNRESET ERROR … url.full=<backend>/reset
        SERVER POST 200 url.path=/body
          CLIENT GET 200 url.full=<backend>/stock/5?length=13
        `,
        { attributes: ['url.path', 'url.full'], replace: { [backend.url]: '<backend>' } },
      );
      assert.doesNotMatch(sink.rawText(), SECRET);
    });
  }

  for (const variant of first('cjs', 'mjs')) {
    test(`api-user.${variant}: the program's own spans join the trace, their texts redacted`, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const { port } = await startTraced(t, { program: `api-user.${variant}`, env });
      const seen = JSON.parse(await ask(port, '/')) as { traceId: string; spanId: string };
      await ask(port, '/broken');
      const spans = await sink.waitForSpans(6);
      assertTrees(
        spans,
        `
        SERVER GET 200
          INTERNAL price sku=42
            * priced
            CLIENT GET 200
        SERVER GET 500 ERROR
          INTERNAL price ERROR "no price for ?token=REDACTED" sku=42
            * priced
            * exception Error: "no price for ?token=REDACTED"
            CLIENT GET 200
        `,
        { events: true, attributes: ['sku'] },
      );
      assert(spans.some(({ traceId, spanId }) => traceId === seen.traceId && spanId === seen.spanId));
      assert.doesNotMatch(sink.rawText(), SECRET);
    });
  }

  for (const variant of first('mjs', 'cjs')) {
    test(`https-server.${variant} says https`, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const { port } = await startTraced(t, { program: `https-server.${variant}`, env });
      // Not fetch: this process does not trust the fixture's certificate.
      const { request } = await import('node:https');
      const call = request({ host: '127.0.0.1', port, path: '/a?b=c', rejectUnauthorized: false }).end();
      await once(call, 'response');
      assertTrees(
        await sink.waitForSpans(1),
        'SERVER GET 200 url.scheme=https url.path=/a url.query=b=c server.port=<port>',
        {
          attributes: ['url.scheme', 'url.path', 'url.query', 'server.port'],
        },
      );
      call.destroy();
    });
  }

  test('has at its creation and its end the attributes of the conventions, and no others', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const { port } = await startTraced(t, { program: 'server-hello.cjs', env });
    await exchange(
      port,
      rawGet('/status/503?a%20b=c;d&e=1&e=2&token=secret-value-123', 'User-Agent: probe token=secret-value-123\r\n'),
    );
    await exchange(
      port,
      rawGet(
        '/',
        'X-Forwarded-Proto: https, http\r\nX-Forwarded-Host: front.example:8443, inner\r\nX-Forwarded-For: 203.0.113.7, 10.0.0.1\r\n',
      ),
    );
    await exchange(
      port,
      rawGet('/', 'Forwarded: for="[2001:db8::1]:4711";proto=https;host="a.example", for=10.0.0.1\r\n'),
    );
    assertTrees(
      await sink.waitForSpans(3),
      `
      SERVER GET 503 ERROR client.address=127.0.0.1 error.type=503 http.request.method=GET http.response.status_code=503 network.peer.address=127.0.0.1 network.peer.port=<port> network.protocol.version=1.1 server.address=shop.example server.port=80 url.path=/status/503 url.query=a%20b=c;d&e=1&e=2&token=REDACTED url.scheme=http user_agent.original="probe token=REDACTED"
      SERVER GET 200 client.address=203.0.113.7 http.request.method=GET http.response.status_code=200 network.peer.address=127.0.0.1 network.peer.port=<port> network.protocol.version=1.1 server.address=front.example server.port=<port> url.path=/ url.scheme=https
      SERVER GET 200 client.address=2001:db8::1 http.request.method=GET http.response.status_code=200 network.peer.address=127.0.0.1 network.peer.port=<port> network.protocol.version=1.1 server.address=a.example server.port=443 url.path=/ url.scheme=https
      `,
      { attributes: 'all' },
    );
  });

  test('names a method it does not know HTTP, and keeps the original', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const { port } = await startTraced(t, { program: 'server-hello.mjs', env });
    await ask(port, '/', { method: 'PURGE' });
    await ask(port, '/', { method: 'PATCH' });
    assertTrees(
      await sink.waitForSpans(2),
      `
      SERVER HTTP 200 http.request.method=_OTHER http.request.method_original=PURGE
      SERVER PATCH 200 http.request.method=PATCH
      `,
      { attributes: ['http.request.method', 'http.request.method_original'] },
    );
  });

  // Without AsyncContextFrame, as on Node 22, the context of one request is still attached when the next one is parsed.
  const kinds = process.allowedNodeEnvironmentFlags.has('--no-async-context-frame')
    ? [[], ['--no-async-context-frame']]
    : [[]];
  for (const flags of kinds)
    test(`keeps each of three pipelined requests with its own children ${flags.join()}`, async (t) => {
      const { sink, backend, env } = await startSurroundings(t);
      const { port } = await startTraced(t, { program: 'gateway.cjs', flags, env });
      const targets = ['/timer?n=1', '/await?n=2', '/http?n=3'];
      const answer = await exchange(port, targets.map((target, i) => rawGet(target, '', i === 2)).join(''));
      assert.equal(answer.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
      assertTrees(
        await sink.waitForSpans(6),
        `
      SERVER GET 200 url.query=n=1
        CLIENT GET 200 url.full=<backend>/stock/3
      SERVER GET 200 url.query=n=2
        CLIENT GET 200 url.full=<backend>/stock/4
      SERVER GET 200 url.query=n=3
        CLIENT GET 200 url.full=<backend>/stock/1?token=REDACTED&page=2
      `,
        { attributes: ['url.query', 'url.full'], replace: { [backend.url]: '<backend>' } },
      );
    });

  test('mixes up none of many interleaved keep-alive requests', async (t) => {
    const count = amountOf(1000, 200);
    const { sink, env } = await startSurroundings(t);
    const code = `
      const { createServer, get } = require('node:http');
      const server = createServer((request, response) => {
        setTimeout(() => get(process.env.BACKEND + request.url, (inner) => {
          inner.resume().on('end', () => response.end());
        }), Math.random() * 5);
      }).listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));`;
    const { port } = await startTraced(t, { code, env });
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    t.after(() => agent.destroy());
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const [response] = await once(get({ host: '127.0.0.1', port, agent, path: `/stock/${index}` }), 'response');
        response.resume();
      }),
    );
    const spans = await sink.waitForSpans(2 * count);
    const servers = new Map(spans.filter(({ kind }) => kind === 'SERVER').map((span) => [span.spanId, span]));
    const pairs = spans
      .filter(({ kind }) => kind === 'CLIENT')
      .map(({ attributes, parentSpanId }) => [
        new URL(String(attributes['url.full'])).pathname,
        servers.get(parentSpanId)?.attributes['url.path'],
      ]);
    assert.equal(new Set(pairs.map(([client]) => client)).size, count);
    assert.deepEqual(
      pairs.filter(([client, server]) => client !== server),
      [],
    );
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, count);
  });

  test('answers targets that no parser takes, and records no secret of them', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const program = await startTraced(t, { program: 'gateway.mjs', env });
    const targets = [
      '//x?sig=secret-value-1',
      '*',
      'http://user:secret-value-2@h.example/a?token=secret-value-3',
      '/%zz?x',
      'http://[bad?token=secret-value-4',
      '/%ff%fe?%74oken=secret-value-5',
      '/a?TOKEN=secret-value-6&access_token=secret-value-7&apiKey=secret-value-8',
      '/a;token=secret-value-9',
      '/a#token=secret-value-10',
      '/a?next=http://u:secret-value-11@h/?password=secret-value-12',
      '/a?next=%2Fb%3Ftoken%3Dsecret-value-13',
      '/a?x=1?token=secret-value-14',
    ];
    for (const target of targets) assert.match(await exchange(program.port, rawGet(target)), /^HTTP\/1\.1 200 OK/);
    const spans = await sink.waitForSpans(targets.length);
    assertTrees(
      spans.slice(0, 5),
      `
      SERVER GET 200 url.path=//x url.query=sig=REDACTED
      SERVER GET 200 url.path=*
      SERVER GET 200 url.path=/a url.query=token=REDACTED
      SERVER GET 200 url.path=/%zz url.query=x
      SERVER GET 200 url.path=… url.query=token=REDACTED
      `,
      { attributes: ['url.path', 'url.query'] },
    );
    assert.doesNotMatch(sink.rawText() + program.stderr(), SECRET);
  });

  test('tells a client that went away from a response that was destroyed, and records a status code only where one was sent', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const { port } = await startTraced(t, { program: 'server-hello.cjs', env });
    for (const [path, marker] of [
      ['/hang', undefined],
      ['/half', 'half'],
    ] as const) {
      const socket = connect(port, '127.0.0.1');
      await new Promise<unknown>((resolve) => socket.write(rawGet(path), resolve));
      if (marker !== undefined) await once(socket, 'data');
      socket.destroy();
      await once(socket, 'close');
    }
    await assert.rejects(ask(port, '/reset'));
    assertTrees(
      await sink.waitForSpans(3),
      `
      SERVER GET aborted url.path=/hang
      SERVER GET 200 aborted url.path=/half
      SERVER GET destroyed ERROR url.path=/reset
      `,
      { attributes: ['url.path'] },
    );
  });
});

const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const incoming = (flags = '01'): Record<string, string> => ({
  traceparent: `00-${ids.traceId}-${ids.spanId}-${flags}`,
  tracestate: 'vendor=one,other=two',
  baggage: 'user=42',
});

suite('trace context:', { concurrency: 4, timeout: 240_000 }, () => {
  test('comes in and goes on: parent, trace state and baggage', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const { port } = await startTraced(t, { program: 'gateway.cjs', env });
    await ask(port, '/sequence', { headers: incoming() });
    const spans = await sink.waitForSpans(3);
    assertTrees(spans, 'SERVER GET 200 (remote parent)\n  CLIENT GET 200\n  CLIENT GET 200');
    for (const span of spans) {
      assert.equal(span.traceId, ids.traceId);
      assert.equal(span.traceState, 'vendor=one,other=two');
    }
    assert.equal(spans.find(({ kind }) => kind === 'SERVER')?.parentSpanId, ids.spanId);
    assertCarried(backend.requests, spans);
    for (const { headers } of backend.requests) {
      assert.equal(headers['tracestate'], 'vendor=one,other=two');
      assert.equal(headers['baggage'], 'user=42');
    }
  });

  test('an unsampled parent stays unsampled, and goes on as such', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const program = await startTraced(t, { program: 'gateway.cjs', env });
    await ask(program.port, '/sequence', { headers: incoming('00') });
    await ask(program.port, '/');
    assertTrees(await sink.waitForSpans(1), 'SERVER GET 200');
    program.send('stop');
    assert.equal((await program.exited).code, 0);
    assert.equal(sink.spans.length, 1);
    assert.equal(backend.requests.length, 2);
    for (const { headers } of backend.requests) {
      assert.match(String(headers['traceparent']), new RegExp(`^00-${ids.traceId}-.{16}-00$`));
    }
  });

  test('a header that is none starts a new trace', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const { port } = await startTraced(t, { program: 'gateway.mjs', env });
    const wrong = ['x', `00-${'0'.repeat(32)}-${ids.spanId}-01`, `ff-${ids.traceId}-${ids.spanId}-01`];
    for (const traceparent of wrong)
      await ask(port, '/', { headers: { traceparent, tracestate: ',=;', baggage: '=;,%' } });
    const spans = await sink.waitForSpans(wrong.length);
    assertTrees(spans, 'SERVER GET 200\nSERVER GET 200\nSERVER GET 200');
    assert(spans.every(({ traceId }) => traceId !== ids.traceId));
  });

  test('with no propagator no header is read and none is sent', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const { port } = await startTraced(t, { program: 'gateway.cjs', env: { ...env, OTEL_PROPAGATORS: 'none' } });
    await ask(port, '/sequence', { headers: incoming() });
    assertTrees(await sink.waitForSpans(3), 'SERVER GET 200\n  CLIENT GET 200\n  CLIENT GET 200');
    assert.equal(backend.requests.length, 2);
    for (const { headers } of backend.requests) {
      assert.deepEqual(
        [headers['traceparent'], headers['tracestate'], headers['baggage']],
        [undefined, undefined, undefined],
      );
    }
  });

  test('ratio 0 sends no span, and tells the next service so', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    await runTraced({
      program: 'client-fetch.cjs',
      env: { ...env, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' },
    });
    // The run without the agent sent as many, without a header.
    const carried = backend.requests.flatMap(({ headers }) => headers['traceparent'] ?? []);
    assert.equal(carried.length, backend.requests.length / 2);
    for (const traceparent of carried) assert.match(traceparent, /-00$/);
    assert.equal(sink.requests.length, 0);
  });

  test('goes with a request whichever way its headers were given, and leaves them as they were', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const code = `
      const http = require('node:http');
      const base = process.env.BACKEND, { host } = new URL(base);
      const calls = {
        array: () => http.request(base + '/array', { headers: ['Host', host, 'X-Shop', 'one', 'X-Shop', 'two'] }).end(),
        expect: () => {
          const call = http.request(base + '/echo/expect', { method: 'POST', headers: { Expect: '100-continue', 'X-Shop': 'three' } });
          call.on('continue', () => { console.log('continue'); call.end('the body'); });
          return call;
        },
        own: () => http.request(base + '/own', { headers: { TraceParent: '00-${'1'.repeat(32)}-${'2'.repeat(16)}-01' } }).end(),
        ownInArray: () => http.request(base + '/listed', { headers: ['host', host, 'TraceParent', 'mine'] }).end(),
        later: () => { const call = http.request(base + '/later'); call.setHeader('x-shop', 'four'); call.flushHeaders(); setTimeout(() => call.end(), 5); return call; },
        noAgent: () => http.request(base + '/no-agent', { agent: false }).end(),
      };
      (async () => {
        for (const [name, start] of Object.entries(calls)) {
          const call = start();
          const response = await new Promise((resolve, reject) => call.on('response', resolve).on('error', reject));
          let text = '';
          for await (const chunk of response) text += chunk;
          console.log(name, response.statusCode, text);
        }
        const response = await fetch(base + '/fetched', { headers: [['traceparent', 'mine'], ['x-shop', 'five']] });
        console.log(response.status, await response.text());
      })();`;
    const { stdout } = await runTraced({ code, env });
    assert.match(stdout, /^array 200 .*\ncontinue\nexpect 200 the body\n/);
    const spans = await sink.waitForSpans(7);
    const traced = backend.requests.filter(({ headers }) => /^00-(?!1{32})/.test(String(headers['traceparent'])));
    assertCarried(traced, spans);
    for (const request of traced) assert.equal(headerCount(request, 'traceparent'), 1, request.url);
    assert.equal(requestTo(traced, '/array').headers['x-shop'], 'one, two');
    assert.equal(requestTo(traced, '/echo/expect').headers['x-shop'], 'three');
    assert.equal(requestTo(traced, '/later').headers['x-shop'], 'four');
    assert.equal(requestTo(traced, '/fetched').headers['x-shop'], 'five');
  });

  test('is right in the events of responses, also of requests that waited for a socket', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const code = `
      const http = require('node:http');
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const call = (path, done) => http.get(process.env.BACKEND + path, { agent }, (r) => r.on('data', () => {}).on('end', done));
      const server = http.createServer((request, response) => {
        call(request.url + '/outer', () => call(request.url + '/inner', () => response.end()));
      }).listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));`;
    const { port } = await startTraced(t, { code, env });
    await Promise.all(['/a', '/b', '/c'].map((path) => ask(port, path)));
    const inside = (name: string): string => `
      SERVER GET 200 url.path=/${name}
        CLIENT GET 200 url.full=<backend>/${name}/inner
        CLIENT GET 200 url.full=<backend>/${name}/outer`;
    assertTrees(await sink.waitForSpans(9), ['a', 'b', 'c'].map(inside).join(''), {
      attributes: ['url.path', 'url.full'],
      order: 'text',
      replace: { [backend.url]: '<backend>' },
    });
  });
});

suite('ignored:', { concurrency: 4, timeout: 240_000 }, () => {
  test('a server request makes no span, nor do its children, also at the end of its body', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const program = await startTraced(t, {
      program: 'gateway.cjs',
      env: { ...env, TRACING_IGNORE_URLS: '/sequence,/body,/timer' },
    });
    await ask(program.port, '/sequence');
    await ask(program.port, '/timer?x=1');
    await ask(program.port, '/body', { method: 'POST', body: 'text' });
    await exchange(program.port, rawGet('http://h.example/timer'));
    await ask(program.port, '/http');
    await sink.waitForSpans(2);
    program.send('stop');
    await program.exited;
    assertTrees(sink.spans, 'SERVER GET 200 url.path=/http\n  CLIENT GET 200', { attributes: ['url.path'] });
    assert.equal(backend.requests.length, 5);
    const silent = backend.requests.filter(({ url }) => !url.startsWith('/stock/1'));
    for (const { headers } of silent) assert.equal(headers['traceparent'], undefined);
  });

  test('a client request makes no span and sends no header, by http and by fetch', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const { port } = await startTraced(t, {
      program: 'gateway.mjs',
      env: { ...env, TRACING_IGNORE_URLS: 'http://127.0.0.1:*/stock/6,GET http://*/stock/7' },
    });
    await ask(port, '/sequence');
    await ask(port, '/fetch');
    assertTrees(await sink.waitForSpans(3), 'SERVER GET 200\nSERVER GET 200\n  CLIENT GET 200');
    for (const path of ['/stock/6', '/stock/7']) {
      assert.equal(requestTo(backend.requests, path).headers['traceparent'], undefined);
    }
  });

  test("the agent's own deliveries are no spans and carry no trace", async (t) => {
    const { sink, env } = await startSurroundings(t);
    const program = await startTraced(t, { program: 'server-hello.cjs', env });
    await ask(program.port, '/');
    await sink.waitForSpans(1);
    await ask(program.port, '/');
    await sink.waitForSpans(2);
    program.send('stop');
    await program.exited;
    assert.equal(sink.spans.length, 2);
    assert(sink.requests.length >= 2);
    for (const { headers } of sink.requests) assert.equal(headers['traceparent'], undefined);
  });
});

suite('client URLs:', { concurrency: 4, timeout: 240_000 }, () => {
  test('are recorded byte for byte where nothing is secret, and name the host that is called', async (t: TestContext) => {
    const { sink, backend, env } = await startSurroundings(t);
    const code = `
      const http = require('node:http');
      const base = process.env.BACKEND, { hostname, port } = new URL(base);
      const run = (call) => new Promise((resolve, reject) => call.on('response', (r) => r.resume().on('end', resolve)).on('error', reject).end());
      (async () => {
        await run(http.request({ hostname, port, path: '//evil.example/x?sig=secret-value-1' }));
        await fetch(base + '//evil.example/x?sig=secret-value-2').then((r) => r.text());
        await run(http.request({ hostname, port, path: '/a%20b/?c=%2f+%20;d&e=1&e=2&' }));
        await fetch(base + '/a%20b/?c=%2f+%20;d&e=1&e=2&').then((r) => r.text());
        await run(http.request({ hostname, port, path: 'http://user:secret-value-3@other.example/abs?a=b' }));
        await run(http.request({ hostname, port, path: '/auth', auth: 'user:secret-value-4' }));
        await run(http.request({ hostname, port, path: '/verb', method: 'PURGE' }));
        await fetch(base + '/verb', { method: 'purge' }).then((r) => r.text(), () => {});
      })();`;
    await runTraced({ code, env });
    assertTrees(
      await sink.waitForSpans(8),
      `
      CLIENT GET 200 url.full=<backend>//evil.example/x?sig=REDACTED server.address=127.0.0.1
      CLIENT GET 200 url.full=<backend>//evil.example/x?sig=REDACTED server.address=127.0.0.1
      CLIENT GET 200 url.full=<backend>/a%20b/?c=%2f+%20;d&e=1&e=2& server.address=127.0.0.1
      CLIENT GET 200 url.full=<backend>/a%20b/?c=%2f+%20;d&e=1&e=2& server.address=127.0.0.1
      CLIENT GET 200 url.full=http://REDACTED:REDACTED@other.example/abs?a=b server.address=other.example
      CLIENT GET 200 url.full=<backend>/auth server.address=127.0.0.1
      CLIENT HTTP 200 url.full=<backend>/verb server.address=127.0.0.1 http.request.method_original=PURGE
      CLIENT HTTP 400 ERROR url.full=<backend>/verb server.address=127.0.0.1 http.request.method_original=purge
      `,
      {
        attributes: ['url.full', 'server.address', 'http.request.method_original'],
        replace: { [backend.url]: '<backend>' },
      },
    );
    assert.doesNotMatch(sink.rawText(), SECRET);
  });

  test('of a unix socket name the socket and no port', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const code = `
      const http = require('node:http');
      const socketPath = require('node:path').join(require('node:os').tmpdir(), 'tracing-' + process.pid + '.sock');
      const server = http.createServer((_, response) => response.end('hello')).listen(socketPath, () => {
        http.get({ socketPath, path: '/x' }, (response) => response.resume().on('end', () => server.close()));
      });`;
    await runTraced({ code, env });
    const spans = await sink.waitForSpans(2);
    const client = spans.find(({ kind }) => kind === 'CLIENT');
    assert.match(String(client?.attributes['server.address']), /tracing-\d+\.sock$/);
    assert.equal(client?.attributes['server.port'], undefined);
  });

  test('of a redirect by hand, and of a second call to the same place, count no resend', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const code = `
      (async () => {
        const first = await fetch(process.env.BACKEND + '/redirect/1', { redirect: 'manual' });
        await first.text();
        await (await fetch(process.env.BACKEND + '/stock/1')).text();
        await (await fetch(process.env.BACKEND + '/stock/1')).text();
      })();`;
    await runTraced({ code, env });
    assert.deepEqual(attributesOf(await sink.waitForSpans(3), 'http.request.resend_count'), [
      undefined,
      undefined,
      undefined,
    ]);
  });
});
