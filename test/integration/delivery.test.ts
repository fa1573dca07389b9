// What reaches an OTLP endpoint and what a person reads when it does not: real programs against a receiver that can misbehave.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type Backend, certificateFile, startBackend } from '../support/backend.ts';
import { createCalls } from '../support/call-many.ts';
import { closeAfter } from '../support/close-after.ts';
import { startBlackHole } from '../support/black-hole.ts';
import { casesOf } from '../support/every-case.ts';
import { type Answer, closedPort, startSink, times } from '../support/otlp-sink.ts';
import {
  type Exit,
  type ProgramOptions,
  agentFlags,
  patientFlags,
  runProgram,
  startProgram,
} from '../support/run-program.ts';

/** Calls BACKEND `calls` times, one after the other, says how long that took, then runs `then`. */
const callMany = (calls: number, then = ''): string =>
  createCalls({
    calls,
    query: 'page=1&token=secret-value-123',
    before: 'const begin = performance.now();',
    after: `console.log(Math.round(performance.now() - begin)); ${then}`,
  });

/** Batches leave at once, so that a test need not wait. */
const AT_ONCE = { OTEL_BSP_SCHEDULE_DELAY: '10' };
/** Nothing leaves before the end. */
const AT_END = { OTEL_BSP_SCHEDULE_DELAY: '60000' };

let backend: Backend;
before(async () => void (backend = await startBackend()));
after(() => backend.stop());

const run = (code: string, env: NonNullable<ProgramOptions['env']>, flags: readonly string[] = []) =>
  runProgram({ code, flags: [...patientFlags, ...flags], env: { BACKEND: backend.url, ...env } });

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** A span without what differs from run to run. */
const toFacts = ({
  kind,
  name,
  attributes,
  status,
  scope,
  resource,
}: Awaited<ReturnType<typeof startSink>>['spans'][number]) => ({
  kind,
  name,
  attributes,
  status,
  scope,
  resource: { ...resource, 'process.pid': 0 },
});

/** While the program runs, and by the worker of a process that exits. */
const WAYS = [
  ['by a batch', 'setTimeout(() => {}, 200)'],
  ['at exit', 'process.exit()'],
] as const;

