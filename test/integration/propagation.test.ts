// The `propagation` section and OTEL_PROPAGATORS: what real programs read of the headers that reach them, and which ones they send on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { createProject } from '../config/project.ts';
import type { BackendRequest } from '../support/backend.ts';
import { casesOf } from '../support/every-case.ts';
import { patientFlags, runProgram } from '../support/run-program.ts';
import { exchange, startSurroundings, startTraced } from './traced.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const PARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;
const UNDICI = import.meta.resolve('undici');
const API = import.meta.resolve('@opentelemetry/api');
const CLIENTS = ['http', 'fetch', 'undici'] as const;

/** Calls the backend by every client for each request, and says what `propagation.extract` makes of a message of its own. */
const GATEWAY = `
import { createServer, request as httpRequest } from 'node:http';
import { context, propagation, trace } from '${API}';
import { request } from '${UNDICI}';
const { BACKEND } = process.env;
const byHttp = (url) => new Promise((resolve, reject) =>
  httpRequest(url, (response) => response.resume().on('end', resolve)).on('error', reject).end());
const server = createServer(async ({ url }, response) => {
  await byHttp(BACKEND + '/http' + url);
  await (await fetch(BACKEND + '/fetch' + url)).text();
  await (await request(BACKEND + '/undici' + url)).body.text();
  const message = propagation.extract(context.active(), { traceparent: '${PARENT}', baggage: 'a=1' });
  response.end(JSON.stringify({
    sameTrace: trace.getSpanContext(message)?.traceId === trace.getSpanContext(context.active())?.traceId,
    baggage: propagation.getBaggage(context.active())?.getAllEntries().length ?? 0,
  }));
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.once('message', () => { server.close(); process.disconnect(); });
`;

const TRACE_HEADER = /^(?:traceparent|tracestate|baggage|b3|x-b3-.*|uber.*|x-amzn-trace-id)$/;

/** The trace headers of a request that reached the backend. */
const traceHeadersOf = ({ headers }: BackendRequest): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => TRACE_HEADER.test(name)));

interface Serving {
  env?: Record<string, string>;
  config?: string;
  flags?: string[];
}

/** Starts the gateway; `get` sends it a request with these lines in its head, and resolves with the body of the answer. */
async function startGateway(t: TestContext, { env = {}, config, flags = [] }: Serving) {
  const surroundings = await startSurroundings(t);
  const { folder } = createProject({
    'app.mjs': GATEWAY,
    ...(config !== undefined && { '.tracingrc': config.replaceAll('BACKEND', surroundings.backend.url) }),
  });
  const program = await startTraced(t, {
    program: join(folder, 'app.mjs'),
    cwd: folder,
    flags,
    env: { ...surroundings.env, ...env },
  });
  return {
    ...surroundings,
    program,
    async get(head = '', path = '/x'): Promise<string> {
      const answer = await exchange(
        program.port,
        `GET ${path} HTTP/1.1\r\nHost: a\r\n${head}Connection: close\r\n\r\n`,
      );
      assert.match(answer, /^HTTP\/1.1 200/);
      return /\{.*\}/.exec(answer)?.[0] ?? '';
    },
    /** Ends the program and resolves with its server spans. */
    async stop() {
      program.send('stop');
      const { stderr } = await program.exited;
      assert.equal(stderr, '');
      return surroundings.sink.spans.filter(({ kind }) => kind === 'SERVER');
    },
  };
}

const together = { concurrency: 3 };

