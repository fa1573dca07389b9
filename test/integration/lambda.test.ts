// AWS Lambda: a process that is frozen as soon as it has answered, and everything delivered by then.
import assert from 'node:assert/strict';
import { type TestContext, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import { startFakeLambda } from '../support/fake-lambda.ts';
import { type RunningProgram, agentFlags, startProgram } from '../support/run-program.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { startSurroundings } from './traced.ts';

const taskRoot = fileURLToPath(new URL('../fixtures/lambda/', import.meta.url));

/** Starts the runtime with a handler of the fixtures, and gives what invokes it. */
async function startFunction(t: TestContext, handler: string, added: Record<string, string> = {}) {
  const surroundings = await startSurroundings(t);
  const lambda = await closeAfter(t, startFakeLambda({ freezeAt: handler.endsWith('.stream') ? 'next' : 'answer' }));
  const start = startProgram({
    program: `${taskRoot}bootstrap.mjs`,
    flags: [...agentFlags, '--import', 'data:text/javascript,console.log("ready {}")'],
    cwd: taskRoot,
    env: {
      ...surroundings.env,
      // Nothing but the end of an invocation sends.
      OTEL_BSP_SCHEDULE_DELAY: '600000',
      AWS_LAMBDA_FUNCTION_NAME: 'shop',
      AWS_LAMBDA_FUNCTION_VERSION: '7',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_REGION: 'eu-central-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
      AWS_LAMBDA_RUNTIME_API: lambda.api,
      LAMBDA_TASK_ROOT: taskRoot,
      _HANDLER: handler,
      ...added,
    },
  });
  const program: RunningProgram = await closeAfter(t, start);
  return { ...surroundings, program, invoke: (event: unknown) => lambda.invoke(event, program.child.pid ?? 0), lambda };
}

suite('AWS Lambda:', { concurrency: 4, timeout: 240_000 }, () => {
  const tree = 'SERVER shop\n  CLIENT GET 200';
  const handlers = [
    ['functions.promise', { cjs: ' 1', mjs: 'promise 1' }],
    ['functions.callback', { cjs: ' 3', mjs: 'callback 3' }],
    ['functions.inside.an.object', { cjs: ' 1', mjs: 'promise 1' }],
    ['functions.stream', { cjs: ' 2', mjs: ' 2' }],
  ] as const;
  const functions = (['cjs', 'mjs'] as const).flatMap((extension) =>
    handlers.map(([handler, shape]) => [extension, handler, shape] as const),
  );
  for (const [extension, handler, shape] of casesOf(functions, 2)) {
    test(`${handler} (${extension}) is frozen with its spans delivered, twice`, async (t) => {
      const root = handler.replace('functions', `only-${extension}/functions`);
      const { sink, program, invoke, lambda } = await startFunction(t, root);
      for (const count of [1, 2]) {
        const { body, failed } = await invoke({ name: 'apples', headers: { host: 'shop.example' } });
        assert.equal(failed, false, program.stderr());
        assert.match(body, /apples GET \/stock\/1/);
        assert.equal(sink.spans.length, 2 * count, program.stderr());
      }
      assertTrees(sink.spans, `${tree}\n${tree}`);
      assert.doesNotMatch(sink.rawText(), /hidden-in|runtime\/invocation/);
      assert.equal(program.stdout(), `ready {}\n${shape[extension]}\n`);
      assert.equal(program.stderr(), '');
      assert.equal(lambda.requests.filter((request) => request.endsWith('response')).length, 2);
    });
  }

  const failures = [
    ['failing', 'no ?token=hidden-in-error', 'SERVER shop ERROR "no ?token=REDACTED"\n  CLIENT GET 200'],
    ['failingCallback', 'called back', 'SERVER shop ERROR "called back"\n  CLIENT GET 200'],
    ['throwing', 'at once', 'SERVER shop ERROR "at once"'],
  ] as const;
  for (const [handler, message, expected] of casesOf(failures, 1)) {
    test(`the error of functions.${handler} reaches the runtime, and its spans the receiver`, async (t) => {
      const { sink, invoke } = await startFunction(t, `only-cjs/functions.${handler}`);
      const { body, failed } = await invoke({});
      assert.deepEqual([failed, JSON.parse(body)], [true, { errorType: 'TypeError', errorMessage: message }]);
      assertTrees(sink.spans, expected);
      assert.doesNotMatch(sink.rawText(), /hidden-in/);
    });
  }

  test('a bundle whose exports cannot be changed, and an event that continues a trace', async (t) => {
    const { sink, invoke } = await startFunction(t, 'bundled.handler');
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const headers = { traceparent, host: 'shop.example', 'x-forwarded-proto': 'https' };
    await invoke({ name: 'pears', headers, path: '/buy', queryStringParameters: { token: 'hidden-in-query' } });
    const span = sink.spans.find(({ kind }) => kind === 'SERVER');
    assert.deepEqual([span?.traceId, span?.parentSpanId], ['a'.repeat(32), 'b'.repeat(16)]);
    assert.equal(span?.attributes['faas.invocation_id'], 'request-1');
    assert.equal(span?.attributes['faas.coldstart'], true);
    assert.equal(span?.attributes['url.full'], 'https://shop.example/buy?token=REDACTED');
    const { resource } = span ?? {};
    assert.deepEqual(
      [resource?.['faas.name'], resource?.['faas.version'], resource?.['cloud.region'], resource?.['faas.max_memory']],
      ['shop', '7', 'eu-central-1', 128 * 1024 * 1024],
    );
    assert.doesNotMatch(sink.rawText(), /hidden-in/);
  });

  test('without a span of the invocation where it is turned off, and delivered all the same', async (t) => {
    const added = { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'aws-lambda' };
    const { sink, invoke } = await startFunction(t, 'only-mjs/functions.promise', added);
    await invoke({ name: 'apples' });
    assertTrees(sink.spans, 'CLIENT GET 200');
  });

  test('a receiver that does not answer holds an invocation for two seconds', async (t) => {
    const { sink, invoke } = await startFunction(t, 'only-cjs/functions.promise');
    sink.answerWith({ hang: true });
    const startMillis = performance.now();
    const { atMillis } = await invoke({ name: 'apples' });
    const heldMillis = atMillis - startMillis;
    assert(heldMillis > 1900 && heldMillis < 20_000, `${heldMillis} ms`);
  });
});