suite('what is sent', { concurrency: 4 }, () => {
  test('protobuf and JSON hold the same spans', async (t) => {
    const protobuf = await closeAfter(t, startSink());
    const json = await closeAfter(t, startSink());
    await Promise.all([
      run(callMany(2), { OTEL_EXPORTER_OTLP_ENDPOINT: protobuf.url }),
      run(callMany(2), { OTEL_EXPORTER_OTLP_ENDPOINT: json.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }),
    ]);
    assert.equal(protobuf.requests[0]?.headers['content-type'], 'application/x-protobuf');
    assert.equal(json.requests[0]?.headers['content-type'], 'application/json');
    assert.equal(protobuf.spans.length, 2);
    assert.deepEqual(json.spans.map(toFacts), protobuf.spans.map(toFacts));
    assert.equal(new Set([...json.spans, ...protobuf.spans].map(({ spanId }) => spanId)).size, 4);
    assert.doesNotMatch(protobuf.rawText() + json.rawText(), /secret-value-123/);
  });

  for (const [how, then] of casesOf(WAYS, 1)) {
    test(`gzip makes the body smaller and decodes to the spans, sent ${how}`, async (t) => {
      const sink = await closeAfter(t, startSink());
      await run(callMany(5, then), {
        ...AT_END,
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      });
      assert.equal(sink.spans.length, 5);
      for (const { headers, wireBytes, body } of sink.requests) {
        assert.equal(headers['content-encoding'], 'gzip');
        assert(wireBytes < body.length / 2, `${wireBytes} of ${body.length} bytes`);
      }
    });
  }

  const withoutGzip = WAYS.flatMap(([how, then]) => [400, 415].map((status) => [how, then, status] as const));
  for (const [how, then, status] of casesOf(withoutGzip, 1)) {
    test(`a receiver that answers ${status} to gzip gets every span uncompressed, and a line says so once, sent ${how}`, async (t) => {
      const sink = await closeAfter(t, startSink({ answer: { noGzip: status } }));
      const url = sink.url.replace('//', '//user:pass-word-123@');
      const { code, stderr } = await run(callMany(5, then), {
        ...(how === 'by a batch' ? AT_ONCE : AT_END),
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      });
      assert.deepEqual([code, sink.spans.length], [0, 5]);
      const [line, ...others] = linesOf(stderr);
      assert.match(line ?? '', new RegExp(`^tracing: .* does not read gzip \\(HTTP status ${status}\\)`));
      assert.match(line ?? '', /OTEL_EXPORTER_OTLP_COMPRESSION=none/);
      assert.deepEqual(others, []);
      assert.doesNotMatch(stderr, /pass-word-123/);
    });
  }

  for (const [how, then] of casesOf(WAYS.toReversed(), 1)) {
    test(`headers go with every request, decoded, those of traces over the common ones, sent ${how}`, async (t) => {
      const sink = await closeAfter(t, startSink());
      await run(callMany(1, then), {
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-common=one,x-both=common,authorization=Bearer%20abc%2Fdef',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-both=traces',
      });
      const { headers } = sink.requests[0] ?? {};
      assert.deepEqual(
        [headers?.['x-common'], headers?.['x-both'], headers?.authorization],
        ['one', 'traces', 'Bearer abc/def'],
      );
    });

    test(`an https endpoint is trusted by NODE_EXTRA_CA_CERTS, sent ${how}`, async (t) => {
      const secure = await closeAfter(t, startBackend({ tls: true }));
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: secure.url.replace('127.0.0.1', 'localhost') };
      const trusted = await run(callMany(1, then), { ...env, NODE_EXTRA_CA_CERTS: certificateFile });
      assert.equal(trusted.stderr, '');
      assert.deepEqual(
        secure.requests.map(({ method, url }) => `${method} ${url}`),
        ['POST /v1/traces'],
      );
      const untrusted = await run(callMany(1, then), env);
      assert.match(untrusted.stderr, /1 span was lost on the way to https:\/\/localhost.*certificate/);
      assert.equal(secure.requests.length, 1);
    });
  }

  for (const [how, then] of casesOf(WAYS, 1)) {
    test(`userinfo of the endpoint is sent as Basic authorization and never printed, sent ${how}`, async (t) => {
      const sink = await closeAfter(t, startSink({ first: [{ status: 400 }] }));
      const endpoint = `http://user:s3cret%2Fword@127.0.0.1:${sink.port}`;
      const { stderr } = await run(callMany(1, then), { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_LOG_LEVEL: 'all' });
      const expected = `Basic ${Buffer.from('user:s3cret/word').toString('base64')}`;
      assert.equal(sink.requests[0]?.headers.authorization, expected);
      assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${sink.port}/v1/traces.*HTTP status 400`));
      assert.doesNotMatch(stderr, /s3cret|user:/);
    });
  }

  const endpoints = [
    [
      'of traces wins',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '$URL/won?x=1', OTEL_EXPORTER_OTLP_ENDPOINT: '$URL/lost' },
      ['/won?x=1'],
    ],
    ['gets /v1/traces added', { OTEL_EXPORTER_OTLP_ENDPOINT: '$URL/base/' }, ['/base/v1/traces']],
    ['of traces is used as it is', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '$URL/my/traces?x=1' }, ['/my/traces?x=1']],
    [
      'is not used with OTEL_TRACES_EXPORTER=none',
      { OTEL_EXPORTER_OTLP_ENDPOINT: '$URL', OTEL_TRACES_EXPORTER: 'none' },
      [],
    ],
  ] as const;
  for (const [what, env, paths] of casesOf(endpoints, 1)) {
    test(`the endpoint ${what}`, async (t) => {
      const sink = await closeAfter(t, startSink());
      const entries = Object.entries(env).map(([name, value]) => [name, value.replace('$URL', sink.url)] as const);
      await run(callMany(1), Object.fromEntries(entries));
      assert.deepEqual(
        sink.requests.map(({ path }) => path),
        paths,
      );
    });
  }

  test('the requests of the exporter are no spans and carry no trace context', async (t) => {
    const sink = await closeAfter(t, startSink());
    await run(callMany(3, 'setTimeout(() => {}, 300)'), {
      ...AT_ONCE,
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1',
    });
    assert.equal(sink.spans.length, 3);
    assert.deepEqual(new Set(sink.spans.map(({ attributes }) => attributes['server.port'])), new Set([backend.port]));
    for (const { headers } of sink.requests)
      assert.deepEqual([headers.traceparent, headers.baggage], [undefined, undefined]);
  });

  test('the console and the endpoint may both be on', async (t) => {
    const sink = await closeAfter(t, startSink());
    const { stderr } = await run(callMany(2), { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, TRACING_CONSOLE: 'line' });
    assert.equal(sink.spans.length, 2);
    assert.equal(linesOf(stderr).filter((line) => line.includes('GET')).length, 2);
  });

  test('a span that the application ends twice arrives once', async (t) => {
    const sink = await closeAfter(t, startSink());
    const code = `const { trace } = require('@opentelemetry/api');
      const span = trace.getTracer('shop').startSpan('price'); span.end(); span.end(); span.setAttribute('late', true); console.log('done');`;
    const { stdout, code: exitCode } = await run(code, { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url });
    assert.deepEqual([stdout, exitCode], ['done\n', 0]);
    assert.deepEqual(
      sink.spans.map(({ name, attributes }) => [name, attributes]),
      [['price', {}]],
    );
  });
});

suite('what the application does to its own HTTP and timers does not catch our exports', { concurrency: 4 }, () => {
  const replacements = [
    [
      'http.request, http.globalAgent and fetch replaced',
      `const http = require('node:http');
       const caught = () => { console.log('caught'); throw new Error('caught'); };
       http.request = http.get = caught; http.ClientRequest = caught; http.globalAgent = new http.Agent({ maxSockets: 1 }); globalThis.fetch = caught;`,
    ],
    ['timers faked', `require('node:test').mock.timers.enable();`],
    [
      'timers replaced by functions that do nothing',
      `globalThis.setTimeout = globalThis.setImmediate = () => ({ ref() {}, unref() {} }); globalThis.queueMicrotask = () => {};`,
    ],
  ] as const;
  for (const [what, code] of casesOf(replacements, 1)) {
    test(`${what}: a batch arrives, after a refusal too`, async (t) => {
      const sink = await closeAfter(t, startSink({ first: [{ status: 503, retryAfter: 0 }] }));
      const keepAlive =
        "const server = require('node:net').createServer().listen(0); process.once('SIGUSR2', () => server.close());";
      const program = await closeAfter(
        t,
        startProgram({
          code: `${callMany(1, `${code} console.log('ready {}');`)} ${keepAlive}`,
          flags: patientFlags,
          env: { BACKEND: backend.url, OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_SCHEDULE_DELAY: '200' },
          ipc: false,
        }),
      );
      await sink.waitForSpans(1);
      const { stdout } = await program.kill('SIGUSR2');
      assert.doesNotMatch(stdout, /caught/);
      assert.equal(sink.spans.length, 1);
    });
  }
});

suite('an endpoint in trouble', { concurrency: 6 }, () => {
  const twoLines = (url: string, reason: string, recovery: string): RegExp =>
    new RegExp(
      `^tracing: cannot deliver spans to ${url}/v1/traces \\(${reason}\\); they are kept for a while, the application goes on\n` +
        `tracing: delivering to ${url}/v1/traces again: ${recovery}\n$`,
    );

  const RECOVERED = /delivering to .* again/;

  const cases: ReadonlyArray<readonly [string, readonly Answer[], string]> = [
    ['answers 503', times(2, { status: 503 }), 'HTTP status 503'],
    ['answers 503 with Retry-After in seconds', times(2, { status: 503, retryAfter: 0 }), 'HTTP status 503'],
    [
      'answers 429 with Retry-After as a date',
      [{ status: 429, retryAfter: 'Sun, 06 Nov 1994 08:49:37 GMT' }],
      'HTTP status 429',
    ],
    ['cuts the connection before it has the batch', [{ reset: 'request' }], '.*(?:ECONNRESET|EPIPE).*'],
  ];
  for (const [what, first, reason] of casesOf(cases, 2)) {
    test(`that ${what}, then recovers, gets every span once; one line says it failed, one that it is back`, async (t) => {
      const sink = await closeAfter(t, startSink({ first }));
      const code = `setInterval(() => {}, 1e6); process.on('SIGUSR2', () => process.exit(0)); ${callMany(3, "console.log('ready {}')")}`;
      const env = { BACKEND: backend.url, OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
      const program = await closeAfter(t, startProgram({ code, env, flags: patientFlags, ipc: false }));
      await sink.waitForSpans(3);
      await program.waitForOutput(RECOVERED);
      const { stderr } = await program.kill('SIGUSR2');
      assert.match(stderr, twoLines(sink.url, reason, '(?:1 span|[23] spans) kept, 0 lost'));
      assert.equal(sink.spans.length, 3);
    });
  }

  test('that refuses, then listens, gets every span once; the lines name address, code and counts', async (t) => {
    const port = await closedPort();
    const url = `http://127.0.0.1:${port}`;
    const code = `setInterval(() => {}, 1e6); process.on('SIGUSR2', () => process.exit(0)); ${callMany(3, "console.log('ready {}')")}`;
    const env = { BACKEND: backend.url, OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_BSP_SCHEDULE_DELAY: '100' };
    const program = await closeAfter(t, startProgram({ code, env, flags: patientFlags, ipc: false }));
    await program.waitForOutput(/cannot deliver/);
    const sink = await closeAfter(t, startSink({ port }));
    await sink.waitForSpans(3);
    await program.waitForOutput(RECOVERED);
    const { stderr } = await program.kill('SIGUSR2');
    assert.match(stderr, twoLines(url, `connect ECONNREFUSED 127\\.0\\.0\\.1:${port}`, '3 spans kept, 0 lost'));
    assert.equal(sink.spans.length, 3);
  });

  test('that hangs is given up after the timeout of one attempt, tried again, and gets the span', async (t) => {
    const sink = await closeAfter(t, startSink({ first: [{ hang: true }] }));
    const code = `setInterval(() => {}, 1e6); process.on('SIGUSR2', () => process.exit(0)); ${callMany(1, "console.log('ready {}')")}`;
    const env = {
      ...AT_ONCE,
      BACKEND: backend.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
    };
    const program = await closeAfter(t, startProgram({ code, env, flags: patientFlags, ipc: false }));
    await sink.waitForSpans(1);
    await program.waitForOutput(RECOVERED);
    const { stderr } = await program.kill('SIGUSR2');
    assert.match(stderr, twoLines(sink.url, 'ETIMEDOUT no answer within 300 ms', '1 span kept, 0 lost'));
  });

  test('that answers 400 gets each batch once; the loss is counted at the end, with its reason', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { status: 400 } }));
    const { stderr } = await run(callMany(3), { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...AT_END });
    assert.equal(sink.requests.length, 1);
    assert.deepEqual(linesOf(stderr), [
      `tracing: cannot deliver spans to ${sink.url}/v1/traces (HTTP status 400); they are lost, the application goes on`,
      `tracing: 3 spans were lost on the way to ${sink.url}/v1/traces: HTTP status 400`,
    ]);
  });

  test('that answers 200 with garbage has the spans, and no line is worth it', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { garbage: true } }));
    const { stderr } = await run(callMany(3), { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url });
    assert.deepEqual([stderr, sink.spans.length, sink.requests.length], ['', 3, 1]);
  });

  test('that cuts the connection in the middle of its answer has the spans, and gets none twice', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { reset: 'response' } }));
    const { stderr } = await run(callMany(3), { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...AT_END });
    assert.deepEqual([stderr, sink.spans.length, sink.requests.length], ['', 3, 1]);
  });

  test('that refuses a part of a batch is heard', async (t) => {
    const partialSuccess = { rejectedSpans: 1, errorMessage: 'too old, see ?token=secret-value-123' };
    const sink = await closeAfter(t, startSink({ answer: { partialSuccess } }));
    const { stderr } = await run(callMany(3), { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url });
    assert.match(stderr, /^tracing: .* refused 1 spans?: too old, see \?token=REDACTED\n$/);
    assert.equal(sink.requests.length, 1);
  });

  /** Most that calls may take with the agent: what they take without it at the same time, several times, since starting costs too. */
  const toLimit = (bare: Exit): number => 1400 + 5 * Number(bare.stdout);

  const troubles: ReadonlyArray<readonly [string, Answer]> = [
    ['hangs', { hang: true }],
    ['is slow', { accept: true, delayMillis: 60_000 }],
    ['answers 503', { status: 503, retryAfter: 20 }],
    ['cuts connections', { reset: 'request' }],
  ];
  for (const [what, answer] of casesOf(troubles, 1)) {
    test(`that ${what} does not slow the application down, nor end it`, async (t) => {
      const sink = await closeAfter(t, startSink({ answer }));
      const code = callMany(200, 'process.exit(0)');
      const env = {
        ...AT_ONCE,
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
        OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
      };
      const [bare, traced] = await Promise.all([
        runProgram({ code, env: { BACKEND: backend.url } }),
        runProgram({ code, env: { ...env, BACKEND: backend.url }, flags: agentFlags }),
      ]);
      assert.deepEqual([traced.code, traced.signal], [0, null]);
      // A call takes 1-2 ms: a single wait for the endpoint would show.
      const limit = toLimit(bare);
      assert(Number(traced.stdout) < limit, `${traced.stdout.trim()} ms for 200 calls, ${bare.stdout.trim()} without`);
    });
  }

  test('that takes no connection does not slow the application down, and the line says ETIMEDOUT', async (t) => {
    const hole = await closeAfter(t, startBlackHole());
    const code = callMany(
      50,
      "process.once('SIGUSR2', () => process.exit(0)); setInterval(() => {}, 1e6); console.log('ready {}');",
    );
    const env = { ...AT_ONCE, BACKEND: backend.url, OTEL_EXPORTER_OTLP_ENDPOINT: hole.url };
    const [bare, program] = await Promise.all([
      runProgram({ code: callMany(50), env: { BACKEND: backend.url } }),
      closeAfter(t, startProgram({ code, env, flags: agentFlags, ipc: false })),
    ]);
    await program.waitForOutput(/^tracing: cannot deliver spans to .* \(ETIMEDOUT no connection within 1500 ms\)/);
    const [millis] = linesOf(program.stdout());
    assert(Number(millis) < toLimit(bare), `${millis} ms for 50 calls, ${bare.stdout.trim()} without`);
    assert.equal((await program.kill('SIGUSR2')).code, 0);
  });

  test('with a full queue behind it keeps the oldest spans, and says how many newer ones were dropped', async (t) => {
    const sink = await closeAfter(t, startSink({ first: [{ status: 503, retryAfter: 60 }] }));
    const { stderr } = await run(callMany(20), {
      ...AT_END,
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_BSP_MAX_QUEUE_SIZE: '5',
    });
    const address = `${sink.url}/v1/traces`;
    assert.deepEqual(
      sink.spans.map(({ attributes }) => /\/(\d+)\?/.exec(String(attributes['url.full']))?.[1]),
      ['0', '1', '2', '3', '4'],
    );
    assert.deepEqual(linesOf(stderr), [
      `tracing: cannot deliver spans to ${address} (HTTP status 503); they are kept for a while, the application goes on`,
      `tracing: delivering to ${address} again: 5 spans kept, 15 lost`,
      `tracing: 15 spans were lost on the way to ${address}: the queue was full`,
    ]);
  });

  test('recovers with the number of spans that its full queue dropped meanwhile', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { status: 503, retryAfter: 1 } }));
    // The endpoint cannot recover in the middle of a loop that awaits nothing.
    const code = callMany(
      1,
      `const { trace } = require('@opentelemetry/api');
       process.once('SIGUSR2', () => { for (let i = 0; i < 99; i++) trace.getTracer('shop').startSpan('price').end(); console.log('ready {}'); });
       process.once('SIGWINCH', () => process.exit(0)); setInterval(() => {}, 1e6); console.log('ready {}');`,
    );
    const env = {
      ...AT_ONCE,
      BACKEND: backend.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_BSP_MAX_QUEUE_SIZE: '5',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5',
    };
    const program = await closeAfter(t, startProgram({ code, env, flags: patientFlags, ipc: false }));
    await program.waitForOutput(/cannot deliver/);
    program.child.kill('SIGUSR2');
    await program.waitForOutput(/ready \{\}\nready/);
    sink.answerWith({ accept: true });
    await program.waitForOutput(RECOVERED);
    await sink.waitForSpans(5);
    const [failed, recovered, end, ...rest] = linesOf((await program.kill('SIGWINCH')).stderr);
    assert.match(failed ?? '', /cannot deliver/);
    assert.match(recovered ?? '', /again: 5 spans kept, 95 lost$/);
    assert.equal(end, `tracing: 95 spans were lost on the way to ${sink.url}/v1/traces: the queue was full`);
    assert.deepEqual(rest, []);
    assert.equal(sink.spans.length, 5);
  });

  test('is never said at log level none', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    const { stderr } = await run(callMany(1), { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_LOG_LEVEL: 'none' });
    assert.equal(stderr, '');
  });
});
