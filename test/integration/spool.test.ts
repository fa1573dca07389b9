// Spans of a receiver that is down: on disk, redacted, and sent by the next run. Real processes, real files.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, suite, test } from 'node:test';
import { type Backend, startBackend } from '../support/backend.ts';
import { createCalls } from '../support/call-many.ts';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import { closedPort, startSink } from '../support/otlp-sink.ts';
import { patientFlags, runProgram, startProgram } from '../support/run-program.ts';

const SECRET = 'secret-value-123';

let backend: Backend;
before(async () => void (backend = await startBackend()));
after(() => backend.stop());

/** Calls BACKEND `calls` times, then runs `then`. */
const callMany = (calls: number, then = ''): string => createCalls({ calls, query: `token=${SECRET}`, after: then });

const STAY = "process.once('SIGUSR2', () => process.exit(0)); setInterval(() => {}, 1e6); console.log('ready {}');";

async function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-spooled-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const port = await closedPort();
  const dir = join(folder, 'spool');
  const env = {
    BACKEND: backend.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    TRACING_SPOOL_DIR: dir,
    OTEL_BSP_SCHEDULE_DELAY: '20',
  };
  return { port, dir, env, files: () => readdirSync(dir) };
}

suite('export.spool', { concurrency: 3 }, () => {
  const ends = [
    ['a natural end', ''],
    ['an uncaught exception', 'setImmediate(() => { throw new Error("on purpose") })'],
    ['SIGTERM', "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1e6)"],
    ['process.exit()', 'process.exit(3)'],
  ] as const;
  for (const [how, then] of casesOf(ends, 2)) {
    test(`holds what a dead receiver did not get before ${how}, without a secret; the next run sends it, once`, async (t) => {
      const { env, port, dir, files } = await setUp(t);
      const first = await runProgram({ code: callMany(5, then), flags: patientFlags, env });
      assert.doesNotMatch(first.stderr, /lost/);
      assert.ok(files().length > 0);
      for (const name of files()) {
        assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600);
        assert.doesNotMatch(readFileSync(join(dir, name), 'latin1'), new RegExp(SECRET));
      }
      const sink = await closeAfter(t, startSink({ port }));
      const next = await closeAfter(t, startProgram({ code: callMany(1, STAY), flags: patientFlags, env, ipc: false }));
      const spans = await sink.waitForSpans(6);
      while (files().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await next.kill('SIGUSR2');
      assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 6);
      assert.equal(sink.spans.length, 6);
      assert.doesNotMatch(sink.rawText(), new RegExp(SECRET));
    });
  }

  test('outlives SIGKILL: while the receiver is down, all but one batch is on disk', async (t) => {
    const { env, port, files } = await setUp(t);
    const code = callMany(1, `await new Promise((done) => setTimeout(done, 300)); ${callMany(9, STAY)}`);
    const one = { ...env, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' };
    const program = await closeAfter(t, startProgram({ code, flags: patientFlags, env: one, ipc: false }));
    await program.waitForOutput(/kept in the spool/);
    while (files().filter((name) => !name.includes('writing')).length < 9)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await program.kill('SIGKILL');
    const sink = await closeAfter(t, startSink({ port }));
    const next = await closeAfter(t, startProgram({ code: STAY, flags: patientFlags, env, ipc: false }));
    await sink.waitForSpans(9);
    await next.kill('SIGUSR2');
  });

  test('is emptied by the process itself when the receiver is back', async (t) => {
    const { env, port, files } = await setUp(t);
    const one = { ...env, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' };
    const program = await closeAfter(
      t,
      startProgram({ code: callMany(6, STAY), flags: patientFlags, env: one, ipc: false }),
    );
    await program.waitForOutput(/kept in the spool/);
    const sink = await closeAfter(t, startSink({ port }));
    const spans = await sink.waitForSpans(6);
    while (files().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await program.kill('SIGUSR2');
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 6);
    assert.equal(sink.spans.length, 6);
  });

  test('is shared: what two processes leave is sent by a third, each batch once', async (t) => {
    const { env, port } = await setUp(t);
    await Promise.all([1, 2].map(() => runProgram({ code: callMany(4, 'process.exit()'), flags: patientFlags, env })));
    const sink = await closeAfter(t, startSink({ port }));
    const readers = await Promise.all(
      [1, 2].map(() => closeAfter(t, startProgram({ code: STAY, flags: patientFlags, env, ipc: false }))),
    );
    await sink.waitForSpans(8);
    for (const reader of readers) await reader.kill('SIGUSR2');
    assert.equal(new Set(sink.spans.map(({ spanId }) => spanId)).size, 8);
    assert.equal(sink.spans.length, 8);
  });

  test('a folder that cannot be used is said; the spans are lost as without it, and the program does not notice', async (t) => {
    const { env, dir } = await setUp(t);
    writeFileSync(dir, 'a file');
    const { stderr, code } = await runProgram({ code: callMany(2, 'process.exit(4)'), flags: patientFlags, env });
    assert.equal(code, 4);
    assert.match(stderr, /^tracing: nothing can be kept in the spool .*: /m);
    assert.match(stderr, /^tracing: 2 spans were lost on the way to /m);
  });

  test('without one nothing is written, and no file of it is read', async (t) => {
    const { env } = await setUp(t);
    const code = "console.log(Object.keys(require.cache).filter((file) => file.endsWith('spool.cjs')).length)";
    const { stdout } = await runProgram({ code, flags: patientFlags, env: { ...env, TRACING_SPOOL_DIR: undefined } });
    assert.equal(stdout, '0\n');
    mkdirSync(join(env.TRACING_SPOOL_DIR, 'x'), { recursive: true });
    const on = await runProgram({ code, flags: patientFlags, env });
    assert.equal(on.stdout, '1\n');
  });
});
