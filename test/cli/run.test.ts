import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeAfter } from '../support/close-after.ts';
import { startSink } from '../support/otlp-sink.ts';
import { patientFlags, runProgram } from '../support/run-program.ts';
import { hasTerminal, runInTerminal, startInTerminal } from './terminal.ts';

const program = fileURLToPath(new URL('../../bin/tracing.js', import.meta.url));
const node = process.execPath;
const OFF = { TRACING_CONSOLE: 'off' };

suite('tracing run', { concurrency: 2, timeout: 120_000 }, () => {
  test('traces the command, and ends with its exit code', async (t) => {
    const sink = await closeAfter(t, startSink());
    const code = `fetch(${JSON.stringify(sink.url)} + '/stock').then(() => process.exit(7))`;
    const exit = await runProgram({
      program,
      args: ['run', '--', node, '-e', code],
      // However busy the machine is, its last span is waited for.
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, NODE_OPTIONS: patientFlags.slice(0, 2).join(' ') },
    });
    assert.deepEqual([exit.code, exit.stdout, exit.stderr], [7, '', '']);
    await sink.waitForSpans(1);
    assert.deepEqual(
      sink.spans.map(({ kind, name }) => `${kind} ${name}`),
      ['CLIENT GET'],
    );
  });

  test('keeps the NODE_OPTIONS that are there', async () => {
    const { stdout } = await runProgram({
      program,
      args: ['run', node, '-p', 'process.env.NODE_OPTIONS'],
      env: { NODE_OPTIONS: '--no-warnings', ...OFF },
    });
    assert.match(stdout, /^--no-warnings --import file:\S+preload\.cjs\n$/);
  });

  test('gives the command its input and output', async () => {
    const { stdout } = await runProgram({
      program,
      args: ['run', '--', node, '-e', 'process.stdin.pipe(process.stdout)'],
      input: 'through and through',
      env: OFF,
    });
    assert.equal(stdout, 'through and through');
  });

  test('takes one text as a line for the shell', async () => {
    const line = `'${node}' -p 1 && '${node}' -p '"a  b".length' | cat; exit 3`;
    const exit = await runProgram({ program, args: ['run', '--', line], env: OFF });
    assert.deepEqual([exit.code, exit.stdout, exit.stderr], [3, '1\n4\n', '']);
  });

  test('leaves arguments with blanks as they are', async () => {
    const args = ['run', '--', node, '-p', 'JSON.stringify(process.argv.slice(1))', 'a b', '$HOME', '--help'];
    const { stdout } = await runProgram({ program, args, env: OFF });
    assert.deepEqual(JSON.parse(stdout), ['a b', '$HOME', '--help']);
  });

  test('traces what npm starts, and not npm', async (t) => {
    const sink = await closeAfter(t, startSink());
    const folder = mkdtempSync(join(tmpdir(), 'tracing-npm-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'shop', scripts: { start: 'node app.mjs' } }));
    writeFileSync(join(folder, 'app.mjs'), `await fetch(${JSON.stringify(sink.url)});`);
    const exit = await runProgram({
      program,
      args: ['run', '--', 'npm', '--silent', 'start'],
      cwd: folder,
      env: { TRACING_CONSOLE: 'tree', PATH: `${join(node, '..')}:${process.env['PATH']}` },
    });
    assert.equal(exit.code, 0);
    // One banner, one span: that of the program.
    assert.deepEqual(exit.stderr.match(/^tracing \d.*\(pid/gm)?.length, 1, exit.stderr);
    assert.match(exit.stderr, /^tracing \d.*\bshop \(pid \d+\)/);
    assert.equal(exit.stderr.match(/ GET +127\.0\.0\.1:\d+\//g)?.length, 1, exit.stderr);
  });

  test('passes a signal on, and dies of the one that the command died of', async () => {
    const code = 'console.log("up"); setInterval(() => {}, 1e6)';
    const child = spawn(node, [program, 'run', '--', node, '-e', code], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...OFF },
    });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
  });

  test('lets the command decide what a signal means', async () => {
    const code = 'console.log("up"); setInterval(() => {}, 1e6); process.on("SIGINT", () => process.exit(9))';
    const child = spawn(node, [program, 'run', '--', node, '-e', code], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...OFF },
    });
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [9, null]);
  });

  test('gives the command the terminal, and Ctrl-C once', { skip: !hasTerminal }, async (t) => {
    const code = `let count = 0;
      process.on('SIGINT', () => { count++; setTimeout(() => { console.log('interrupts ' + count); process.exit(5); }, 300); });
      setInterval(() => {}, 1e6);
      console.log(['terminals', process.stdin.isTTY, process.stdout.isTTY, process.stderr.isTTY].join(' '));`;
    const terminal = startInTerminal(t, [program, 'run', '--', node, '-e', code], { env: OFF });
    await terminal.waitFor(/terminals true true true/);
    terminal.type('\x03');
    assert.equal(await terminal.exited, 5);
    assert.match(terminal.text(), /interrupts 1\n/);
  });

  test('dies of Ctrl-C with a command that does', { skip: !hasTerminal }, async (t) => {
    const code = 'console.log("up"); setInterval(() => {}, 1e6)';
    const terminal = startInTerminal(t, [program, 'run', '--', node, '-e', code], { env: OFF });
    await terminal.waitFor(/up/);
    terminal.type('\x03');
    assert.equal(await terminal.exited, 128 + 2);
  });

  test('shows the same exit code in a terminal', { skip: !hasTerminal }, async (t) => {
    const { code } = await runInTerminal(t, [program, 'run', node, '-e', 'process.exit(4)'], { env: OFF });
    assert.equal(code, 4);
  });

  for (const [args, code, stderr] of [
    [['run', 'no-such-command-here'], 127, 'tracing: no-such-command-here: command not found\n'],
    [['run', '/dev/null'], 126, 'tracing: /dev/null: EACCES\n'],
  ] as const) {
    test(`${args.join(' ')} is answered with one line and code ${code}`, async () => {
      const exit = await runProgram({ program, args });
      assert.deepEqual([exit.code, exit.stdout, exit.stderr], [code, '', stderr]);
    });
  }
});
