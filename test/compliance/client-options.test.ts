import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite, test, type TestContext } from 'node:test';
import { closeAfter } from '../support/close-after.ts';
import { startSink, type Sink } from '../support/otlp-sink.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { startUnrulyServer, type UnrulyServer } from '../support/unruly-server.ts';
import { runTraced } from '../integration/traced.ts';

const readTls = (name: string): Promise<Buffer> => readFile(new URL(`../fixtures/tls/${name}`, import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the text of an ES module that sends its requests to SERVER. */
async function run(
  t: TestContext,
  code: string,
  env: Record<string, string> = {},
): Promise<{ sink: Sink; server: UnrulyServer }> {
  const [sink, server] = await Promise.all([closeAfter(t, startSink()), closeAfter(t, startUnrulyServer())]);
  await runTraced({
    code,
    flags: ['--input-type=module'],
    cwd: root,
    env: { SERVER: server.url, OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...env },
  });
  return { sink, server };
}

suite('client spans:', { timeout: 240_000, concurrency: 2 }, () => {
  test('http.requireParent: a request outside of a trace is no span, and carries none', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'options-'));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'tracing.json');
    await writeFile(file, JSON.stringify({ http: { requireParent: true } }));
    const { sink, server } = await run(
      t,
      `
      import http from 'node:http';
      import { trace } from '@opentelemetry/api';
      const { SERVER } = process.env;
      const both = async (query) => {
        await (await fetch(SERVER + '/ok?fetch-' + query)).text();
        await new Promise((resolve) => http.get(SERVER + '/ok?http-' + query, (response) => response.resume().on('end', resolve)));
      };
      await both('alone');
      await trace.getTracer('app').startActiveSpan('work', (span) => both('inside').finally(() => span.end()));
      process.exit();
      `,
      { TRACING_CONFIG: file },
    );
    assertTrees(
      sink.spans,
      `
      INTERNAL work
        CLIENT GET 200 url.full=<server>/ok?fetch-inside
        CLIENT GET 200 url.full=<server>/ok?http-inside
      `,
      { attributes: ['url.full'], replace: { [server.url]: '<server>' } },
    );
    assert.deepEqual(
      [...new Set(server.requests.filter(({ traceparent }) => traceparent !== undefined).map(({ line }) => line))],
      ['GET /ok?fetch-inside', 'GET /ok?http-inside'],
    );
  });

  test('http.knownMethods: the list replaces the default, for http and fetch alike', async (t) => {
    const { sink } = await run(
      t,
      `
      import http from 'node:http';
      const { SERVER } = process.env;
      for (const method of ['PURGE', 'POST']) {
        await (await fetch(SERVER + '/ok', { method })).text();
        await new Promise((resolve) => http.request(SERVER + '/ok', { method }, (response) => response.resume().on('end', resolve)).end());
      }
      process.exit();
      `,
      { OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: 'GET, PURGE' },
    );
    assertTrees(
      sink.spans,
      `
      CLIENT PURGE 200 http.request.method=PURGE
      CLIENT PURGE 200 http.request.method=PURGE
      CLIENT HTTP 200 http.request.method=_OTHER http.request.method_original=POST
      CLIENT HTTP 200 http.request.method=_OTHER http.request.method_original=POST
      `,
      { attributes: ['http.request.method', 'http.request.method_original'] },
    );
  });

  test('HTTP/2 of undici is told from HTTP/1.1, and its redirects are counted', async (t) => {
    const server = createSecureServer(
      { key: await readTls('key.pem'), cert: await readTls('cert.pem') },
      (request, response) => {
        if (request.url === '/redirect') response.writeHead(302, { location: '/ok' }).end();
        else response.end('ok');
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const { sink } = await run(
      t,
      `
      import { Agent, fetch } from 'undici';
      const dispatcher = new Agent({ allowH2: true, connect: { rejectUnauthorized: false } });
      console.log(await (await fetch('https://127.0.0.1:${port}/redirect', { dispatcher })).text());
      process.exit();
      `,
    );
    assertTrees(
      sink.spans,
      `
      CLIENT GET 302 network.protocol.version=2 network.peer.address=127.0.0.1
      CLIENT GET 200 network.protocol.version=2 network.peer.address=127.0.0.1 http.request.resend_count=1
      `,
      { attributes: ['network.protocol.version', 'network.peer.address', 'http.request.resend_count'] },
    );
  });

  test('what an exit cuts off is sent, with what was known by then', async (t) => {
    const { sink, server } = await run(
      t,
      `
      import http from 'node:http';
      const { SERVER } = process.env;
      const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
      http.get(SERVER + '/silent?http').on('error', () => {});
      await pause();
      await new Promise((resolve) => http.get(SERVER + '/half?http', resolve));
      await pause();
      fetch(SERVER + '/silent?fetch').catch(() => {});
      await pause();
      globalThis.kept = await fetch(SERVER + '/half?fetch');
      process.exit();
      `,
    );
    assertTrees(
      sink.spans,
      `
      CLIENT GET url.full=<server>/silent?http
      CLIENT GET 200 url.full=<server>/half?http
      CLIENT GET url.full=<server>/silent?fetch
      CLIENT GET 200 url.full=<server>/half?fetch
      `,
      { attributes: ['url.full'], replace: { [server.url]: '<server>' } },
    );
  });
});
