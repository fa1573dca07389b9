// Worker threads: what ends in one leaves with the batches of the main thread, and neither notices.
import assert from 'node:assert/strict';
import { type TestContext, after, before, suite, test } from 'node:test';
import { type Backend, startBackend } from '../support/backend.ts';
import { casesOf } from '../support/every-case.ts';
import { type Exit, type ProgramOptions, patientFlags, runProgram } from '../support/run-program.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { assertSame, startSurroundings } from './traced.ts';

/** Nothing is sent before the end, so that everything is one request. */
const AT_THE_END = { OTEL_BSP_SCHEDULE_DELAY: '600000' };

let backend: Backend;
before(async () => void (backend = await startBackend()));
after(() => backend.stop());

/** The runs without the agent, by what the program is told: one of each is enough. */
const bareRuns = new Map<string, Promise<Exit>>();
function runBare(program: string, args: string[]): Promise<Exit> {
  const key = [program, ...args].join(' ');
  const bare = bareRuns.get(key) ?? runProgram({ program, args, env: { BACKEND: backend.url } });
  bareRuns.set(key, bare);
  return bare;
}

async function run(t: TestContext, { program = 'workers.cjs', args, env }: Pick<ProgramOptions, 'env'> & Told) {
  const surroundings = await startSurroundings(t);
  const [bare, exit] = await Promise.all([
    runBare(program, args),
    runProgram({ program, args, env: { ...surroundings.env, ...AT_THE_END, ...env }, flags: patientFlags }),
  ]);
  assertSame(exit, bare);
  return { ...surroundings, exit };
}

interface Told {
  program?: string;
  args: string[];
}

/** One of the two where not every case is wanted. */
const first = (...variants: ['cjs', 'mjs'] | ['mjs', 'cjs']) => casesOf(variants, 1);

