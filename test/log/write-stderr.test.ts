// The way out to a terminal that is closed, gone or slow: the program must not notice.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { closedPort } from '../support/otlp-sink.ts';
import { agentFlags, runProgram } from '../support/run-program.ts';

const writer = new URL('../../src/log/write-stderr.ts', import.meta.url).href;
const noWarnings = ['--no-warnings', '--input-type=module'];

suite('writeStderr', { concurrency: 4 }, () => {
  test('writes the text as it is, in order, before the process ends', async () => {
    const code = `import { writeStderr } from ${JSON.stringify(writer)};
      writeStderr('first ✓\\n'); writeStderr(''); writeStderr('second\\n'); process.exit(0);`;
    assert.equal((await runProgram({ code, flags: noWarnings })).stderr, 'first ✓\nsecond\n');
  });

  test('makes no process.stderr stream that the program did not ask for', async () => {
    const code = `import { writeStderr } from ${JSON.stringify(writer)};
      let made = false; const { get } = Object.getOwnPropertyDescriptor(process, 'stderr');
      Object.defineProperty(process, 'stderr', { configurable: true, get() { made = true; return get.call(process); } });
      writeStderr('said\\n'); console.log(made);`;
    const { stdout, stderr } = await runProgram({ code, flags: noWarnings });
    assert.deepEqual([stdout, stderr], ['false\n', 'said\n']);
  });

  for (const [what, redirection] of [
    ['closed', '2>&-'],
    ['full', '2>/dev/full'],
    ['a pipe that nobody reads', '2> >(exit 0)'],
  ]) {
    test(`a program whose stderr is ${what} runs and ends as usual, however much we have to say`, async () => {
      // Told on the command line, since a spawned program cannot be given a closed descriptor otherwise.
      const app = `setTimeout(() => require('node:http').get('http://127.0.0.1:1').on('error', (error) => { console.log(error.code); process.exitCode = 3; }), 100)`;
      const command = `"$0" ${agentFlags.join(' ')} -e "$1" ${redirection}`;
      const child = spawn('bash', ['-c', command, process.execPath, app], {
        env: { PATH: process.env['PATH'], OTEL_LOG_LEVEL: 'all', TRACING_CONSOLE: 'tree' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let stdout = '';
      child.stdout.on('data', (chunk) => (stdout += String(chunk)));
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
      assert.deepEqual([code, signal, stdout], [3, null, 'ECONNREFUSED\n']);
    });
  }

  test('nothing goes to stdout', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await closedPort()}`, OTEL_LOG_LEVEL: 'all' };
    const code = `require('node:http').get('http://127.0.0.1:1').on('error', () => {})`;
    const { stdout, stderr } = await runProgram({ code, env, flags: agentFlags });
    assert.equal(stdout, '');
    assert.match(stderr, /^tracing: .*lost/m);
  });
});
