// An instrumentation that fails again and again is turned off, alone, and the application answers as without the agent.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { createProgram } from '../libraries/library-project.ts';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import type { Sink } from '../support/otlp-sink.ts';
import { patientFlags, runProgram, startProgram } from '../support/run-program.ts';
import { exchange, rawGet, startSurroundings } from './traced.ts';

/** More than the errors that are borne. */
const TIMES = 25;

interface Played {
  readonly answers: readonly string[];
  readonly stderr: string;
  readonly code: number | null;
  readonly sink: Sink;
}

/** Asks for every path many times, then once more for `last`. */
async function play(
  t: TestContext,
  sides: readonly string[],
  paths: readonly string[],
  flags: readonly string[],
): Promise<Played> {
  const { sink, env } = await startSurroundings(t);
  const program = await closeAfter(t, startProgram({ program: 'hostile.mjs', args: sides, flags, env }));
  const answers: string[] = [];
  for (const path of paths)
    for (let times = 0; times < TIMES; times++) answers.push(await exchange(program.port, rawGet(path)));
  program.send('end');
  const { code, stderr } = await program.exited;
  return { answers, stderr, code, sink };
}

/** The instrumentations that were said to be turned off, each line once. */
const readTurnedOff = (stderr: string): string[] =>
  [
    ...stderr.matchAll(
      /^tracing: (.+) is turned off after 20 internal errors within a minute, the rest goes on, the application is not affected; the last was in .+: the address is not known$/gm,
    ),
  ].map(([, name = '']) => name);

const PATHS = ['/hello', '/http', '/fetch', '/http2'];

suite('instrumentations that fail at every request', { concurrency: 3 }, () => {
  const hostile = [
    [['server'], ['http server'], ['CLIENT GET /fetch', 'CLIENT GET /http', 'CLIENT GET /inner', 'SERVER GET /inner']],
    [
      ['http2-server'],
      ['http2 server'],
      ['CLIENT GET /fetch', 'CLIENT GET /http', 'CLIENT GET /inner', 'SERVER GET /hello'],
    ],
    [['clients'], ['http client', 'http2 client', 'undici'], ['SERVER GET /hello', 'SERVER GET /inner']],
    [
      ['server', 'http2-server', 'clients'],
      ['http client', 'http server', 'http2 client', 'http2 server', 'undici'],
      [],
    ],
  ] as const;
  for (const [sides, off, kinds] of casesOf(hostile, 2)) {
    test(`${sides.join(', ')}: ${off.join(', ')} and no other is turned off; all answers stay as they are`, async (t) => {
      const [plain, traced] = await Promise.all([play(t, sides, PATHS, []), play(t, sides, PATHS, patientFlags)]);
      assert.deepEqual(traced.answers, plain.answers);
      assert.equal(traced.code, plain.code);
      assert.deepEqual(readTurnedOff(traced.stderr).sort(), off);
      const spans = traced.sink.spans.map(({ kind, attributes: { 'url.full': url, 'url.path': path } }) => {
        return `${kind} GET ${typeof url === 'string' ? new URL(url).pathname : String(path)}`;
      });
      // Those that go on have seen every request.
      for (const kind of kinds) assert.equal(spans.filter((span) => span === kind).length, TIMES, kind);
      // What failed at every event of a request has not ended its span: that was done as it was turned off.
      assert(spans.includes('CLIENT GET /http'));
    });
  }
});

test('an instrumentation that cannot be enabled does not take the others with it', async (t) => {
  const { sink, env } = await startSurroundings(t);
  const folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const before = join(folder, 'before.cjs');
  writeFileSync(
    before,
    `const channels = require('node:diagnostics_channel');
    const { subscribe } = channels;
    channels.subscribe = (name, listener) => {
      if (name.startsWith('undici:')) throw new Error('nobody listens here');
      return subscribe(name, listener);
    };`,
  );
  const code = `require('node:http').get(process.env.BACKEND, (response) => response.resume().on('end', () => fetch(process.env.BACKEND)));`;
  const { stderr, code: exitCode } = await runProgram({ code, env, flags: ['--require', before, ...patientFlags] });
  assert.equal(
    stderr,
    'tracing: internal error in the start of undici, the application is not affected: nobody listens here\n',
  );
  assert.equal(exitCode, 0);
  assert.equal(sink.spans.length, 1);
});

suite('a library whose instrumentation fails', { concurrency: 2 }, () => {
  const source = `import DataLoader from 'dataloader';
const loader = new DataLoader(async (keys) => keys.map((key) => (key < 0 ? new Error('no such thing') : key * 2)));
const run = async () => {
  console.log(await loader.load(1), await loader.load(-1).catch((error) => error.message));
  Object.defineProperty(loader, 'name', { configurable: true, get() { throw new Error('it has no name'); } });
  for (let key = 0; key < ${TIMES}; key++) console.log(loader.prime(key, key * 3) === loader);
  delete loader.name;
  console.log(await loader.load(2));
  try { loader.load(undefined); } catch (error) { console.log(error.message); }
};
run();
`;
  for (const style of casesOf(['ES modules', 'CommonJS'] as const, 1)) {
    test(`is turned off, and gives what it would give (${style})`, async (t) => {
      const program = createProgram(t, source, style, { dataloader: 'dataloader' });
      const { env, sink } = await startSurroundings(t);
      const [plain, traced] = await Promise.all([
        runProgram({ program, env }),
        runProgram({ program, env, flags: patientFlags }),
      ]);
      assert.equal(traced.stdout, plain.stdout);
      assert.equal(traced.code, plain.code);
      assert.match(
        traced.stderr,
        /^tracing: internal error in the instrumentation of dataloader, the application is not affected: it has no name\ntracing: dataloader is turned off after 20 internal errors within a minute, the rest goes on, the application is not affected; the last was in the instrumentation of dataloader: it has no name\n$/,
      );
      assert(sink.spans.length > 0);
    });
  }

  test('throws its errors on under test', async (t) => {
    const program = createProgram(t, source, 'CommonJS', { dataloader: 'dataloader' });
    const { env } = await startSurroundings(t);
    const exit = await runProgram({
      program,
      env: { ...env, TRACING_THROW_INTERNAL_ERRORS: '1' },
      flags: patientFlags,
    });
    assert.match(exit.stderr, /Error: it has no name/);
    assert.equal(exit.code, 1);
  });
});
