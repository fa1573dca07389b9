// Tracing starts with the first thing that can be traced. What a program has done to its process until then must not change what it gets.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { casesOf } from '../support/every-case.ts';
import { runProgram } from '../support/run-program.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { runTraced, startSurroundings } from './traced.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const FETCH = "fetch(process.env.BACKEND + '/stock/1').then((response) => response.text()).then(console.log)";
const GET = `const url = process.env.BACKEND + '/stock/1';
  http.get(url, (response) => response.setEncoding('utf8').on('data', console.log))`;

/** A copy of the built agent with another second file, or with none; gives back its preload. */
function copyAgent(t: TestContext, tracing: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-late-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['preload.cjs', 'agent.cjs']) cpSync(join(root, 'dist', name), join(folder, name));
  if (tracing !== undefined) writeFileSync(join(folder, 'tracing.cjs'), tracing);
  return join(folder, 'preload.cjs');
}

suite('before its first request a program may', { concurrency: 2, timeout: 240_000 }, () => {
  const programs: readonly [what: string, code: string][] = [
    [
      'watch every call of node:fs, and finds none of the agent',
      `const fs = require('node:fs'), http = require('node:http');
       for (const [name, original] of Object.entries(fs)) {
         if (typeof original !== 'function' || name.startsWith('_')) continue;
         fs[name] = function (...args) { calls.push(name); return Reflect.apply(original, this, args); };
       }
       const calls = [];
       process.on('exit', () => console.log(String(calls)));
       ${GET}`,
    ],
    ['empty the cache of require', `for (const key of Object.keys(require.cache)) delete require.cache[key]; ${FETCH}`],
    [
      'replace what loads modules, which hears of none of the agent',
      `const Module = require('node:module'), http = require('node:http');
       const { _load, _extensions } = Module;
       Module._load = (id, ...rest) => { console.log('load', id); return _load(id, ...rest); };
       _extensions['.js'] = () => { throw new Error('it compiles nothing') };
       ${GET}`,
    ],
    [
      "replace node:http's client, which gets no spans",
      `const http = require('node:http'), { request } = http;
       http.request = (...args) => { console.log('mocked'); return request(...args); };
       ${GET}`,
    ],
    [
      'put another process in the place of its own',
      `const http = require('node:http'), { env } = process; globalThis.process = { env }; ${GET}`,
    ],
    ['give itself another name', `process.title = 'another'; ${FETCH}`],
  ];
  for (const [what, code] of casesOf(programs, 4)) {
    test(what, async (t) => {
      const { sink, env } = await startSurroundings(t);
      await runTraced({ code, env });
      const [span] = await sink.waitForSpans(1);
      assertTrees(sink.spans, 'CLIENT GET 200');
      assert.equal(span?.resource['process.executable.name'], 'node');
    });
  }

  test('fake the time of day, and its spans have the real one', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const before = BigInt(Date.now()) * 1_000_000n;
    await runTraced({ code: `Date.now = () => 5; ${FETCH}`, env });
    const [span] = await sink.waitForSpans(1);
    assert.ok((span?.startTimeUnixNano ?? 0n) >= before);
  });

  test('change its environment, and its workers go by the one that it was started with, as it does', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const code = `
      const { Worker } = require('node:worker_threads');
      process.env.TRACING_IGNORE_URLS = '/stock/*';
      ${FETCH}.then(() => new Worker(new URL('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(FETCH))})));`;
    await runTraced({ code, env: { ...env, TRACING_IGNORE_URLS: '/health' } });
    assertTrees(
      await sink.waitForSpans(2),
      `
      CLIENT GET 200
      CLIENT GET 200`,
    );
  });

  test('register a propagator of its own in the place of ours, and keeps it', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const code = `
      const { propagation } = require('@opentelemetry/api');
      propagation.disable();
      propagation.setGlobalPropagator({
        inject: (context, carrier, setter) => setter.set(carrier, 'x-own', 'its own'),
        extract: (context) => context,
        fields: () => ['x-own'],
      });
      const http = require('node:http');
      const server = http.createServer(({ headers }, response) => {
        console.log(headers['x-own'], headers.traceparent, propagation.fields());
        response.end();
        server.close();
      });
      server.listen(0, '127.0.0.1', () => http.get({ port: server.address().port, host: '127.0.0.1' }, (response) => response.resume()));`;
    const exit = await runProgram({ code, env, cwd: root, flags: ['--import', join(root, 'dist/preload.cjs')] });
    assert.deepEqual([exit.stdout, exit.stderr], ["its own undefined [ 'x-own' ]\n", '']);
    assert.equal((await sink.waitForSpans(2)).length, 2);
  });

  test('make a connection of HTTP/2 of which no channel tells, and its first request is traced', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const code = `
      const http2 = require('node:http2'), [near, far] = require('node:stream').duplexPair();
      const server = http2.createServer((request, response) => response.end());
      server.emit('connection', far);
      const client = http2.connect('http://localhost', { createConnection: () => near });
      const ask = (then) => client.request().resume().on('end', then).end();
      ask(() => ask(() => { client.close(); server.close(); }));`;
    await runTraced({ code, env });
    await sink.waitForSpans(4);
    assert.deepEqual(sink.spans.map(({ kind }) => kind).sort(), ['CLIENT', 'CLIENT', 'SERVER', 'SERVER']);
  });
});

test("what is wrong with Logfire's credentials is said at the start, also where nothing is traced", async (t) => {
  const { env } = await startSurroundings(t);
  const cwd = mkdtempSync(join(tmpdir(), 'tracing-late-'));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  mkdirSync(join(cwd, '.logfire'));
  writeFileSync(join(cwd, '.logfire/logfire_credentials.json'), '{}');
  const { stderr } = await runProgram({ code: '0', env, cwd, flags: ['--import', join(root, 'dist/preload.cjs')] });
  assert.match(stderr, /^tracing: .+logfire_credentials\.json holds no token; nothing is sent to Logfire\n$/);
});

suite('where tracing cannot start, the program notices nothing, and one line says so:', { timeout: 120_000 }, () => {
  const code = `
    const { context, propagation, trace } = require('@opentelemetry/api');
    trace.getTracer('program').startActiveSpan('work', (span) => span.end());
    propagation.inject(context.active(), {});
    ${FETCH}.then(() => console.log(process.eventNames()));`;
  for (const [what, tracing, reason] of [
    ['its file is missing', undefined, 'Error ENOENT'],
    ['its file is cut off', 'exports.startTracing = () => {', 'SyntaxError'],
    [
      'its start fails',
      `exports.startTracing = () => { throw new Error('no https://host/?token=secret-value-123') };
       exports.createLineRedactor = () => (text) => text.replace('secret-value-123', 'REDACTED');`,
      'no https://host/?token=REDACTED',
    ],
  ] as const)
    test(what, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const flags = ['--import', copyAgent(t, tracing)];
      const [plain, traced] = [
        await runProgram({ code, env, cwd: root }),
        await runProgram({ code, env, cwd: root, flags }),
      ];
      assert.deepEqual([traced.code, traced.stdout], [plain.code, plain.stdout]);
      assert.equal(traced.stderr, `tracing: could not start, the program runs untraced: ${reason}\n`);
      assert.deepEqual(sink.requests, []);
    });
});
