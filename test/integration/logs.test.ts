// Log records of real programs, at a real receiver: of OpenTelemetry's API and of console. Those of loggers: test/libraries/logs.test.ts.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import type { ReceivedLog } from '../support/otlp-decode-logs.ts';
import { type Sink, startSink } from '../support/otlp-sink.ts';
import { type Exit, type ProgramOptions, agentFlags, patientFlags, runProgram } from '../support/run-program.ts';

const SECRET = 'q7XfT2mP9sLw4Zk8';

const run = (sink: Pick<Sink, 'url'>, options: Omit<ProgramOptions, 'program' | 'code'> = {}): Promise<Exit> =>
  runProgram({
    program: 'logs.mjs',
    ...options,
    flags: patientFlags,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_LOGS_EXPORTER: 'otlp',
      TRACING_THROW_INTERNAL_ERRORS: '1',
      SECRET,
      ...options.env,
    },
  });

const of = (logs: readonly ReceivedLog[], scope: string): ReceivedLog[] =>
  logs.filter((log) => log.scope.name === scope);

suite('log records', { concurrency: 2, timeout: 60_000 }, () => {
  const formats = [
    ['protobuf', {}],
    ['gzipped protobuf', { OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: 'gzip' }],
    ['JSON', { OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json' }],
  ] as const;
  for (const [title, env] of casesOf(formats, 1)) {
    test(`of the application itself, in ${title}: whole, without secrets, with the ids of the span`, async (t) => {
      const sink = await closeAfter(t, startSink());
      const exit = await run(sink, {
        env: { ...env, OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'x-key=l', OTEL_SERVICE_NAME: 'shop' },
      });
      assert.deepEqual([exit.code, sink.errors], [0, []]);
      const request = sink.requests.find(({ path }) => path === '/v1/logs');
      assert.equal(request?.headers['x-key'], 'l');
      assert.equal(request.headers['content-encoding'], title.startsWith('gzipped') ? 'gzip' : undefined);
      assert.equal(sink.logs.length, 1);
      const [{ timeUnixNano, attributes, resource, ...log } = assert.fail('no record')] = sink.logs;
      const server = sink.spans.find(({ kind }) => kind === 'SERVER');
      assert.deepEqual(log, {
        severityNumber: 17,
        severityText: 'ERROR',
        eventName: 'order.failed',
        body: {
          text: 'called https://shop.example/?token=REDACTED',
          password: 'REDACTED',
          items: [{ headers: { authorization: 'REDACTED' } }],
        },
        traceId: server?.traceId,
        spanId: server?.spanId,
        flags: 1,
        scope: { name: 'shop', version: '1.0' },
      });
      assert.ok(timeUnixNano > 0n);
      assert.equal(resource['service.name'], 'shop');
      const { 'exception.stacktrace': stack, ...rest } = attributes;
      assert.deepEqual(rest, {
        orders: 2,
        from: 'https://shop.example/?token=REDACTED',
        'exception.type': 'TypeError',
        'exception.message': 'no https://shop.example/?token=REDACTED',
      });
      assert.match(String(stack), /caused by: Error: token=REDACTED/);
      assert.ok(!sink.rawText().includes(SECRET));
    });
  }

  test('of the package that had the API of logs before', async (t) => {
    const sink = await closeAfter(t, startSink());
    const { code } = await runProgram({
      code: `const { logs } = require(${JSON.stringify(fileURLToPath(import.meta.resolve('@opentelemetry/api-logs')))});
        logs.getLogger('older', '0.2').emit({ body: { password: '${SECRET}' }, severityText: 'INFO', severityNumber: 9 })`,
      flags: agentFlags,
      env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${sink.url}/v1/logs`, TRACING_THROW_INTERNAL_ERRORS: '1' },
    });
    assert.equal(code, 0);
    assert.deepEqual(
      sink.logs.map(({ body, scope }) => [body, scope]),
      [[{ password: 'REDACTED' }, { name: 'older', version: '0.2' }]],
    );
  });

  test('of console on request, and what is printed stays', async (t) => {
    const sink = await closeAfter(t, startSink());
    const [bare, traced] = await Promise.all([
      runProgram({ program: 'logs.mjs', env: { SECRET } }),
      run(sink, { env: { TRACING_LOGS_CONSOLE: '1' } }),
    ]);
    const inRequest = (exit: Exit): string => exit.stdout.replace(/^.*from inside\n/gm, '');
    assert.equal(inRequest(traced), inRequest(bare));
    assert.deepEqual([traced.code, traced.stderr], [0, bare.stderr]);
    const records = of(sink.logs, 'console');
    assert.deepEqual(
      records.map(({ severityNumber, severityText, body }) => [
        severityNumber,
        severityText,
        String(body).split('\n')[0],
      ]),
      [
        [9, 'log', 'listening'],
        [9, 'log', "in request { password: 'REDACTED' }"],
        [9, 'info', 'printed'],
        // Printing it again, Node asks it again.
        [9, 'log', 'from inside'],
        [5, 'debug', 'of little note'],
        [13, 'warn', 'went to https://shop.example/?token=REDACTED'],
        [17, 'error', 'RangeError: out of https://shop.example/?token=REDACTED'],
        [9, 'log', 'true'],
      ],
    );
    const server = sink.spans.find(({ kind }) => kind === 'SERVER');
    assert.deepEqual(
      records.map(({ traceId, spanId }) => [traceId, spanId]).filter(([traceId]) => traceId !== ''),
      [[server?.traceId, server?.spanId]],
    );
    const error = records.find(({ severityText }) => severityText === 'error');
    assert.equal(error?.attributes['exception.type'], 'RangeError');
    assert.ok(!sink.rawText().includes(SECRET));
  });

  const ends = [
    ['natural', 0, null],
    ['sigterm', null, 'SIGTERM'],
    ['throw', 1, null],
    ['exit', 3, null],
  ] as const;
  for (const [end, code, signal] of casesOf(ends, 1)) {
    test(`all arrive once when the program ends: ${end}`, async (t) => {
      const sink = await closeAfter(t, startSink());
      const exit = await run(sink, {
        args: [end],
        env: { TRACING_LOGS_CONSOLE: '1', OTEL_BLRP_SCHEDULE_DELAY: '60000' },
      });
      assert.deepEqual([exit.code, exit.signal], [code, signal]);
      assert.deepEqual([of(sink.logs, 'shop').length, of(sink.logs, 'console').length], [1, 8]);
      assert.equal(sink.spans.length, 2);
    });
  }

  test('go out in batches while the program runs', async (t) => {
    const sink = await closeAfter(t, startSink());
    const exit = await run(sink, { env: { TRACING_LOGS_CONSOLE: '1', OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '4' } });
    assert.equal(exit.code, 0);
    const batches = sink.requests.filter(({ path }) => path === '/v1/logs').map(({ logs }) => logs.length);
    assert.ok(
      batches.every((length) => length <= 4),
      String(batches),
    );
    assert.equal(sink.logs.length, 9);
  });

  test('that do not arrive are counted in one line of their own, and cost no span', async (t) => {
    const [sink, broken] = await Promise.all([
      closeAfter(t, startSink()),
      closeAfter(t, startSink({ answer: { status: 400 } })),
    ]);
    const { code, stderr } = await run(sink, {
      args: ['exit'],
      env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${broken.url}/v1/logs?key=${SECRET}`, OTEL_LOGS_EXPORTER: undefined },
    });
    assert.equal(code, 3);
    assert.deepEqual(
      stderr.match(/^tracing: .*$/gm)?.map((line) => line.replace(broken.url, 'broken')),
      ['tracing: 1 log record was lost on the way to broken/v1/logs?key=REDACTED: HTTP status 400'],
    );
    assert.deepEqual([broken.requests.length > 0, sink.spans.length, sink.logs.length], [true, 2, 0]);
  });

  const limits = [
    ['exit', 1000],
    ['sigterm', 2000],
  ] as const;
  for (const [end, limitMillis] of casesOf(limits, 1)) {
    test(`a receiver that hangs changes nothing about the end: ${end}`, async (t) => {
      const hanging = await closeAfter(t, startSink({ answer: { hang: true } }));
      const [bare, unanswered] = await Promise.all([
        runProgram({ program: 'logs.mjs', args: [end], env: { SECRET } }),
        run(hanging, { args: [end], env: { TRACING_EXIT_MILLIS: '1000' } }),
      ]);
      assert.deepEqual([unanswered.code, unanswered.signal, unanswered.stdout], [bare.code, bare.signal, bare.stdout]);
      assert.deepEqual(
        unanswered.stderr.match(/^tracing: \d (?:spans|log records?) (?:was|were) lost/gm)?.sort(),
        ['tracing: 1 log record was lost', 'tracing: 2 spans were lost'],
        unanswered.stderr,
      );
      assert(unanswered.millis - bare.millis < limitMillis + 1500, `${unanswered.millis} ms, ${bare.millis} bare`);
    });
  }

  test('a full queue drops and counts', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { accept: true, delayMillis: 1500 } }));
    const { stderr } = await run(sink, {
      env: { TRACING_LOGS_CONSOLE: '1', OTEL_BLRP_MAX_QUEUE_SIZE: '3', OTEL_BLRP_SCHEDULE_DELAY: '60000' },
    });
    assert.match(stderr, /tracing: 6 log records were lost on the way to \S+: the queue was full\n/);
    assert.equal(sink.logs.length, 3);
  });
});

