import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };
import { closeAfter } from '../support/close-after.ts';
import { startSink } from '../support/otlp-sink.ts';
import { runProgram } from '../support/run-program.ts';

const program = fileURLToPath(new URL('../../bin/tracing.js', import.meta.url));
const node = process.execPath;

suite('tracing', { concurrency: 2 }, () => {
  test('run traces the command, and ends with its exit code', async (t) => {
    const sink = await closeAfter(t, startSink());
    const code = `fetch(${JSON.stringify(sink.url)} + '/stock').then(() => process.exit(7))`;
    const exit = await runProgram({
      program,
      args: ['run', '--', node, '-e', code],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url },
    });
    assert.deepEqual([exit.code, exit.stdout, exit.stderr], [7, '', '']);
    await sink.waitForSpans(1);
    assert.deepEqual(
      sink.spans.map(({ kind, name }) => `${kind} ${name}`),
      ['CLIENT GET'],
    );
  });

  test('run keeps the NODE_OPTIONS that are there', async () => {
    const { stdout } = await runProgram({
      program,
      args: ['run', node, '-p', 'process.env.NODE_OPTIONS'],
      env: { NODE_OPTIONS: '--no-warnings', TRACING_CONSOLE: 'off' },
    });
    assert.match(stdout, /^--no-warnings --import file:\S+preload\.cjs\n$/);
  });

  test('run passes a signal on and says by its code that the command died of it', async () => {
    const child = spawn(node, [program, 'run', '--', node, '-e', 'console.log("up"); setInterval(() => {}, 1e6)'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, TRACING_CONSOLE: 'off' },
    });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    assert.equal(code, 128 + 15);
  });

  for (const [args, code, stderr] of [
    [['run', 'no-such-command-here'], 127, 'tracing: no-such-command-here: command not found\n'],
    [['run'], 2, 'tracing: run needs a command: npx tracing run -- node app.js\n'],
    [['rnu'], 2, 'tracing: rnu is not a command (try: npx tracing --help)\n'],
  ] as const) {
    test(`${args.join(' ')} is answered with one line and code ${code}`, async () => {
      const exit = await runProgram({ program, args });
      assert.deepEqual([exit.code, exit.stdout, exit.stderr], [code, '', stderr]);
    });
  }

  test('shows an example first in its help, and its version', async () => {
    const help = await runProgram({ program, args: ['--help'] });
    assert.match(help.stdout, /^ {2}npx tracing run -- node app\.js/);
    assert.equal((await runProgram({ program, args: ['--version'] })).stdout, `${packageJson.version}\n`);
  });
});
