// What http2 servers and clients have in common with those of http: exceptions, exits, routes, sampling and where the trace goes.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startHttp2Backend } from '../support/http2-backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { runTraced, startSurroundings } from '../integration/traced.ts';

/** A server that does `lines` with `stream`, and asks itself once. */
const serving = (lines: string): string => `
  const http2 = require('node:http2');
  const { trace } = require('@opentelemetry/api');
  const server = http2.createServer();
  server.on('stream', (stream) => { ${lines} });
  server.listen(0, '127.0.0.1', () => {
    const session = http2.connect('http://127.0.0.1:' + server.address().port);
    session.on('error', () => {});
    const stream = session.request({ ':path': '/users/7' });
    stream.on('error', () => {}).resume().on('close', () => { session.close(); server.close(); });
  });`;

suite('http2 as http:', { concurrency: 3, timeout: 240_000 }, () => {
  test('an exception that nobody catches ends the process as without us, and is on the span', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const { code } = await runTraced({
      code: serving(`setTimeout(() => { throw new TypeError('no ?token=secret-value-1'); }, 1);`),
      env,
    });
    assert.equal(code, 1);
    assertTrees(
      sink.spans.filter(({ kind }) => kind === 'SERVER'),
      `
      SERVER GET TypeError ERROR "no ?token=REDACTED"…
        * exception TypeError: "no ?token=REDACTED"
      `,
      { events: true },
    );
    assert.doesNotMatch(sink.rawText(), /secret-value/);
  });

  test('a process that exits sends the spans of the streams it cuts', async (t) => {
    const { sink, env } = await startSurroundings(t);
    await runTraced({ code: serving('process.exit(3);'), env });
    assertTrees(
      sink.spans,
      `
      CLIENT GET
        SERVER GET process_exit ERROR
      `,
    );
  });

  test('a route that somebody sets names the span', async (t) => {
    const { sink, env } = await startSurroundings(t);
    await runTraced({
      code: serving(`trace.getActiveSpan()?.setAttribute('http.route', '/users/:id'); stream.respond(); stream.end();`),
      env,
    });
    assertTrees(
      await sink.waitForSpans(2),
      `
      CLIENT GET 200
        SERVER GET /users/:id 200 http.route=/users/:id
      `,
      { attributes: ['http.route'] },
    );
  });

  test('a trace that is dropped makes no span, and is carried on as dropped', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const backend = await closeAfter(t, startHttp2Backend());
    await runTraced({
      code: serving(`
        const session = http2.connect(process.env.BACKEND2);
        session.request({ ':path': '/stock/1' }).resume().on('close', () => {
          session.close();
          stream.respond();
          stream.end();
        });`),
      env: { ...env, BACKEND2: backend.url, OTEL_TRACES_SAMPLER: 'always_off' },
    });
    assert.equal(sink.spans.length, 0);
    // Once by the run without us.
    assert.deepEqual(
      backend.requests
        .map(({ headers }) => String(headers['traceparent']).replaceAll(/[0-9a-f]{16,32}/g, 'id'))
        .toSorted(),
      ['00-id-id-00', 'undefined'],
    );
  });

  test('propagation.to says which servers see the trace', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const backend = await closeAfter(t, startHttp2Backend());
    const code = `
      const http2 = require('node:http2');
      const session = http2.connect(process.env.BACKEND2);
      const ask = (path) => new Promise((done) => session.request({ ':path': path }).resume().on('close', done));
      ask('/stock/1').then(() => ask('/stock/2')).then(() => session.close());`;
    const config = new URL('../fixtures/apps/propagation-to.yaml', import.meta.url).pathname;
    await runTraced({ code, env: { ...env, BACKEND2: backend.url, TRACING_CONFIG: config } });
    assert.equal((await sink.waitForSpans(2)).length, 2);
    const carried = backend.requests.filter(({ headers }) => headers['traceparent'] !== undefined);
    assert.deepEqual(
      carried.map(({ headers }) => headers[':path']),
      ['/stock/1'],
    );
  });
});
