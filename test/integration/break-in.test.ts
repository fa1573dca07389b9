// What somebody found who tried to break the agent; each of these once went wrong.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { startBackend } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { startSink } from '../support/otlp-sink.ts';
import { patientFlags, runProgram } from '../support/run-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'break-in-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a config and gives the variables that name it. */
function writeConfig(name: string, text: string): Record<string, string> {
  const path = join(folder, name);
  writeFileSync(path, text);
  return { TRACING_CONFIG: path };
}

suite('the agent', { concurrency: 3 }, () => {
  test('contains an async hook that rejects', async (t) => {
    const [sink, backend] = await Promise.all([closeAfter(t, startSink()), closeAfter(t, startBackend())]);
    const hooks = `{ async request() { throw new Error('hook https://a.example/?token=hook-secret-1'); } }`;
    const exit = await runProgram({
      code: `fetch(${JSON.stringify(backend.url)}).then((r) => r.text())`,
      flags: patientFlags,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        ...writeConfig('hook.mjs', `export default { http: { hooks: ${hooks} } };`),
      },
    });
    assert.equal(exit.code, 0);
    assert.match(exit.stderr, /^tracing: http\.hooks failed: .*REDACTED\n$/);
    await sink.waitForSpans(1);
  });

  test('exports no secret of a tracestate that a client sent, of a span or of a link, and passes it on as it came', async (t) => {
    const [sink, backend] = await Promise.all([closeAfter(t, startSink()), closeAfter(t, startBackend())]);
    const code = `
      const { createServer, request } = require('node:http');
      const { trace } = require('@opentelemetry/api');
      const server = createServer(async (incoming, response) => {
        const context = trace.getActiveSpan().spanContext();
        trace.getTracer('shop').startSpan('linked', { links: [{ context }] }).end();
        await (await fetch(${JSON.stringify(backend.url)} + '/inner')).text();
        response.end();
      }).listen(0, () => {
        const headers = { traceparent: '00-${'1'.repeat(32)}-${'2'.repeat(16)}-01', tracestate: 'token=state-secret-2' };
        request({ port: server.address().port, headers }, (r) => r.resume().on('end', () => server.close())).end();
      });`;
    const exit = await runProgram({ code, flags: patientFlags, env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } });
    assert.equal(exit.code, 0);
    await sink.waitForSpans(4);
    assert.doesNotMatch(sink.rawText(), /state-secret-2/);
    assert.equal(backend.requests[0]?.headers['tracestate'], 'token=state-secret-2');
  });

  test('is never the listener that is one too many', async () => {
    const add = (name: string): string => `for (let i = 0; i < 10; i++) process.on('${name}', () => {});`;
    const exit = await runProgram({
      code: `${['exit', 'beforeExit', 'uncaughtExceptionMonitor', 'SIGTERM', 'SIGINT'].map(add).join('')} setImmediate(() => console.log(process.getMaxListeners(), process.listenerCount('SIGTERM')))
        setTimeout(() => process.exit(0), 50)`,
      flags: patientFlags,
      env: { TRACING_CONSOLE: 'off' },
    });
    assert.deepEqual([exit.stdout, exit.stderr], ['10 10\n', '']);
  });

  test('keeps the span of a call whose end makes the program leave', async (t) => {
    const [sink, backend] = await Promise.all([closeAfter(t, startSink()), closeAfter(t, startBackend())]);
    for (const agent of ['undefined', 'false']) {
      await runProgram({
        code: `require('node:http').get(${JSON.stringify(backend.url)}, { agent: ${agent} }, (r) => r.resume().on('end', () => process.exit(0)))`,
        flags: patientFlags,
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url },
      });
    }
    await sink.waitForSpans(2);
    assert.deepEqual(
      sink.spans.map(({ attributes, status }) => [attributes['http.response.status_code'], status.code]),
      [
        [200, 'UNSET'],
        [200, 'UNSET'],
      ],
    );
  });

  test('contains a hook that throws what cannot be made a text, and a filter whose error has a strange name', async (t) => {
    const [sink, backend] = await Promise.all([closeAfter(t, startSink()), closeAfter(t, startBackend())]);
    const config = writeConfig(
      'strange.mjs',
      `const strange = { toString() { throw new Error('no text'); } };
      export default {
        url: { filter() { throw Object.assign(new Error('x'), { name: Symbol('https://a.example/?token=name-secret-3') }); } },
        http: { hooks: { request() { throw strange; } } },
      };`,
    );
    const exit = await runProgram({
      code: `fetch(${JSON.stringify(backend.url)} + '/a?b=1').then((r) => r.text())`,
      flags: patientFlags,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...config },
    });
    assert.equal(exit.code, 0);
    assert.match(exit.stderr, /url\.filter failed \(Error\)/);
    assert.doesNotMatch(exit.stderr, /internal error|name-secret/);
    await sink.waitForSpans(1);
    assert.match(String(sink.spans[0]?.attributes['url.full']), /^http:\/\/127\.0\.0\.1:\d+\/REDACTED$/);
  });

  test('adds the path of OTLP before the query of an endpoint', async (t) => {
    const backend = await closeAfter(t, startBackend());
    await runProgram({
      code: `fetch(${JSON.stringify(backend.url)}).then((r) => r.text())`,
      flags: patientFlags,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${backend.url}/base/?tenant=7` },
    });
    assert.equal(backend.requests.at(-1)?.url, '/base/v1/traces?tenant=7');
  });

  test('refuses headers for the exporter that would break its requests', async () => {
    const exit = await runProgram({
      code: '0',
      flags: patientFlags,
      env: { OTEL_EXPORTER_OTLP_HEADERS: 'content-length=5,x-team=blue', TRACING_CONSOLE: 'off' },
    });
    assert.match(
      exit.stderr,
      /^tracing: OTEL_EXPORTER_OTLP_HEADERS: expected a header that the exporter does not set itself, .*\n$/,
    );
  });

  test('throws nothing into a program whose connection closes while its headers cannot be read', async () => {
    const exit = await runProgram({
      code: `
        const server = require('node:http').createServer((request, response) => {
          response.getHeaders = () => { throw new Error('hostile'); };
          request.socket.destroy();
        }).listen(0, () => {
          const socket = require('node:net').connect(server.address().port);
          socket.on('error', () => {}).on('close', () => server.close());
          socket.write('GET /?token=close-secret-4 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n');
        });`,
      flags: patientFlags,
      env: { TRACING_CONSOLE: 'line', OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE: '*' },
    });
    assert.equal(exit.code, 0);
    assert.match(exit.stderr, /GET .* destroyed/);
    assert.match(exit.stderr, /^tracing: internal error in http server close, .*: hostile$/m);
    assert.doesNotMatch(exit.stderr, /close-secret/);
  });
});