suite('workers:', { concurrency: 4, timeout: 240_000 }, () => {
  for (const variant of first('mjs', 'cjs')) {
    test(`four that serve and call (${variant}): every request one span, one process, one request to the receiver`, async (t) => {
      const { sink } = await run(t, { program: `workers.${variant}`, args: ['four'] });
      const tree = [1, 2, 3, 4].map(
        (n) => `CLIENT GET 200 url.full=http://127.0.0.1:<port>/${n}
                  SERVER GET 200
                    CLIENT GET 200 url.full=http://127.0.0.1:<port>/of/${n}`,
      );
      assertTrees(sink.spans, `\n                ${tree.join('\n                ')}`, {
        attributes: ['url.full'],
        order: 'text',
      });
      assert.equal(sink.requests.length, 1);
      assert.equal(new Set(sink.spans.map(({ resource }) => JSON.stringify(resource))).size, 1);
      const threads = Map.groupBy(sink.spans, ({ attributes }) => attributes['thread.id']);
      assert.deepEqual(
        [...threads.values()].map(({ length }) => length).toSorted((a, b) => a - b),
        [2, 2, 2, 2, 4],
      );
      assert.equal(threads.get(undefined)?.length, 4);
    });
  }

  const ends = [
    ['exit', 'mjs'],
    ['call', 'cjs'],
    ['exit', 'cjs'],
    ['call', 'mjs'],
  ] as const;
  for (const [job, variant] of casesOf(ends, 1)) {
    test(`one that ends by ${job} (${variant})`, async (t) => {
      const { sink } = await run(t, { program: `workers.${variant}`, args: ['run', job] });
      assertTrees(sink.spans, 'CLIENT GET 200');
    });
  }

  for (const variant of first('cjs', 'mjs')) {
    test(`one that is terminated as soon as it has answered (${variant})`, async (t) => {
      const { sink } = await run(t, { program: `workers.${variant}`, args: ['terminate'] });
      assertTrees(sink.spans, 'CLIENT GET 200');
    });
  }

  for (const variant of first('mjs', 'cjs')) {
    test(`one in another (${variant})`, async (t) => {
      const { sink } = await run(t, { program: `workers.${variant}`, args: ['nested'] });
      assertTrees(sink.spans, 'CLIENT GET 200 thread.id=2', { attributes: ['thread.id'] });
    });
  }

  test('one that throws ends the program as without the agent', async (t) => {
    const surroundings = await startSurroundings(t);
    const options = { program: 'workers.cjs', args: ['run', 'throw'] };
    const [bare, traced] = await Promise.all([
      runProgram({ ...options, env: surroundings.env }),
      runProgram({ ...options, env: surroundings.env, flags: patientFlags }),
    ]);
    assert.deepEqual([traced.code, traced.stdout], [bare.code, bare.stdout]);
    assert.match(traced.stderr, /Error: thrown in a worker/);
    assertTrees(surroundings.sink.spans, 'CLIENT GET 200');
  });

  test('what the main thread has not read when it exits is read then', async (t) => {
    const { sink, exit } = await run(t, { args: ['leave'] });
    assert.equal(exit.code, 3);
    assertTrees(sink.spans, 'CLIENT GET 200');
  });

  test('environments of their own: the configuration is that of the main thread, and without the flag it stands aside', async (t) => {
    const env = { LOGFIRE_URL_REDACT_KEYS: 'order_ref' };
    const { sink, exit } = await run(t, { args: ['environments'], env });
    assert.equal(exit.stdout, 'call exit 0\n'.repeat(4));
    assert.equal(sink.spans.length, 3);
    assert.doesNotMatch(sink.rawText(), /hidden-in-url/);
  });

  test('listeners, ports and resources are those of a program without the agent', async (t) => {
    await run(t, { args: ['look'] });
  });

  test('a trace that failed is kept where it happens', async (t) => {
    const env = { LOGFIRE_TRACE_SAMPLE_RATE: '0', TRACING_KEEP: 'errors' };
    const failed = await run(t, { args: ['run', 'error'], env });
    assert.equal(failed.sink.spans.length, 1, failed.exit.stderr);
    assertTrees(failed.sink.spans, 'CLIENT GET ECONNREFUSED ERROR "…"');
    const good = await run(t, { args: ['run', 'call'], env });
    assertTrees(good.sink.spans, '');
  });

  test('more than the main thread may hold is dropped, and said once', async (t) => {
    const surroundings = await startSurroundings(t);
    const env = { ...surroundings.env, OTEL_BSP_MAX_QUEUE_SIZE: '300', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '300' };
    const exit = await runProgram({ program: 'workers.cjs', args: ['run', 'flood'], env, flags: patientFlags });
    assert.equal(exit.code, 0);
    assert.equal(exit.stdout, 'flood exit 0\n');
    const lost = [...exit.stderr.matchAll(/(\d+) spans? (?:was|were)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
    assert.equal(surroundings.sink.spans.length + lost, 1000, exit.stderr);
  });

  test('log records go the same road', async (t) => {
    const env = { OTEL_LOGS_EXPORTER: 'otlp', TRACING_LOGS_CONSOLE: '1' };
    const { sink } = await run(t, { args: ['run', 'log'], env });
    // On a busy machine the main thread says that the worker has ended before it reads what that had to say.
    const ofWorker = sink.logs.find(({ attributes }) => typeof attributes['thread.id'] === 'number');
    assert.equal(ofWorker?.body, 'of a worker, token=REDACTED');
    assert.equal(sink.logs.length, 2);
    assert.equal(sink.requests.length, 1);
    assert.doesNotMatch(sink.rawText(), /hidden-in-log/);
  });

  test('the console shows them among the others', async (t) => {
    const { env } = await startSurroundings(t);
    const exit = await runProgram({
      program: 'workers.cjs',
      args: ['run', 'call'],
      flags: patientFlags,
      env: { BACKEND: env['BACKEND'] },
    });
    assert.match(exit.stderr, /GET {2}127\.0\.0\.1:\d+\/worker\?\S+ +200/);
    assert.equal([...exit.stderr.matchAll(/^tracing /gm)].length, 1);
  });
});

suite('messages of workers:', { concurrency: 4, timeout: 240_000 }, () => {
  const options = { attributes: ['url.full'], order: 'text' } as const;
  const drawJob = (name: string, by: string): string => `INTERNAL ${name}
  CLIENT GET 200 url.full=http://127.0.0.1:<port>/answered-${by}
  CLIENT GET 200 url.full=http://127.0.0.1:<port>/${by}`;

  for (const variant of first('cjs', 'mjs')) {
    test(`are handled in the trace in which they are posted, where that is asked for (${variant})`, async (t) => {
      const env = { TRACING_PROPAGATE_WORKERS: '1' };
      const { sink } = await run(t, { program: `workers.${variant}`, args: ['messages'], env });
      const jobs = [drawJob('first', 'once'), drawJob('second', 'listener'), drawJob('third', 'property')];
      assertTrees(sink.spans, [...jobs, 'INTERNAL wrong'].join('\n'), options);
    });
  }

  test('carry nothing where it is not asked for', async (t) => {
    const { sink } = await run(t, { args: ['messages'] });
    const first = sink.spans.find(({ name }) => name === 'first');
    assert.equal(sink.spans.filter(({ parentSpanId }) => parentSpanId === first?.spanId).length, 0);
  });

  test('reach a worker without the agent as they are', async (t) => {
    const env = { TRACING_PROPAGATE_WORKERS: '1' };
    const { exit } = await run(t, { args: ['plain'], env });
    assert.equal(exit.stdout, '{"as":["it","is"]}\n');
  });
});
