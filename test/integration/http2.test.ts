import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { suite, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { certificateFile } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { amountOf, casesOf } from '../support/every-case.ts';
import { startHttp2Backend, type Http2BackendRequest } from '../support/http2-backend.ts';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { closedPort } from '../support/otlp-sink.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { runTraced, startSurroundings, startTraced } from './traced.ts';

const variants = ['cjs', 'mjs'] as const;
const SECRET = /secret-value/;
const TOKEN = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
const STRICT = { TRACING_THROW_INTERNAL_ERRORS: '1' };

/** A session to a server of the test that ends with it. */
function open(t: TestContext, port: number, tls = false): ClientHttp2Session {
  const session = connect(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`, { ca: readFileSync(certificateFile) });
  session.on('error', () => {});
  t.after(() => session.destroy());
  return session;
}

interface Answer {
  headers: IncomingHttpHeaders | undefined;
  text: string;
}

/** Sends a request and resolves with whatever came of it when the stream is closed. */
async function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string[]): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === undefined });
  stream.on('error', () => {});
  const answer: Answer = { headers: undefined, text: '' };
  stream.on('response', (response) => (answer.headers = response));
  stream.setEncoding('utf8').on('data', (chunk: string) => (answer.text += chunk));
  const closed = new Promise((resolve) => stream.once('close', resolve));
  for (const chunk of body ?? []) {
    await new Promise((resolve) => stream.write(chunk, resolve));
    // In a packet of its own.
    await new Promise((resolve) => session.ping((error) => resolve(error)));
  }
  if (body !== undefined) stream.end();
  await closed;
  return answer;
}

/** The calls that reached the backend with a trace are the client spans that reached the sink, one for one. */
function assertCarried(requests: readonly Http2BackendRequest[], spans: readonly ReceivedSpan[]): void {
  const carried = requests.map(({ headers, rawHeaders }) => {
    assert.equal(rawHeaders.filter((text) => text.toLowerCase() === 'traceparent').length, 1);
    return String(headers['traceparent']);
  });
  assert.deepEqual(carried.toSorted(), spans.map((span) => `00-${span.traceId}-${span.spanId}-01`).toSorted());
}

suite('http2 calls are spans, and the program prints what it prints without us:', { timeout: 240_000 }, () => {
  const clients = variants.flatMap((variant) => [false, true].map((tls) => [variant, tls] as const));
  for (const [variant, tls] of casesOf(clients, 1)) {
    test(`http2-client.${variant} over ${tls ? 'https' : 'http'}`, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const backend = await closeAfter(t, startHttp2Backend({ tls }));
      const given = { ...env, ...STRICT, BACKEND2: backend.url, NODE_EXTRA_CA_CERTS: certificateFile };
      await runTraced({ program: `http2-client.${variant}`, env: given });
      const spans = await sink.waitForSpans(10);
      assertTrees(
        spans,
        `
          CLIENT GET 200 url.full=<backend>/stock/1?page=2&token=REDACTED server.address=127.0.0.1 server.port=<port> network.protocol.version=2 network.peer.address=127.0.0.1
          CLIENT GET 200 url.full=<backend>/stock/2 server.address=127.0.0.1 server.port=<port> network.protocol.version=2 network.peer.address=127.0.0.1
          CLIENT GET 200 url.full=<backend>/stock/3 server.address=127.0.0.1 server.port=<port> network.protocol.version=2 network.peer.address=127.0.0.1
          CLIENT GET 200 url.full=${tls ? 'https' : 'http'}://shop.example/stock/4 server.address=shop.example server.port=${tls ? 443 : 80} network.protocol.version=2 network.peer.address=127.0.0.1
          CLIENT GET 200 url.full=<backend>/ server.address=127.0.0.1 server.port=<port> network.protocol.version=2 network.peer.address=127.0.0.1
          CLIENT POST 200 url.full=<backend>/echo server.address=127.0.0.1 server.port=<port> network.protocol.version=2 network.peer.address=127.0.0.1
          CLIENT HEAD 200 url.full=<backend>/stock/5 server.address=127.0.0.1 server.port=<port> network.protocol.version=2 network.peer.address=127.0.0.1
          CLIENT GET 404 ERROR url.full=<backend>/status/404 server.address=127.0.0.1 server.port=<port> network.protocol.version=2 network.peer.address=127.0.0.1
          CLIENT GET 200 url.full=<backend>/push server.address=127.0.0.1 server.port=<port> network.protocol.version=2 network.peer.address=127.0.0.1
          CLIENT GET … ERROR … url.full=<backend>/stock/6 server.address=127.0.0.1 server.port=<port>
          `,
        {
          attributes: ['url.full', 'server.address', 'server.port', 'network.protocol.version', 'network.peer.address'],
          replace: { [backend.url]: '<backend>' },
        },
      );
      const traced = backend.requests.filter(({ headers }) => String(headers['traceparent']).startsWith('00-'));
      assert.equal(backend.requests.length, 18);
      assertCarried(
        traced,
        spans.filter(({ attributes }) => attributes['http.response.status_code'] !== undefined),
      );
      assert.doesNotMatch(sink.rawText(), SECRET);
    });
  }

  test('calls that fail: a cancel of the caller is no error, whatever the server does is', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const backend = await closeAfter(t, startHttp2Backend());
    const REFUSED = `http://127.0.0.1:${await closedPort()}`;
    await runTraced({ program: 'http2-failing.cjs', env: { ...env, ...STRICT, BACKEND2: backend.url, REFUSED } });
    const wholes = 'the server closed the stream before its response was whole';
    assertTrees(
      await sink.waitForSpans(18),
      `
      CLIENT GET ECONNREFUSED ERROR "connect ECONNREFUSED 127.0.0.1:<port>" url.full=http://127.0.0.1:<port>/refused
      CLIENT GET url.full=<backend>/own-cancel
      CLIENT GET url.full=<backend>/own-close
      CLIENT GET url.full=<backend>/own-destroy
      CLIENT GET url.full=<backend>/own-session
      CLIENT GET url.full=<backend>/own-before
      CLIENT GET url.full=<backend>/own-abort
      CLIENT GET 200 url.full=<backend>/half/own
      CLIENT GET TimeoutError ERROR "The operation was aborted" url.full=<backend>/timeout
      CLIENT GET Error ERROR "mine, token=REDACTED" url.full=<backend>/own-error
      CLIENT GET NGHTTP2_CANCEL ERROR "${wholes}" url.full=<backend>/close/8
      CLIENT GET NGHTTP2_REFUSED_STREAM ERROR "Stream closed with error code NGHTTP2_REFUSED_STREAM" url.full=<backend>/close/7
      CLIENT GET NGHTTP2_NO_ERROR ERROR "${wholes}" url.full=<backend>/close/0
      CLIENT GET 200 ECONNRESET ERROR … url.full=<backend>/half/cut
      CLIENT GET ECONNRESET ERROR … url.full=<backend>/cut
      CLIENT GET NGHTTP2_INTERNAL_ERROR ERROR "Session closed with error code 2" url.full=<backend>/goaway
      CLIENT GET ERR_HTTP2_INVALID_SESSION ERROR "The session has been destroyed" url.full=<backend>/after
      CLIENT GET url.full=<backend>/pending
      `,
      { attributes: ['url.full'], replace: { [backend.url]: '<backend>' } },
    );
    assert.doesNotMatch(sink.rawText(), SECRET);
  });
});

