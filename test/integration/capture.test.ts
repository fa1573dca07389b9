// Headers, bodies and hooks end to end: a program that talks to itself, and what its spans hold.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { type Sink, startSink } from '../support/otlp-sink.ts';
import { type Exit, patientFlags, runProgram } from '../support/run-program.ts';

const PROGRAM = `
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';

const server = createServer(async (incoming, response) => {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (incoming.url === '/gzip') {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(gzipSync('squeezed-secret-text'));
    return;
  }
  response.setHeader('Set-Cookie', ['session=cookie-secret-1', 'theme=dark']);
  response.writeHead(200, { 'Content-Type': 'application/json', 'X-Request-Id': 'r-17', Location: '/next?token=location-secret-2' });
  response.write('{"bytes":' + body.length + ',');
  response.end('"access_token":"answer-secret-3"}');
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
const base = 'http://127.0.0.1:' + port;

const answer = await fetch(base + '/fetch', {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: 'Bearer header-secret-4', 'X-Team': 'blue' },
  body: JSON.stringify({ sku: 42, password: 'body-secret-5' }),
});
console.log('fetch', answer.status, await answer.text(), answer.headers.getSetCookie().length);

const call = request({ host: '127.0.0.1', port, path: '/http', method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'X-Team': 'red' } });
console.log('lengths', call.write.length, call.end.length, Object.keys(call).includes('write'));
call.write('color=green&client_secret=form-');
call.end('secret-6&size=L');
const [response] = await once(call, 'response');
let text = '';
for await (const chunk of response) text += chunk;
console.log('http', response.statusCode, text);

console.log('gzip', await (await fetch(base + '/gzip')).text());
const long = 'word '.repeat(100_000);
console.log('long', (await (await fetch(base + '/long', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: long })).text()).slice(0, 15));
server.close();
`;

const SECRETS = [
  'cookie-secret-1',
  'location-secret-2',
  'answer-secret-3',
  'header-secret-4',
  'body-secret-5',
  'form-secret-6',
  'squeezed',
  'hook-secret-7',
];

