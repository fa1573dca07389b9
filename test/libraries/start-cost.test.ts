// What a program does not use is not loaded.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { basename } from 'node:path';
import { agentFlags, runProgram } from '../support/run-program.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));

/** The files of the agent that a program has loaded at its end. */
async function filesOf(code: string): Promise<string[]> {
  const {
    stdout,
    stderr,
    code: exitCode,
  } = await runProgram({
    code: `${code}; console.log(JSON.stringify(Object.keys(require.cache)))`,
    flags: agentFlags,
    cwd: root,
    env: { TRACING_CONSOLE: 'off', TRACING_CONFIG: 'none' },
  });
  assert.deepEqual([exitCode, stderr], [0, '']);
  const files = JSON.parse(stdout) as string[];
  return files
    .filter((file) => file.startsWith(dist))
    .map((file) => basename(file))
    .sort();
}

suite('the files of the agent that are loaded', { concurrency: 3, timeout: 240_000 }, () => {
  test('are two by a program that uses no library', async () => {
    assert.deepEqual(await filesOf("require('node:http')"), ['agent.cjs', 'preload.cjs']);
  });

  test("are the reader of routes more by a program that uses express, and none of express's middleware", async () => {
    assert.deepEqual(await filesOf("require('express')"), ['agent.cjs', 'preload.cjs', 'routes.cjs']);
  });

  test('are the one instrumentation more by a program that uses pg', async () => {
    assert.deepEqual(await filesOf("require('pg')"), [
      'agent.cjs',
      'pg.cjs',
      'preload.cjs',
      'rolldown-runtime.cjs',
      'shared.cjs',
    ]);
  });
});