suite('an http2 server:', { timeout: 240_000 }, () => {
  const servers = variants.flatMap(
    (variant) =>
      [
        [variant, 'stream', undefined],
        [variant, 'stream', '1'],
        [variant, 'compat', undefined],
        [variant, 'compat', '1'],
      ] as const,
  );
  for (const [variant, API, TLS] of casesOf(servers, 2)) {
    test(`http2-server.${variant}, ${API} API${TLS ? ' over TLS' : ''}: what a request does is below it`, async (t) => {
      const { sink, backend, env } = await startSurroundings(t);
      const { port } = await startTraced(t, {
        program: `http2-server.${variant}`,
        env: { ...env, ...STRICT, API, TLS },
      });
      const session = open(t, port, TLS !== undefined);
      for (const path of ['/call', '/timer', '/await', '/hello']) {
        assert.match((await ask(session, { ':path': `${path}?token=secret-value-123` })).text, /^GET|^hello/);
      }
      await ask(session, { ':path': '/body', ':method': 'POST' }, ['first', 'second']);
      await ask(session, { ':path': '/iterate', ':method': 'POST' }, ['first', 'second']);
      const scheme = TLS === undefined ? 'http' : 'https';
      const facts = `url.scheme=${scheme} server.address=127.0.0.1 server.port=<port> network.protocol.version=2`;
      const query = 'url.query=token=REDACTED';
      assertTrees(
        await sink.waitForSpans(12),
        `
          SERVER GET 200 url.path=/call ${query} ${facts}
            CLIENT GET 200 url.full=<backend>/stock/1?token=REDACTED&page=2 server.address=127.0.0.1 server.port=<port> …
          SERVER GET 200 url.path=/timer ${query} ${facts}
            CLIENT GET 200 url.full=<backend>/stock/2 …
          SERVER GET 200 url.path=/await ${query} ${facts}
            CLIENT GET 200 url.full=<backend>/stock/3 …
          SERVER GET 200 url.path=/hello ${query} ${facts}
          SERVER POST 200 url.path=/body ${facts}
            CLIENT GET 200 url.full=<backend>/stock/4 …
            CLIENT GET 200 url.full=<backend>/stock/5 …
          SERVER POST 200 url.path=/iterate ${facts}
            CLIENT GET 200 url.full=<backend>/stock/6 …
          `,
        {
          attributes: [
            'url.path',
            'url.query',
            'url.full',
            'url.scheme',
            'server.address',
            'server.port',
            'network.protocol.version',
          ],
          replace: { [backend.url]: '<backend>' },
        },
      );
      assert.doesNotMatch(sink.rawText(), SECRET);
    });
  }

  test('answers by file, descriptor, push, trailers and 1xx; a push has no span of its own', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const { port } = await startTraced(t, { program: 'http2-server.cjs', env: { ...env, ...STRICT } });
    const session = open(t, port);
    session.on('stream', (pushed: ClientHttp2Stream) => pushed.resume());
    for (const path of ['/file', '/fd', '/hints', '/push', '/goodbye', '/status/500'])
      await ask(session, { ':path': path });
    await ask(session, { ':path': '/hello', ':method': 'HEAD' });
    const stream = session.request({ ':path': '/trailers', ':method': 'POST' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '5' }));
    stream.resume().end('bytes');
    await once(stream, 'close');
    assertTrees(
      await sink.waitForSpans(10),
      `
      SERVER GET 200 url.path=/file
      SERVER GET 200 url.path=/fd
      SERVER GET 202 url.path=/hints
      SERVER GET 200 url.path=/push
        CLIENT GET 200 url.full=<backend>/stock/8
      SERVER GET 200 url.path=/goodbye
      SERVER GET 500 ERROR url.path=/status/500
      SERVER HEAD 200 url.path=/hello
      SERVER POST 200 url.path=/trailers
        CLIENT GET 200 url.full=<backend>/stock/7
      `,
      { attributes: ['url.path', 'url.full'], replace: { [backend.url]: '<backend>' } },
    );
    assert.doesNotMatch(sink.rawText(), SECRET);
  });

  test('a file is a span as long as Node sends it', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const { port } = await startTraced(t, { program: 'http2-server.cjs', env: { ...env, ...STRICT } });
    const session = open(t, port);
    const stream = session.request({ ':path': '/large-file' });
    await once(stream, 'response');
    // Nobody reads, so it waits for the window to open; by then the other request is over.
    await ask(session, { ':path': '/hello' });
    await ask(session, { ':path': '/hello' });
    assertTrees(await sink.waitForSpans(2), 'SERVER GET 200 url.path=/hello\nSERVER GET 200 url.path=/hello', {
      attributes: ['url.path'],
    });
    session.destroy();
    const spans = await sink.waitForSpans(3);
    assertTrees(spans.slice(2), 'SERVER GET 200 aborted url.path=/large-file', { attributes: ['url.path'] });
  });

  test('streams that do not end well say so', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const { port } = await startTraced(t, { program: 'http2-server.cjs', env: { ...env, ...STRICT } });
    /** Begins a request, leaves it in the given way once the server has it, and waits for its span. */
    let expected = 0;
    const leave = async (path: string, how: (stream: ClientHttp2Stream, session: ClientHttp2Session) => void) => {
      const session = open(t, port);
      const stream = session.request({ ':path': path, ':method': 'POST' });
      stream.on('error', () => {}).resume();
      const before = path.startsWith('/half')
        ? once(stream, 'response')
        : new Promise((resolve) => stream.once('ready', () => session.ping(resolve)));
      await before;
      how(stream, session);
      expected += path === '/hang' ? 2 : 1;
      await sink.waitForSpans(expected);
      session.destroy();
    };
    await leave('/hang', (stream) => stream.close(8));
    await leave('/hang', (_stream, session) => session.destroy());
    await leave('/half', (stream) => stream.close(8));
    await leave('/half', (stream) => stream.close(2));
    for (const path of ['/refuse', '/destroy', '/goaway']) {
      await ask(open(t, port), { ':path': path });
      await sink.waitForSpans((expected += 1));
    }
    assertTrees(
      sink.spans,
      `
      SERVER POST aborted url.path=/hang
        CLIENT GET 200 url.full=<backend>/stock/9
      SERVER POST aborted url.path=/hang
        CLIENT GET 200 url.full=<backend>/stock/9
      SERVER POST 200 aborted url.path=/half
      SERVER POST 200 NGHTTP2_INTERNAL_ERROR ERROR "Stream closed with error code NGHTTP2_INTERNAL_ERROR" url.path=/half
      SERVER GET NGHTTP2_REFUSED_STREAM ERROR "Stream closed with error code NGHTTP2_REFUSED_STREAM" url.path=/refuse
      SERVER GET Error ERROR "no stock, token=REDACTED" url.path=/destroy
      SERVER GET … url.path=/goaway
      `,
      { attributes: ['url.path', 'url.full'], replace: { [backend.url]: '<backend>' } },
    );
    assert.doesNotMatch(sink.rawText(), SECRET);
  });

  test('a server that closes lets open streams come to their end, and so do their spans', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const server = await startTraced(t, { program: 'http2-server.cjs', env: { ...env, ...STRICT } });
    const session = open(t, server.port);
    const stream = session.request({ ':path': '/body', ':method': 'POST' });
    const response = once(stream, 'response');
    stream.write('first');
    // Its handler has read something, and called for it.
    while (backend.requests.length === 0) await sleep(5);
    server.send('stop');
    while (server.stdout() === '') await sleep(5);
    stream.end('second');
    await response;
    await once(stream.resume(), 'close');
    // Node 22 waits for its sessions, later versions send them away themselves.
    session.close();
    const { code, stdout } = await server.exited;
    assert.deepEqual([code, stdout], [0, 'closing\nclosed\n']);
    assertTrees(
      sink.spans,
      `
      SERVER POST 200 url.path=/body
        CLIENT GET 200 url.full=<backend>/stock/4
        CLIENT GET 200 url.full=<backend>/stock/5
      `,
      { attributes: ['url.path', 'url.full'], replace: { [backend.url]: '<backend>' } },
    );
  });

  test('many interleaved streams of one session: each call is below its own request', async (t) => {
    const count = amountOf(1000, 200);
    const { sink, env } = await startSurroundings(t);
    const { port } = await startTraced(t, {
      program: 'http2-server.cjs',
      env: { ...env, ...STRICT, OTEL_BSP_MAX_QUEUE_SIZE: '5000' },
    });
    const session = open(t, port);
    session.setMaxListeners(0);
    const numbers = Array.from({ length: count }, (_, index) => index);
    for (let from = 0; from < numbers.length; from += 100) {
      const answers = numbers.slice(from, from + 100).map(async (number) => {
        const path = `/interleaved?number=${number}`;
        return (await ask(session, { ':path': path, 'x-number': String(number) })).text;
      });
      assert.deepEqual(
        await Promise.all(answers),
        numbers.slice(from, from + 100).map((number) => `GET /stock/${number}`),
      );
    }
    const spans = await sink.waitForSpans(2 * count);
    const servers = new Map(spans.filter(({ kind }) => kind === 'SERVER').map((span) => [span.spanId, span]));
    assert.equal(servers.size, count);
    for (const { kind, parentSpanId, traceId, attributes } of spans) {
      if (kind !== 'CLIENT') continue;
      const parent = servers.get(parentSpanId);
      assert.equal(parent?.traceId, traceId);
      assert.equal(
        `/stock/${String(parent.attributes['url.query']).slice(7)}`,
        new URL(String(attributes['url.full'])).pathname,
      );
    }
  });

  test('allowHTTP1: a request of either version is one span', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const { port } = await startTraced(t, {
      program: 'http2-server.mjs',
      env: { ...env, ...STRICT, API: 'compat', TLS: '1' },
    });
    await ask(open(t, port, true), { ':path': '/two' });
    const call = httpsRequest({
      port,
      host: '127.0.0.1',
      path: '/one',
      ca: readFileSync(certificateFile),
      agent: false,
    });
    const [response] = await once(call.end(), 'response');
    response.resume();
    await once(response, 'close');
    assertTrees(
      await sink.waitForSpans(2),
      `
      SERVER GET 200 url.path=/two network.protocol.version=2
      SERVER GET 200 url.path=/one network.protocol.version=1.1
      `,
      { attributes: ['url.path', 'network.protocol.version'] },
    );
  });

  test('joins the trace of its caller; Forwarded is followed; CONNECT and made-up methods are harmless', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const { port } = await startTraced(t, { program: 'http2-server.cjs', env: { ...env, ...STRICT } });
    const session = open(t, port);
    await ask(session, {
      ':path': '/joined',
      ':authority': 'shop.example:8443',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      forwarded: 'for=203.0.113.7;proto=https;host=front.example, for=10.0.0.1',
    });
    await ask(session, { ':path': '/plain', ':authority': `${TOKEN}.shop.example:8443` });
    await ask(session, { ':path': '/odd', ':method': 'PURGE' });
    await ask(session, { ':method': 'CONNECT', ':authority': 'db.example:5432' });
    const spans = await sink.waitForSpans(4);
    const attributes = ['url.path', 'url.scheme', 'server.address', 'server.port', 'client.address'] as const;
    assertTrees(
      spans,
      `
      SERVER GET 200 url.path=/joined url.scheme=https server.address=front.example server.port=443 client.address=203.0.113.7 (remote parent)
      SERVER GET 200 url.path=/plain url.scheme=http server.address=REDACTED server.port=<port> client.address=127.0.0.1
      SERVER HTTP 200 url.path=/odd url.scheme=http server.address=127.0.0.1 server.port=<port> client.address=127.0.0.1
      SERVER CONNECT 200 url.path=db.example:5432 url.scheme=http server.address=db.example server.port=<port> client.address=127.0.0.1
      `,
      { attributes },
    );
    assert.equal(spans[0]?.traceId, '0af7651916cd43dd8448eb211c80319c');
    assert.equal(spans[2]?.attributes['http.request.method_original'], 'PURGE');
    assert.doesNotMatch(sink.rawText(), new RegExp(TOKEN));
  });

  test('an ignored request is silent with all it does', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const { port } = await startTraced(t, {
      program: 'http2-server.cjs',
      env: { ...env, ...STRICT, TRACING_IGNORE_URLS: '/await,/body' },
    });
    const session = open(t, port);
    await ask(session, { ':path': '/await' });
    await ask(session, { ':path': '/body', ':method': 'POST' }, ['first', 'second']);
    await ask(session, { ':path': '/hello' });
    assertTrees(await sink.waitForSpans(1), 'SERVER GET 200 url.path=/hello', { attributes: ['url.path'] });
    assert.equal(backend.requests.length, 3);
    assert(backend.requests.every(({ headers }) => headers['traceparent'] === undefined));
  });
});