const folder = mkdtempSync(join(tmpdir(), 'capture-'));
const program = join(folder, 'program.mjs');
before(() => {
  writeFileSync(join(folder, 'package.json'), '{"name":"capture"}');
  writeFileSync(program, PROGRAM);
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function run(env: Record<string, string>, config?: string): Promise<{ sink: Sink; exit: Exit }> {
  const sink = await startSink();
  if (config !== undefined) writeFileSync(join(folder, 'capture.config.mjs'), config);
  const exit = await runProgram({
    program,
    flags: patientFlags,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      TRACING_CONFIG: config === undefined ? 'none' : join(folder, 'capture.config.mjs'),
      TRACING_THROW_INTERNAL_ERRORS: '1',
      ...env,
    },
  });
  await sink.waitForSpans(8);
  await sink.stop();
  return { sink, exit };
}

const find = ({ spans }: Sink, kind: string, path: string): ReceivedSpan['attributes'] => {
  const found = spans.find(
    ({ kind: own, attributes }) =>
      own === kind && (attributes['url.path'] === path || String(attributes['url.full']).endsWith(path)),
  );
  assert.ok(found, `no ${kind} span of ${path}`);
  return found.attributes;
};
const capturedNames = ({ spans }: Sink): string[] =>
  spans
    .flatMap(({ attributes }) => Object.keys(attributes))
    .filter((name) => /^http\.(request|response)\.(header|body)/.test(name));

describe('capture of headers and bodies', { concurrency: true }, () => {
  it('is off unless asked for', async () => {
    const { sink } = await run({});
    assert.deepEqual(capturedNames(sink), []);
  });

  it('records all of it with LOGFIRE_HTTP_CAPTURE_ALL, without a secret, and changes nothing for the program', async () => {
    const [plain, { sink, exit }] = await Promise.all([
      runProgram({ program }),
      run({ LOGFIRE_HTTP_CAPTURE_ALL: 'true' }),
    ]);
    assert.equal(exit.stdout, plain.stdout);
    assert.equal(exit.stderr, '');
    for (const secret of SECRETS) assert.ok(!sink.rawText().includes(secret), secret);

    for (const kind of ['SERVER', 'CLIENT']) {
      const form = find(sink, kind, '/http');
      assert.deepEqual(form['http.request.header.x-team'], ['red']);
      assert.deepEqual(form['http.response.header.x-request-id'], ['r-17']);
      assert.deepEqual(form['http.response.header.set-cookie'], ['REDACTED', 'REDACTED']);
      assert.deepEqual(form['http.response.header.location'], ['/next?token=REDACTED']);
      assert.equal(form['http.request.body.text'], 'color=green&client_secret=REDACTED&size=L');
      assert.equal(form['http.response.body.text'], '{"bytes":46,"access_token":"REDACTED"}');
      assert.equal(form['http.request.body.size'], 46);
    }
    const server = find(sink, 'SERVER', '/fetch');
    assert.deepEqual(server['http.request.header.authorization'], ['REDACTED']);
    assert.equal(server['http.request.body.text'], '{"sku":42,"password":"REDACTED"}');
  });

  it('gives of a compressed body the size alone', async () => {
    const { sink } = await run({ LOGFIRE_HTTP_CAPTURE_ALL: '1' });
    const { 'http.response.body.size': size, 'http.response.body.text': text } = find(sink, 'SERVER', '/gzip');
    assert.equal(typeof size === 'number' && size > 20, true);
    assert.equal(text, undefined);
  });

  it('cuts a long body at the limit and marks the cut', async () => {
    const { sink } = await run({ LOGFIRE_HTTP_CAPTURE_ALL: '1' });
    const text = String(find(sink, 'SERVER', '/long')['http.request.body.text']);
    assert.match(text, /^word word .*… \(483616 bytes more\)$/);
    assert.equal(find(sink, 'SERVER', '/long')['http.request.body.size'], 500_000);
    assert.ok(text.length <= 16_384 + 40);
  });

  it('records the headers that are named, by name or pattern and in any case', async () => {
    const { sink } = await run({
      OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST: 'X-TEAM',
      OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_RESPONSE: 'x-*',
    });
    assert.deepEqual([...new Set(capturedNames(sink))].sort(), [
      'http.request.header.x-team',
      'http.response.header.x-request-id',
    ]);
    assert.deepEqual(find(sink, 'SERVER', '/fetch')['http.request.header.x-team'], ['blue']);
  });
});

describe('a rule and hooks of a config', () => {
  it('captures where a rule says so, runs hooks, and redacts what they set', async () => {
    const { sink, exit } = await run(
      {},
      `export default {
        url: { rules: [{ match: { path: '/http', direction: 'server' }, capture: true }] },
        http: {
          hooks: {
            request(span, { direction }) { span.setAttribute('hooked', direction + '?token=hook-secret-7'); },
            response() { throw new Error('hook failed with https://a.example/?token=hook-secret-7'); },
          },
        },
      };`,
    );
    for (const secret of SECRETS) assert.ok(!(sink.rawText() + exit.stderr).includes(secret), secret);
    assert.equal(find(sink, 'SERVER', '/http')['http.request.body.text'], 'color=green&client_secret=REDACTED&size=L');
    assert.equal(find(sink, 'SERVER', '/fetch')['http.request.body.text'], undefined);
    assert.equal(find(sink, 'CLIENT', '/http')['hooked'], 'client?token=REDACTED');
    assert.equal(find(sink, 'SERVER', '/http')['hooked'], 'server?token=REDACTED');
    assert.equal(exit.code, 0);
    assert.equal(exit.stderr.match(/http\.hooks failed/g)?.length, 1);
  });
});
