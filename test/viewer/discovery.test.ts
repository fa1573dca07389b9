import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { readNotice, toNoticePath } from '../../src/viewer/protocol.ts';
import { startBackend } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { closedPort, startSink } from '../support/otlp-sink.ts';
import { patientFlags, runProgram } from '../support/run-program.ts';
import { makeRuntimeFolder, makeViewerEnv, startViewerProgram } from './viewer-program.ts';

const require = createRequire(import.meta.url);

/** Makes a request and a log record within a span that the agent makes of it, and ends. */
const toProgram = (url: string): string => `
  const server = require('node:http').createServer((request, response) => {
    const { logs } = require(${JSON.stringify(require.resolve('@opentelemetry/api'))});
    logs.getLogger('shop').emit({ severityNumber: 9, severityText: 'INFO', body: 'cart loaded' });
    fetch(${JSON.stringify(url)} + '/stock?token=s3cr3t-s3cr3t').then((answer) => answer.text()).then(() => response.end('ok'));
  }).listen(0, '127.0.0.1', async () => {
    const text = await (await fetch('http://127.0.0.1:' + server.address().port + '/cart')).text();
    console.log(text);
    server.close();
  });`;

const runShop = async (t: TestContext, env: Readonly<Record<string, string>>) => {
  const backend = await closeAfter(t, startBackend());
  // What is given to node -e says nothing of where its spans go.
  const program = join(makeRuntimeFolder(t), 'shop.cjs');
  writeFileSync(program, toProgram(backend.url));
  return runProgram({
    program,
    flags: patientFlags,
    env: { OTEL_SERVICE_NAME: 'shop', ...env },
  });
};

/** What a viewer writes that runs in this process, and where nobody listens. */
async function writeNotice(t: TestContext) {
  const env = makeViewerEnv(t);
  const path = toNoticePath(env);
  mkdirSync(dirname(path), { mode: 0o700 });
  const notice = { pid: process.pid, url: `http://127.0.0.1:${await closedPort()}`, token: 't' };
  writeFileSync(path, JSON.stringify(notice), { mode: 0o600 });
  return { env, path, notice };
}

suite('finding the viewer', () => {
  test('an agent with nothing else configured sends its spans and logs there, and says so', async (t) => {
    const viewer = await startViewerProgram(t);
    // Nothing else, such as Node 22's word that its SQLite is experimental.
    assert.match(viewer.program.output(), /^tracing viewer {2}ready\n(?: {2}[^\n]+\n){3}$/);
    const path = toNoticePath(viewer.env);
    assert.deepEqual([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777], [0o600, 0o700]);
    const exit = await runShop(t, viewer.env);
    assert.equal(exit.stdout, 'ok\n');
    assert.match(exit.stderr, new RegExp(`^tracing .*shop.*\n.*\n {2}traces → viewer ${viewer.url}\n$`));
    const [trace] = await viewer.waitForTraces('service=shop kind=server log~"cart loaded"');
    assert.deepEqual([trace?.name, trace?.spans, trace?.logs], ['GET', 3, 1]);
    const raw = await (await viewer.ask(`/api/traces/${trace?.id}/raw`)).text();
    assert.ok(raw.includes('REDACTED') && !raw.includes('s3cr3t'));
    assert.equal(await viewer.program.stop(), 0);
    assert.equal(existsSync(path), false);
  });

  test('a destination that is configured, or TRACING_VIEWER=off, comes first', async (t) => {
    const viewer = await startViewerProgram(t);
    const sink = await closeAfter(t, startSink());
    await Promise.all([
      runShop(t, { ...viewer.env, OTEL_EXPORTER_OTLP_ENDPOINT: sink.url }),
      runShop(t, { ...viewer.env, TRACING_VIEWER: 'off' }),
      runShop(t, { ...viewer.env, OTEL_TRACES_EXPORTER: 'none' }),
    ]);
    await sink.waitForSpans(3);
    assert.equal(((await (await viewer.ask('/api/traces')).json()) as { total: number }).total, 0);
  });

  for (const [what, change] of [
    [
      'whose process is gone',
      (path: string, notice: object) => writeFileSync(path, JSON.stringify({ ...notice, pid: 2 ** 22 + 1 })),
    ],
    ['that was not touched lately', (path: string) => utimesSync(path, 0, Date.now() / 1e3 - 60)],
    ['that others may read', (path: string) => chmodSync(path, 0o644)],
    [
      'that leads to another machine',
      (path: string, notice: object) => writeFileSync(path, JSON.stringify({ ...notice, url: 'http://10.0.0.1:4319' })),
    ],
    ['that is no JSON', (path: string) => writeFileSync(path, '{')],
  ] as const) {
    test(`a file ${what} is passed over`, async (t) => {
      const { env, path, notice } = await writeNotice(t);
      assert.deepEqual(readNotice(env), notice);
      change(path, notice);
      assert.equal(readNotice(env), undefined);
    });
  }

  test('an agent that finds nothing of use says nothing of it', async (t) => {
    const { env, path } = await writeNotice(t);
    writeFileSync(path, '{');
    const { stderr } = await runShop(t, env);
    assert.match(stderr, /traces → this terminal/);
    assert.match(stderr, /GET \/cart\s+200/);
    assert.doesNotMatch(stderr, /viewer|4319/);
  });

  test('keys of other receivers are not sent to it', async (t) => {
    const sink = await closeAfter(t, startSink());
    const { env, path, notice } = await writeNotice(t);
    writeFileSync(path, JSON.stringify({ ...notice, url: sink.url }));
    await runShop(t, { ...env, OTEL_EXPORTER_OTLP_HEADERS: 'x-key=s3cr3t', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' });
    await Promise.all([sink.waitForSpans(3), sink.waitForLogs(1)]);
    for (const { headers } of sink.requests) assert.equal(headers['x-key'], undefined);
  });

  test('a folder that others may enter is closed to them before anything is written', async (t) => {
    const folder = makeRuntimeFolder(t);
    mkdirSync(join(folder, 'tracing'), { mode: 0o755 });
    const { announce } = await import('../../src/viewer/server/announce.ts');
    const announced = announce(
      { pid: process.pid, url: 'http://127.0.0.1:1', token: 't' },
      { XDG_RUNTIME_DIR: folder },
    );
    assert.equal(statSync(join(folder, 'tracing')).mode & 0o777, 0o700);
    announced[Symbol.dispose]();
  });
});