suite('logs are loaded where they are wanted', { concurrency: 2 }, () => {
  const code = `const { logs } = require(${JSON.stringify(new URL(import.meta.resolve('@opentelemetry/api')).pathname.replace(/\\.mjs$/, '.cjs'))});
    console.log(logs.getLogger('app').enabled(), Object.keys(require.cache).some((path) => /dist.logs\\.cjs$/.test(path)))`;
  const load = (env: Record<string, string>): Promise<Exit> =>
    runProgram({
      code,
      flags: agentFlags,
      env: { TRACING_CONSOLE: 'off', TRACING_THROW_INTERNAL_ERRORS: '1', ...env },
    });
  const endpoint = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://127.0.0.1:4' };

  const wishes = [
    ['nothing is configured', {}, false],
    ['there is an endpoint for traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4' }, false],
    ['they are turned off', { ...endpoint, OTEL_LOGS_EXPORTER: 'none' }, false],
    ['there is an endpoint for logs', endpoint, true],
    ['they are turned on', { OTEL_LOGS_EXPORTER: 'otlp' }, true],
  ] as const;
  for (const [title, env, isLoaded] of casesOf(wishes, 2)) {
    test(`${title}: ${isLoaded ? 'loaded' : 'not at all'}`, async () => {
      const exit = await load(env);
      assert.deepEqual([exit.code, exit.stdout, exit.stderr], [0, `${isLoaded} ${isLoaded}\n`, '']);
    });
  }

  for (const [env, line] of [
    [
      { TRACING_LOGS_CONSOLE: '1' },
      'logs.console has no effect: logs are off; OTEL_LOGS_EXPORTER=otlp or export.otlp.logsEndpoint turns them on',
    ],
    [
      { OTEL_LOGS_EXPORTER: 'console' },
      'OTEL_LOGS_EXPORTER: console is not supported, expected otlp or none; using the default "auto"',
    ],
  ] as const) {
    test(`${JSON.stringify(env)} is answered with a line`, async () => {
      assert.equal((await load(env)).stderr, `tracing: ${line}\n`);
    });
  }
});