suite('http2, by the way:', { timeout: 240_000 }, () => {
  test('headers and bodies are captured on request, without pseudo-headers and what is marked as sensitive', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const given = { LOGFIRE_HTTP_CAPTURE_ALL: 'true', OTEL_BSP_SCHEDULE_DELAY: '5000' };
    const { code } = await runTraced({ program: 'http2-sensitive.cjs', env: { ...env, ...STRICT, ...given } });
    assert.equal(code, 3);
    // The last response was read to its end when the program left.
    const spans = await sink.waitForSpans(6);
    const of = (kind: string, path: string): ReceivedSpan['attributes'] => {
      const found = spans.find(
        (span) =>
          span.kind === kind && String(span.attributes['url.full'] ?? span.attributes['url.path']).endsWith(path),
      );
      assert(found, `${kind} ${path}`);
      return found.attributes;
    };
    for (const kind of ['CLIENT', 'SERVER']) {
      const first = of(kind, '/');
      assert.deepEqual(first['http.request.header.x-shop'], kind === 'CLIENT' ? ['one', 'two'] : ['one, two']);
      assert.deepEqual(first['http.response.header.x-answer'], ['yes']);
      assert.deepEqual(first['http.response.header.x-token'], ['REDACTED']);
      assert.equal(first['http.request.body.text'], 'password=REDACTED&page=2');
      assert.equal(first['http.request.body.size'], 32);
      assert.equal(first['http.response.body.text'], 'answer to password=REDACTED&page=2');
      assert.equal(first['http.response.body.size'], 42);
      assert.deepEqual(of(kind, '/list')['http.request.header.x-shop'], ['three']);
      assert.equal(of(kind, '/list')['http.response.status_code'], 200);
    }
    // What Node sends of itself is not seen by the server; the client sees it come.
    assert.equal(of('SERVER', '/file')['http.response.body.size'], undefined);
    assert(Number(of('CLIENT', '/file')['http.response.body.size']) > 1000);
    const names = spans.flatMap(({ attributes }) => Object.keys(attributes));
    assert(names.every((name) => !name.includes('header.:') && !name.endsWith('.x-pin')));
    assert.doesNotMatch(sink.rawText(), SECRET);
    assert.doesNotMatch(sink.rawText(), /4711/);
  });

  test('it is not loaded for our sake; over a connection from before, the first request is traced without headers', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const backend = await closeAfter(t, startHttp2Backend());
    const { stdout } = await runTraced({
      program: 'http2-late.cjs',
      env: { ...env, ...STRICT, BACKEND2: backend.url },
    });
    assert.equal(stdout, 'false\nfalse\nGET /stock/1\nGET /stock/2\n');
    const spans = await sink.waitForSpans(2);
    assertTrees(spans, 'CLIENT GET 200 url.full=<backend>/stock/1\nCLIENT GET 200 url.full=<backend>/stock/2', {
      attributes: ['url.full'],
      replace: { [backend.url]: '<backend>' },
    });
    const carried = backend.requests.flatMap(({ headers }) => headers['traceparent'] ?? []);
    assert.deepEqual(carried, [`00-${spans[1]?.traceId}-${spans[1]?.spanId}-01`]);
  });
});
