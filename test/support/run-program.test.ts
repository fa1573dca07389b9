import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { suite, test } from 'node:test';
import { closeAfter } from './close-after.ts';
import { runProgram, startProgram } from './run-program.ts';

/** A killed process whose new parent has not yet waited for it is a zombie, and as good as gone. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

suite('runProgram', () => {
  test('gives the exit code and both outputs', async () => {
    const exit = await runProgram({ code: 'console.log("out"); console.error("err"); process.exitCode = 3' });
    const { millis, ...rest } = exit;
    assert.deepEqual(rest, { code: 3, signal: null, stdout: 'out\n', stderr: 'err\n' });
    assert(millis > 0);
  });

  test('gives the signal that ended the program', async () => {
    const { code, signal } = await runProgram({
      code: 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1e6)',
    });
    assert.deepEqual([code, signal], [null, 'SIGTERM']);
  });

  test('loses no output of a program that prints much and exits at once', async () => {
    const { stdout } = await runProgram({ code: 'process.stdout.write("x".repeat(2e6), () => process.exit())' });
    assert.equal(stdout.length, 2e6);
  });

  test('passes flags, arguments, environment, working directory and input', async () => {
    const exit = await runProgram({
      code: `import { readFileSync } from 'node:fs';
        console.log(process.argv[1], process.env.SAID, process.cwd(), readFileSync(0, 'utf8'));`,
      flags: ['--input-type=module'],
      args: ['argument'],
      env: { SAID: 'value' },
      cwd: '/',
      input: 'typed',
    });
    assert.equal(exit.stdout, 'argument value / typed\n');
  });

  test('runs a program that comes on stdin', async () => {
    assert.equal((await runProgram({ input: 'console.log(6 * 7)' })).stdout, '42\n');
  });

  test('inherits nothing that changes tracing or colours', async () => {
    const names = [
      'NODE_OPTIONS',
      'OTEL_SERVICE_NAME',
      'LOGFIRE_TOKEN',
      'TRACING_CONSOLE',
      'FORCE_COLOR',
      'NODE_TEST_CONTEXT',
    ];
    const before = { ...process.env };
    for (const name of names) process.env[name] ??= name === 'NODE_OPTIONS' ? '--no-warnings' : '1';
    try {
      const { stdout } = await runProgram({
        code: `console.log(${JSON.stringify(names)}.filter((n) => n in process.env), !!process.env.PATH)`,
      });
      assert.equal(stdout, '[] true\n');
    } finally {
      for (const name of names) if (before[name] === undefined) delete process.env[name];
    }
  });

  test('kills a program that runs too long, and shows what it printed', async () => {
    await assert.rejects(
      runProgram({ code: 'console.log("still here"); setInterval(() => {}, 1e6)', timeoutMillis: 2000 }),
      /still ran after 2000 ms\nstdout: still here/,
    );
  });

  test('kills what a program leaves behind', async () => {
    const { stdout } = await runProgram({
      code: `console.log(require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' }).pid);
        process.exit()`,
    });
    const until = performance.now() + 20_000;
    while (isAlive(Number(stdout)) && performance.now() < until) await delay(10);
    assert.equal(isAlive(Number(stdout)), false);
  });

  test('rejects when the node binary does not exist', async () => {
    await assert.rejects(runProgram({ code: '', node: '/nowhere/node' }), { code: 'ENOENT' });
  });
});

suite('startProgram', () => {
  const stay = 'setInterval(() => {}, 1e6);';

  test('is ready by an IPC message', async (t) => {
    const program = await closeAfter(t, startProgram({ code: `process.send({ port: 81, more: true }); ${stay}` }));
    assert.equal(program.port, 81);
    assert.deepEqual(program.ready, { port: 81, more: true });
  });

  test('is ready by a line on stdout, without IPC', async (t) => {
    const program = await closeAfter(
      t,
      startProgram({
        code: `console.log(typeof process.send); console.log('ready {"port":82}'); ${stay}`,
        ipc: false,
      }),
    );
    assert.equal(program.port, 82);
    assert.match(program.stdout(), /^undefined\n/);
  });

  test('sends messages and tells the exit', async (t) => {
    const program = await closeAfter(
      t,
      startProgram({
        code: 'process.send({ port: 1 }); process.once("message", (m) => { console.error(m); process.disconnect(); process.exitCode = 5 })',
      }),
    );
    program.send('stop');
    const { code, stderr } = await program.exited;
    assert.deepEqual([code, stderr], [5, 'stop\n']);
  });

  test('kills by the signal asked for', async (t) => {
    const program = await closeAfter(t, startProgram({ code: `process.send({}); ${stay}` }));
    assert.equal((await program.kill('SIGINT')).signal, 'SIGINT');
  });

  test('kills a program that ignores signals', async (t) => {
    const program = await closeAfter(
      t,
      startProgram({
        code: `process.on('SIGTERM', () => {}); process.send({}); ${stay}`,
        graceMillis: 200,
      }),
    );
    assert.equal((await program.kill()).signal, 'SIGKILL');
  });

  test('waits for output, and no longer than the program lives', async (t) => {
    const code = `process.send({}); process.once('message', () => console.error('one', 'two')); ${stay}`;
    const program = await closeAfter(t, startProgram({ code }));
    program.send('go');
    await program.waitForOutput(/one two/);
    await program.waitForOutput(/one/);
    const never = assert.rejects(program.waitForOutput(/three/), /did not print \/three\/\nstdout: \nstderr: one two/);
    await program.kill();
    await never;
  });

  test('rejects a program that ends before it is ready', async () => {
    await assert.rejects(
      startProgram({ code: 'console.error("no port"); process.exit(9)' }),
      /ended with 9 before it was ready\n.*\nstderr: no port/,
    );
  });

  test('kills a program that never gets ready', async () => {
    await assert.rejects(startProgram({ code: stay, timeoutMillis: 300 }), /was not ready after 300 ms/);
  });
});