suite('OTEL_PROPAGATORS', together, () => {
  const conventions: ReadonlyArray<readonly [name: string, head: string, toHeaders: (spanId: string) => object]> = [
    ['b3', `b3: ${TRACE_ID}-${SPAN_ID}-1\r\n`, (spanId) => ({ b3: `${TRACE_ID}-${spanId}-1` })],
    [
      'b3multi',
      `X-B3-TraceId: ${TRACE_ID}\r\nX-B3-SpanId: ${SPAN_ID}\r\nX-B3-Sampled: 1\r\n`,
      (spanId) => ({ 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': spanId, 'x-b3-sampled': '1' }),
    ],
    [
      'jaeger',
      `Uber-Trace-Id: ${TRACE_ID.replace(/^0/, '')}:${SPAN_ID}:0:1\r\nuberctx-a: 1\r\n`,
      (spanId) => ({ 'uber-trace-id': `${TRACE_ID}:${spanId}:0:1`, 'uberctx-a': '1' }),
    ],
    [
      'xray',
      `X-Amzn-Trace-Id: Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${SPAN_ID};Sampled=1\r\n`,
      (spanId) => ({ 'x-amzn-trace-id': `Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${spanId};Sampled=1` }),
    ],
    [
      'tracecontext,baggage',
      `Traceparent: ${PARENT}\r\nTraceState: a=1\r\ntracestate: b=2\r\nBaggage: a=1\r\nbaggage: b=2\r\n`,
      (spanId) => ({ traceparent: `00-${TRACE_ID}-${spanId}-01`, tracestate: 'a=1,b=2', baggage: 'a=1,b=2' }),
    ],
  ];
  for (const [name, head, toHeaders] of casesOf(conventions, 1)) {
    test(`${name} joins a trace, and http, fetch and undici send it on with no other headers`, async (t) => {
      const gateway = await startGateway(t, { env: { OTEL_PROPAGATORS: name } });
      await gateway.get(head);
      const [server] = await gateway.stop();
      assert.deepEqual([server?.traceId, server?.parentSpanId], [TRACE_ID, SPAN_ID]);
      const clients = gateway.sink.spans.filter(({ kind }) => kind === 'CLIENT');
      // In any order: a call may end after the one that follows it.
      const inOrder = (headers: readonly object[]): string[] => headers.map((each) => JSON.stringify(each)).toSorted();
      assert.deepEqual(
        inOrder(gateway.backend.requests.map(traceHeadersOf)),
        inOrder(clients.map(({ spanId }) => toHeaders(spanId))),
      );
      assert.equal(clients.length, 3);
    });
  }

  test('none joins nothing and sends nothing; the spans of a process still belong together', async (t) => {
    const gateway = await startGateway(t, { env: { OTEL_PROPAGATORS: 'none' } });
    await gateway.get(`traceparent: ${PARENT}\r\n`);
    const [server] = await gateway.stop();
    assert.notEqual(server?.traceId, TRACE_ID);
    assert.deepEqual(gateway.backend.requests.map(traceHeadersOf), [{}, {}, {}]);
    assert.equal(new Set(gateway.sink.spans.map(({ traceId }) => traceId)).size, 1);
  });
});

test('propagation.accept: false joins no foreign trace, in messages neither, and sends its own', async (t) => {
  const gateway = await startGateway(t, { env: { LOGFIRE_DISTRIBUTED_TRACING: 'false' } });
  const body = await gateway.get(`traceparent: ${PARENT}\r\ntracestate: a=1\r\nbaggage: a=1\r\n`);
  assert.deepEqual(JSON.parse(body), { sameTrace: true, baggage: 0 });
  const [server] = await gateway.stop();
  assert.notEqual(server?.traceId, TRACE_ID);
  assert.equal(server?.parentSpanId, '');
  for (const { headers } of gateway.backend.requests) {
    assert.match(String(headers['traceparent']), new RegExp(`^00-${server?.traceId}-[0-9a-f]{16}-01$`));
    assert.deepEqual([headers['tracestate'], headers['baggage']], [undefined, undefined]);
  }
  assert.equal(gateway.backend.requests.length, 3);
});

test('headers that are broken, repeated or huge begin a new trace or are cut, in little time', async (t) => {
  const gateway = await startGateway(t, { flags: ['--max-http-header-size=8000000'] });
  const million = 'a'.repeat(1_000_000);
  const entries = Array.from({ length: 10_000 }, (_, index) => `k${index}=1`);
  const cases: ReadonlyArray<readonly [head: string, joins: boolean, others: Record<string, string>]> = [
    [`traceparent: ${PARENT}\r\ntraceparent: ${PARENT}\r\n`, false, {}],
    [`traceparent: ${PARENT.toUpperCase()}\r\n`, false, {}],
    [`TRACEPARENT: ${PARENT}\r\n`, true, {}],
    [`traceparent: ${PARENT}${million}\r\n`, false, {}],
    [`traceparent: \r\n`, false, {}],
    [`traceparent: ${PARENT}\r\ntracestate: ${million}\r\nbaggage: a=${million}\r\n`, true, {}],
    [`traceparent: ${PARENT}\r\nbaggage: ${entries.join(',')}\r\n`, true, { baggage: entries.slice(0, 180).join(',') }],
    [
      entries
        .map((entry) => `baggage: ${entry}\r\n`)
        .slice(0, 900)
        .join(''),
      false,
      { baggage: entries.slice(0, 180).join(',') },
    ],
  ];
  for (const [head] of cases) await gateway.get(head);
  const servers = await gateway.stop();
  assert.deepEqual(
    servers.map(({ traceId }) => traceId === TRACE_ID),
    cases.map(([, joins]) => joins),
  );
  assert.deepEqual(
    gateway.backend.requests.map((request) => {
      const { traceparent, ...others } = traceHeadersOf(request);
      assert.match(String(traceparent), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      return others;
    }),
    cases.flatMap(([, , others]) => CLIENTS.map(() => others)),
  );
});

suite('propagation.to', together, () => {
  test('names the requests that get trace headers; the others have spans all the same', async (t) => {
    const gateway = await startGateway(t, {
      config: 'propagation: { to: ["BACKEND/*/in", "GET /undici/*"] }',
    });
    await gateway.get('', '/in');
    await gateway.get('', '/out');
    await gateway.stop();
    assert.deepEqual(
      gateway.backend.requests.filter(({ headers }) => headers['traceparent'] !== undefined).map(({ url }) => url),
      ['/http/in', '/fetch/in', '/undici/in', '/undici/out'],
    );
    assert.equal(gateway.sink.spans.length, 8);
  });

  test('as an empty list sends them nowhere, in dropped traces neither', async (t) => {
    for (const config of ['propagation: { to: [] }', 'propagation: { to: [] }\nsampling: { ratio: 0 }']) {
      const gateway = await startGateway(t, { config });
      await gateway.get(`baggage: a=1\r\n`);
      await gateway.stop();
      assert.deepEqual(gateway.backend.requests.map(traceHeadersOf), [{}, {}, {}]);
    }
  });

  for (const to of casesOf(['first', 'second'] as const, 1)) {
    test(`is asked again for every redirect: headers go to the ${to} host only`, async (t) => {
      const { backend: second, env } = await startSurroundings(t);
      const seen: Array<string | undefined> = [];
      const first = createServer((request, response) => {
        seen.push(request.headers['traceparent']?.toString());
        response.writeHead(302, { location: `${second.url}/landed` }).end();
      });
      await once(first.listen(0, '127.0.0.1'), 'listening');
      t.after(() => first.close());
      const address = { first: `http://127.0.0.1:${(first.address() as AddressInfo).port}`, second: second.url };
      const { folder } = createProject({
        '.tracingrc': `propagation: { to: ['${address[to]}'] }`,
        'app.mjs': `
          import http from 'node:http';
          import { Agent, interceptors, request } from '${UNDICI}';
          await (await fetch('${address.first}')).text();
          const dispatcher = new Agent().compose(interceptors.redirect({ maxRedirections: 1 }));
          await (await request('${address.first}', { dispatcher })).body.text();
          await dispatcher.close();
          // What libraries on top of http do: the same options again.
          const options = { headers: { accept: '*/*' } };
          const get = (url) => new Promise((resolve) => http.get(url, options, (response) =>
            response.resume().on('end', () => resolve(response.headers.location))));
          await get(await get('${address.first}'));`,
      });
      const { code, stderr } = await runProgram({
        program: join(folder, 'app.mjs'),
        cwd: folder,
        flags: patientFlags,
        env,
      });
      assert.deepEqual([code, stderr], [0, '']);
      const landed = second.requests.map(({ headers }) => headers['traceparent'] !== undefined);
      assert.deepEqual(
        [seen.map((header) => header !== undefined), landed],
        [[0, 1, 2].map(() => to === 'first'), [0, 1, 2].map(() => to === 'second')],
      );
    });
  }
});

test('a traceparent of the application is replaced once, however it was given; where none is sent it stays', async (t) => {
  const { backend, env } = await startSurroundings(t);
  const own = `00-${'9'.repeat(32)}-${'9'.repeat(16)}-01`;
  const { folder } = createProject({
    '.tracingrc': `propagation: { to: ['/sent/*'] }`,
    'app.mjs': `
      import http from 'node:http';
      import { request } from '${UNDICI}';
      const own = '${own}';
      const byHttp = (path, headers) => new Promise((resolve) =>
        http.get(process.env.BACKEND + path, { headers }, (response) => response.resume().on('end', resolve)));
      const byUndici = async (path, headers) => (await request(process.env.BACKEND + path, { headers })).body.text();
      for (const path of ['/sent/', '/not/']) {
        await byHttp(path + 1, { Traceparent: own });
        await byHttp(path + 2, ['Host', 'a', 'TraceParent', own, 'traceparent', own]);
        await byHttp(path + 3, { traceparent: own, Expect: '100-continue' });
        await byHttp(path + 4, { traceparent: [own, own] });
        await (await fetch(process.env.BACKEND + path + 5, { headers: { Traceparent: own } })).text();
        await (await fetch(process.env.BACKEND + path + 6, { headers: [['traceparent', own]] })).text();
        await byUndici(path + 7, { Traceparent: own });
        await byUndici(path + 8, ['TraceParent', own, 'x-a', '1', 'traceparent', own]);
        await byUndici(path + 9, { traceparent: [own, own] });
      }`,
  });
  const { code, stderr } = await runProgram({
    program: join(folder, 'app.mjs'),
    cwd: folder,
    flags: patientFlags,
    env,
  });
  assert.deepEqual([code, stderr], [0, '']);
  for (const { url, rawHeaders } of backend.requests) {
    const sent = rawHeaders.filter((_, index) => index % 2 === 1 && /^traceparent$/i.test(rawHeaders[index - 1] ?? ''));
    if (url.startsWith('/sent/')) {
      assert.equal(sent.length, 1, url);
      assert.doesNotMatch(sent.join(), /9999/, url);
    } else assert.ok(sent.length > 0 && sent.every((value) => value.includes(own)), `${url} ${sent.join()}`);
  }
  assert.equal(backend.requests.length, 18);
});
