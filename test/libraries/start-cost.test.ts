// What a program does not use is not loaded.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SCRIPTS, toFiles } from '../support/loaded-files.ts';
import { agentFlags, runProgram } from '../support/run-program.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'start-cost-'));
const filtered = join(folder, 'tracing.json');
before(() => {
  writeFileSync(join(folder, 'filter.cjs'), 'module.exports = (url) => url;');
  writeFileSync(filtered, JSON.stringify({ url: { filter: './filter.cjs' } }));
});
after(() => rmSync(folder, { recursive: true }));

/** The files of the agent that a program has loaded soon after its start, with a destination but for what `env` says. */
async function filesOf(code: string, env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const { stdout, signal } = await runProgram({
    // It dies before anything is sent, which nobody takes here.
    code: `${code};
      setTimeout(() => {
        console.log(JSON.stringify(${SCRIPTS}));
        process.kill(process.pid, 'SIGKILL');
      }, 100)`,
    flags: agentFlags,
    cwd: root,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', TRACING_CONFIG: 'none', ...env },
  });
  assert.equal(signal, 'SIGKILL');
  return toFiles(JSON.parse(stdout) as string[])
    .filter((file) => file.startsWith(dist))
    .map((file) => basename(file))
    .sort();
}

const CORE = ['agent.cjs', 'preload.cjs'];
const LISTEN = "require('node:http').createServer().listen(0, '127.0.0.1', function () { this.close(); })";
const CONSOLE = { TRACING_CONSOLE: 'tree' };

suite('the files of the agent that are loaded', { concurrency: 3, timeout: 240_000 }, () => {
  test('are two by a program that neither listens nor makes requests, and those of a framework with it', async () => {
    assert.deepEqual(await filesOf("require('node:http')"), CORE);
    assert.deepEqual(await filesOf("require('express')()"), [...CORE, 'routes.cjs']);
    assert.deepEqual(await filesOf("require('@opentelemetry/api').trace.getTracer('program')"), CORE);
  });

  for (const [what, code, env = {}] of [
    ['that listens', LISTEN],
    ['that makes a request', "require('node:http').get('http://127.0.0.1:9').on('error', () => {})"],
    ['that fetches', "fetch('http://127.0.0.1:1234').catch(() => {})"],
    ['that opens a connection', "require('node:net').connect(9, '127.0.0.1').on('error', () => {})"],
    ['that makes a span', "require('@opentelemetry/api').trace.getTracer('program').startSpan('work').end()"],
    [
      'that passes a trace on',
      "const { context, propagation } = require('@opentelemetry/api'); propagation.inject(context.active(), {})",
    ],
    ['that makes a thread', "new (require('node:worker_threads').Worker)('', { eval: true })"],
    ['whose spans are shown', "require('node:http')", CONSOLE],
    ['whose url.filter is to be looked at', "require('node:http')", { TRACING_CONFIG: filtered }],
  ] as const)
    test(`are three by a program ${what}`, async () => {
      const files = await filesOf(code, env);
      assert.deepEqual(
        files.filter((file) => file !== 'terminal.cjs' && file !== 'load-file.cjs'),
        [...CORE, 'tracing.cjs'],
      );
    });

  test("are the reader of routes more by a program that uses express, and none of express's middleware", async () => {
    assert.deepEqual(await filesOf(`require('express'); ${LISTEN}`), [...CORE, 'routes.cjs', 'tracing.cjs']);
  });

  test('are the one instrumentation more by a program that uses pg', async () => {
    assert.deepEqual(await filesOf("require('pg')"), [
      'agent.cjs',
      'pg.cjs',
      'preload.cjs',
      'rolldown-runtime.cjs',
      'shared.cjs',
      'tracing.cjs',
    ]);
  });
});
