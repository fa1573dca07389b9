// Programs of several processes, and those that other programs start: what each traces, and that none is harmed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import { type Exit, agentFlags, patientFlags, runProgram, startProgram } from '../support/run-program.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { startSurroundings } from './traced.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const asOptions = (flags: readonly string[]): Record<string, string> => ({ NODE_OPTIONS: flags.join(' ') });

async function createFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tracing-processes-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Every object that the processes of a program printed. */
const readTold = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

suite('child processes:', { concurrency: 4, timeout: 240_000 }, () => {
  const BOTH = 'CLIENT GET 200\n  SERVER GET 200\n    CLIENT GET 200';
  const starts = (
    [
      ['fork', BOTH],
      ['spawn', 'CLIENT GET 200'],
      ['exec', 'CLIENT GET 200'],
    ] as const
  ).flatMap(([way, byFlag]) =>
    ['cjs', 'mjs'].flatMap(
      (variant) =>
        [
          [way, variant, 'a flag', patientFlags, byFlag],
          [way, variant, 'NODE_OPTIONS', [], BOTH],
        ] as const,
    ),
  );
  for (const [way, variant, name, flags, expected] of casesOf(starts, 2)) {
    test(`${way} by ${name} (${variant})`, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const exit = await runProgram({
        program: `processes.${variant}`,
        args: ['call', way],
        flags,
        env: { ...env, ...(flags.length === 0 && asOptions(patientFlags)) },
      });
      assert.deepEqual([exit.code, exit.stderr], [0, '']);
      assertTrees(sink.spans, expected);
      const [{ pid, child } = {}] = readTold(exit.stdout);
      for (const { kind, parentSpanId, resource } of sink.spans)
        assert.equal(resource['process.pid'], kind === 'CLIENT' && !parentSpanId ? pid : child);
    });
  }

  const clusters = [
    ['cjs', 'round-robin'],
    ['mjs', 'none'],
  ] as const;
  for (const [variant, policy] of casesOf(clusters, 1)) {
    test(`a cluster of four (${variant}, scheduling ${policy}): every request one server span`, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const exit = await runProgram({
        program: `processes.${variant}`,
        args: ['cluster', policy],
        flags: patientFlags,
        env,
      });
      assert.deepEqual([exit.code, exit.stderr], [0, '']);
      assertTrees(sink.spans, Array(8).fill('CLIENT GET 200\n  SERVER GET 200').join('\n'));
      const pids = (kind: string): Set<unknown> =>
        new Set(sink.spans.filter((span) => span.kind === kind).map(({ resource }) => resource['process.pid']));
      assert.equal(pids('CLIENT').size, 1);
      if (policy === 'round-robin') assert.equal(pids('SERVER').size, 4);
      for (const pid of pids('SERVER')) assert(!pids('CLIENT').has(pid));
    });
  }
});

suite('process managers:', { concurrency: 4, timeout: 240_000 }, () => {
  for (const how of casesOf(['SIGINT', 'shutdown'] as const, 1)) {
    test(`a program that a container requires (PM2) leaves by ${how} with its spans sent`, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const program = await closeAfter(
        t,
        startProgram({
          program: 'container.cjs',
          args: ['graceful.cjs'],
          flags: patientFlags,
          env: { ...env, OTEL_BSP_SCHEDULE_DELAY: '600000' },
        }),
      );
      await (await fetch(`http://127.0.0.1:${program.port}/`)).text();
      if (how === 'shutdown') program.send('shutdown');
      else program.child.kill('SIGINT');
      const { code, stdout, stderr } = await program.exited;
      assert.deepEqual([code, stdout, stderr], [0, `closing by ${how}\n`, '']);
      assertTrees(sink.spans, 'SERVER GET 200');
      assert.equal(program.ready['main'], fileURLToPath(new URL('../fixtures/apps/graceful.cjs', import.meta.url)));
    });
  }

  test('node --watch restarts at once, and what the run before has recorded is sent', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const file = join(await createFolder(t), 'app.mjs');
    const source = (run: number): string =>
      `await (await fetch(process.env.BACKEND + '/run/${run}')).text(); console.log('run ${run}'); setInterval(() => {}, 1e6);`;
    await writeFile(file, source(1));
    const program = await closeAfter(
      t,
      startProgram({
        program: file,
        flags: [...patientFlags, '--import', 'data:text/javascript,console.log("ready {}")', '--watch'],
        env: { ...env, OTEL_BSP_SCHEDULE_DELAY: '600000' },
        ipc: false,
      }),
    );
    await program.waitForOutput(/run 1\n/);
    assert.equal(sink.spans.length, 0);
    await writeFile(file, source(2));
    await program.waitForOutput(/run 2\n/);
    assertTrees(await sink.waitForSpans(1), 'CLIENT GET 200');
    assert.equal(program.stderr(), '');
  });

  test('the first process of a container goes on after SIGTERM, as without the agent, and sends what it has', async (t) => {
    const unshare = ['--pid', '--fork', '--mount-proc', process.execPath];
    if (spawnSync('unshare', [...unshare, '--version']).status !== 0) return t.skip('unshare is not permitted here');
    const { sink, env } = await startSurroundings(t);
    const program = await closeAfter(
      t,
      startProgram({
        node: 'unshare',
        program: 'signals.cjs',
        args: ['none'],
        flags: [...unshare, ...patientFlags],
        env: { ...env, OTEL_BSP_SCHEDULE_DELAY: '600000' },
      }),
    );
    const { pid = 0 } = program.child;
    const inner = Number(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'));
    for (const count of [1, 2, 3]) {
      await (await fetch(`http://127.0.0.1:${program.port}/${count}`)).text();
      process.kill(inner, 'SIGTERM');
      await sink.waitForSpans(count);
    }
    assert.deepEqual(
      sink.spans.map(({ attributes }) => attributes['url.path']),
      ['/1', '/2', '/3'],
    );
    process.kill(inner, 'SIGKILL');
    await program.exited;
    // unshare itself says that it could not wait to the end.
    assert.doesNotMatch(program.stderr(), /tracing:/);
  });
});

