// A program that a bundler has made one file of.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { closeAfter } from '../support/close-after.ts';
import { startSink } from '../support/otlp-sink.ts';
import { agentFlags, startProgram } from '../support/run-program.ts';
import { assertTrees } from '../support/trace-tree.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const fixture = fileURLToPath(new URL('../fixtures/libraries/express.mjs', import.meta.url));

async function run(t: TestContext, external: readonly string[], isTold: (stderr: string) => boolean): Promise<string> {
  // In our folder, so that what stays outside is found.
  const folder = mkdtempSync(join(external.length > 0 ? join(root, 'dist') : tmpdir(), 'tracing-bundle-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'bundle.mjs');
  await build({
    input: fixture,
    external: [...external],
    platform: 'node',
    logLevel: 'silent',
    output: { file: program },
  });
  const sink = await closeAfter(t, startSink());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url };
  const running = await closeAfter(t, startProgram({ program, flags: agentFlags, env, ipc: false }));
  await (await fetch(`http://127.0.0.1:${running.port}/users/7`)).text();
  while (!isTold(running.stderr())) await new Promise((resolve) => setTimeout(resolve, 20));
  const { stderr } = await running.kill();
  assertTrees(sink.spans, external.length > 0 ? 'SERVER GET /users/:id 200' : 'SERVER GET 200');
  return stderr;
}

suite('a bundled program', { concurrency: 2, timeout: 240_000 }, () => {
  test('with its libraries inside makes HTTP spans, and one line says why no others', async (t) => {
    const stderr = await run(t, [], (text) => text.endsWith('\n'));
    assert.match(
      stderr,
      /^tracing: [a-z, ]*\bexpress\b[a-z, ]* cannot be traced inside the bundle bundle\.mjs; keep packages outside of it \(esbuild: --packages=external\)\n$/,
    );
  });

  test('with its libraries outside is traced as any other', async (t) => {
    assert.equal(await run(t, ['express'], () => true), '');
  });
});