suite('tools that NODE_OPTIONS reaches:', { concurrency: 4, timeout: 240_000 }, () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const tools = [
    ['node --check', { flags: ['--check'], program: 'processes.cjs' }],
    ['node -p', { flags: ['-p', '6 * 7'] }],
    ['a compiler', { program: tsc, args: ['--version'] }],
    ['node -e that fails', { code: 'process.exitCode = 9' }],
    ['a compiler that refuses', { program: tsc, args: ['--nonsense'] }],
    ['node --check of a mistake', { flags: ['--check', join(root, 'LICENSE')] }],
  ] as const;
  for (const [name, options] of casesOf(tools, 2)) {
    test(`${name} prints and returns the same`, async () => {
      // Nothing is configured: banner and traces would show. Node reads a file in another way where there is an --import, and has that in its stack.
      const toEnding = ({ code, stdout, stderr }: Exit) => [code, stdout, stderr.replaceAll(/^ +at .*\n/gm, '')];
      const [bare, traced] = await Promise.all([
        runProgram(options),
        runProgram({ ...options, env: asOptions(agentFlags) }),
      ]);
      assert.deepEqual(toEnding(traced), toEnding(bare));
    });
  }

  test('the thread that module hooks live in', async (t) => {
    const program = join(await createFolder(t), 'app.mjs');
    await writeFile(
      program,
      `import { register } from 'node:module';
       register('data:text/javascript,export const resolve = (specifier, context, next) => next(specifier, context);');
       console.log(typeof (await import('node:os')).cpus);`,
    );
    const [, preload = ''] = agentFlags;
    for (const flags of [agentFlags, ['--require', fileURLToPath(preload)]]) {
      // Node 26 has a word about register() itself.
      const env = { TRACING_CONSOLE: 'off', NODE_NO_WARNINGS: '1' };
      const { code, stdout, stderr } = await runProgram({ program, flags, env });
      assert.deepEqual([code, stdout, stderr], [0, 'function\n', '']);
    }
  });

  test('node --test: one process a file, and its report as without the agent', async (t) => {
    const folder = await createFolder(t);
    const files = ['one', 'two'].map((name) => join(folder, `${name}.test.mjs`));
    for (const file of files)
      await writeFile(
        file,
        `import { test } from 'node:test'; test('calls', async () => void (await fetch(process.env.BACKEND)));`,
      );
    const { sink, env } = await startSurroundings(t);
    const flags = ['--test', '--test-reporter=tap', ...files];
    const [bare, traced] = await Promise.all([
      runProgram({ flags, env }),
      runProgram({ flags, env: { ...env, ...asOptions(patientFlags) } }),
    ]);
    const mask = (text: string): string => text.replaceAll(/duration_ms:? [\d.]+/g, 'duration');
    assert.deepEqual([traced.code, mask(traced.stdout), traced.stderr], [bare.code, mask(bare.stdout), bare.stderr]);
    assertTrees(await sink.waitForSpans(2), 'CLIENT GET 200\nCLIENT GET 200');
    assert.equal(new Set(sink.spans.map(({ resource }) => resource['process.pid'])).size, 2);
  });
});
