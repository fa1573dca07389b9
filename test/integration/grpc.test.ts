// OTLP over gRPC: real programs against a receiver of ours that can misbehave, and against one of @grpc/grpc-js.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { type Backend, certificateFile, startBackend } from '../support/backend.ts';
import { startBlackHole } from '../support/black-hole.ts';
import { createCalls } from '../support/call-many.ts';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import { type GrpcAnswer, startGrpcSink } from '../support/grpc-sink.ts';
import { type ReceivedSpan, decodeProtobuf } from '../support/otlp-decode.ts';
import { closedPort } from '../support/otlp-sink.ts';
import { type ProgramOptions, agentFlags, patientFlags, runProgram, startProgram } from '../support/run-program.ts';

const SECRET = 'secret-value-123';
const KEY = 'a-key-without-a-shape';
const keyFile = join(dirname(certificateFile), 'key.pem');

/** Calls BACKEND `calls` times, one after the other, then runs `then`. */
const callMany = (calls: number, then = ''): string => createCalls({ calls, query: `token=${SECRET}`, after: then });

/** Lives until SIGUSR2. */
const callAndStay = (calls: number, then = ''): string =>
  `setInterval(() => {}, 1e6); process.on('SIGUSR2', () => process.exit(0)); ${callMany(calls, `${then} console.log('ready {}');`)}`;

const GRPC = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', TRACING_THROW_INTERNAL_ERRORS: '1' };
const TRUST = { OTEL_EXPORTER_OTLP_CERTIFICATE: certificateFile };
const CLIENT = {
  OTEL_EXPORTER_OTLP_CLIENT_KEY: keyFile,
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificateFile,
};

let backend: Backend;
before(async () => void (backend = await startBackend()));
after(() => backend.stop());

type Env = NonNullable<ProgramOptions['env']>;
const toEnv = (url: string, env: Env): Env => ({
  BACKEND: backend.url,
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  ...GRPC,
  ...env,
});
const run = (code: string, url: string, env: Env = {}) =>
  runProgram({ code, flags: patientFlags, env: toEnv(url, env) });
const start = (code: string, url: string, env: Env = {}) =>
  startProgram({ code, flags: patientFlags, env: toEnv(url, { OTEL_BSP_SCHEDULE_DELAY: '20', ...env }), ipc: false });

const urlsOf = (spans: readonly ReceivedSpan[]): Set<unknown> =>
  new Set(spans.map(({ attributes }) => attributes['url.full']));
const urls = (count: number): Set<string> =>
  new Set(Array.from({ length: count }, (_, index) => `${backend.url}/${index}?token=REDACTED`));

/** While the program runs, with its connection left open; and by the worker of a process that exits. */
const WAYS = [
  ['by a batch', 'setTimeout(() => {}, 300)', { OTEL_BSP_SCHEDULE_DELAY: '10' }],
  ['at exit', 'process.exit()', { OTEL_BSP_SCHEDULE_DELAY: '60000' }],
] as const;

suite('OTLP over gRPC', { concurrency: 4 }, () => {
  const ends = [
    ['process.exit()', 'process.exit(3)', 3, null],
    ['a natural end', '', 0, null],
    [
      'process.exit() in the middle of a request',
      "void call(process.env.BACKEND + '/2?token=x'); process.exit(3)",
      3,
      null,
    ],
    ['an uncaught exception', 'setImmediate(() => { throw new Error() })', 1, null],
    ['an unhandled rejection', 'void Promise.reject(new Error())', 1, null],
    ['SIGTERM', "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)", null, 'SIGTERM'],
  ] as const;
  for (const [way, then, code, signal] of casesOf(ends, 1)) {
    test(`delivers every span, redacted, before ${way}`, async (t) => {
      const sink = await closeAfter(t, startGrpcSink());
      const exit = await run(callMany(2, then), sink.url, { OTEL_BSP_SCHEDULE_DELAY: '60000' });
      assert.deepEqual([exit.code, exit.signal], [code, signal]);
      assert.doesNotMatch(exit.stderr, /tracing:/);
      for (const url of urls(2)) assert.ok(urlsOf(sink.spans).has(url));
      assert.doesNotMatch(sink.rawText(), new RegExp(SECRET));
      assert.equal(sink.requests.length, 1);
    });
  }

  for (const [how, then, delay] of casesOf(WAYS, 1)) {
    test(`is a unary call with the headers as metadata, sent ${how}`, async (t) => {
      const sink = await closeAfter(t, startGrpcSink());
      const url = sink.url.replace('//', '//user:p%40ss@');
      const { stderr } = await run(callMany(1, then), `${url}/a/path?x=1`, {
        ...delay,
        OTEL_EXPORTER_OTLP_HEADERS: 'X-Both=shared,X-Tenant=a%20b,grpc-timeout=1S,proxy-connection=close',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-both=traces',
        OTEL_EXPORTER_OTLP_TIMEOUT: '7000',
      });
      assert.equal(stderr, '');
      assert.deepEqual(Object.fromEntries(Object.entries(sink.requests[0]?.headers ?? {})), {
        ':method': 'POST',
        ':scheme': 'http',
        ':authority': `127.0.0.1:${sink.port}`,
        ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': '7000m',
        authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
        'x-tenant': 'a b',
        'x-both': 'traces',
      });
    });

    test(`a receiver without gzip gets every span uncompressed, and a line says so once, sent ${how}`, async (t) => {
      const sink = await closeAfter(t, startGrpcSink({ answer: { noGzip: true } }));
      const { stderr } = await run(callMany(5, then), sink.url, { ...delay, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' });
      assert.deepEqual(urlsOf(sink.spans), urls(5));
      assert.match(stderr, /^tracing: .* does not read gzip \(gRPC status 12 UNIMPLEMENTED[^\n]*\n$/);
    });

    test(`what the receiver says of a batch is heard, without the key that it quotes, sent ${how}`, async (t) => {
      const message = `who\r\nis ${KEY}? See ?token=${SECRET}`;
      const sink = await closeAfter(t, startGrpcSink({ answer: { code: 16, message } }));
      const { stderr } = await run(callMany(1, then), sink.url, {
        ...delay,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${KEY}`,
        OTEL_LOG_LEVEL: 'all',
      });
      assert.match(stderr, /^tracing: 1 span was lost on the way to .*: gRPC status 16 UNAUTHENTICATED/m);
      if (how === 'by a batch') assert.match(stderr, /UNAUTHENTICATED: who is …\? See \?token=REDACTED$/m);
      assert.doesNotMatch(stderr, new RegExp(`${KEY}|${SECRET}`));
      assert.equal(sink.requests.length, 1);
    });
  }

  for (const [how, then, delay] of casesOf(WAYS.toReversed(), 1)) {
    test(`gzip makes the message smaller, sent ${how}`, async (t) => {
      const sink = await closeAfter(t, startGrpcSink());
      await run(callMany(5, then), sink.url, { ...delay, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' });
      assert.deepEqual(urlsOf(sink.spans), urls(5));
      for (const { headers, isCompressed, wireBytes, body } of sink.requests) {
        assert.deepEqual([headers['grpc-encoding'], isCompressed], ['gzip', true]);
        assert.ok(wireBytes < body.length);
      }
    });

    test(`a receiver with TLS gets the client certificate it asks for, sent ${how}`, async (t) => {
      const sink = await closeAfter(t, startGrpcSink({ tls: 'client' }));
      const known = await run(callMany(1, then), sink.url, { ...delay, ...TRUST, ...CLIENT });
      assert.deepEqual([known.code, known.stderr], [0, '']);
      assert.deepEqual(urlsOf(sink.spans), urls(1));
      for (const env of [TRUST, CLIENT]) {
        const { code, stderr } = await run(callMany(1, then), sink.url, { ...delay, ...env });
        assert.equal(code, 0);
        assert.match(stderr, new RegExp(`1 span was lost on the way to ${sink.url}: `));
      }
      assert.equal(sink.spans.length, 1);
    });

    test(`the port for OTLP over HTTP is recognized, sent ${how}`, async () => {
      const { stderr } = await run(callMany(1, then), backend.url, { ...delay, OTEL_BSP_EXPORT_TIMEOUT: '100' });
      assert.match(stderr, /lost on the way to .*there is no HTTP\/2.*is it the port for OTLP over HTTP\?\n$/);
    });
  }

  const final = [
    ['nothing but an HTTP status', { httpStatus: 404 }, 'HTTP status 404'],
    ['RESOURCE_EXHAUSTED', { code: 8, trailersOnly: true }, 'gRPC status 8 RESOURCE_EXHAUSTED'],
    ['UNIMPLEMENTED', { code: 12 }, 'gRPC status 12 UNIMPLEMENTED'],
  ] satisfies [string, GrpcAnswer, string][];
  const finalWays = final.flatMap(([what, answer, reason]) =>
    WAYS.map(([how, then, delay]) => [what, answer, reason, how, then, delay] as const),
  );
  for (const [what, answer, reason, how, then, delay] of casesOf(finalWays, 1)) {
    test(`a receiver that answers ${what} is not asked twice, sent ${how}`, async (t) => {
      const sink = await closeAfter(t, startGrpcSink({ answer }));
      const { stderr } = await run(callMany(1, then), sink.url, delay);
      assert.match(stderr, new RegExp(`1 span was lost on the way to ${sink.url}: ${reason}\\n$`));
      assert.equal(sink.requests.length, 1);
    });
  }

  test('all signals go, each to its service', async (t) => {
    const sink = await closeAfter(t, startGrpcSink());
    const { code, stderr } = await runProgram({
      program: 'logs.mjs',
      flags: patientFlags,
      env: toEnv(sink.url, { OTEL_LOGS_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'otlp', SECRET }),
    });
    assert.deepEqual([code, stderr.includes('tracing:')], [0, false]);
    assert.deepEqual([sink.logs.length > 0, sink.spans.length > 0, sink.points.length > 0], [true, true, true]);
    assert.doesNotMatch(sink.rawText(), new RegExp(SECRET));
  });

  test('one signal alone may go by gRPC', async (t) => {
    const sink = await closeAfter(t, startGrpcSink());
    const { stderr } = await run(callMany(1), '', {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `127.0.0.1:${sink.port}`,
      OTEL_EXPORTER_OTLP_INSECURE: 'true',
    });
    assert.deepEqual([stderr, urlsOf(sink.spans)], ['', urls(1)]);
  });

  test('an endpoint without a scheme is one with TLS unless it says otherwise', async (t) => {
    const sink = await closeAfter(t, startGrpcSink({ tls: 'server' }));
    const { stderr } = await run(callMany(1), `localhost:${sink.port}`, TRUST);
    assert.deepEqual([stderr, urlsOf(sink.spans)], ['', urls(1)]);
  });

  test('the calls of the exporter are no spans beside http2 requests of the application, and carry no trace', async (t) => {
    const sink = await closeAfter(t, startGrpcSink());
    const program = await closeAfter(
      t,
      start(
        callAndStay(
          3,
          `const session = require('node:http2').connect(process.env.OTEL_EXPORTER_OTLP_ENDPOINT);
           await new Promise((resolve) => session.request({ ':path': '/mine' }).on('close', resolve).resume());`,
        ),
        sink.url,
        { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' },
      ),
    );
    await sink.waitForSpans(4);
    const { stderr } = await program.kill('SIGUSR2');
    assert.equal(stderr, '');
    assert.deepEqual(urlsOf(sink.spans), urls(3).add(`${sink.url}/mine`));
    assert.equal(sink.spans.length, 4);
    for (const { path, headers } of sink.requests) assert.equal(headers['traceparent'] !== undefined, path === '/mine');
  });

  const replacements = [
    [
      'http2.connect, net.connect and tls.connect replaced',
      `const caught = () => { console.log('caught'); throw new Error('caught'); };
       require('node:http2').connect = caught;
       for (const name of ['net', 'tls']) { const module = require('node:' + name); module.connect = module.createConnection = caught; }`,
    ],
    ['timers faked', `require('node:test').mock.timers.enable();`],
  ] as const;
  for (const [what, code] of casesOf(replacements, 1)) {
    test(`${what}: a batch arrives, after a refusal too`, async (t) => {
      const sink = await closeAfter(t, startGrpcSink({ first: [{ code: 8, retryDelayMillis: 1 }] }));
      const keepAlive =
        "const server = require('node:net').createServer().listen(0); process.once('SIGUSR2', () => server.close());";
      const source = `${callMany(1, `${code} console.log('ready {}');`)} ${keepAlive}`;
      const program = await closeAfter(t, start(source, sink.url, { OTEL_BSP_SCHEDULE_DELAY: '200' }));
      await sink.waitForSpans(1);
      const { stdout } = await program.kill('SIGUSR2');
      assert.doesNotMatch(stdout, /caught/);
      assert.deepEqual([sink.spans.length, sink.requests.length], [1, 2]);
    });
  }
});

suite('a gRPC receiver in trouble', { concurrency: 4 }, () => {
  const RECOVERED = /delivering to .* again/;

  const troubles = [
    ['answers UNAVAILABLE', { code: 14, message: 'not now' }, 'gRPC status 14 UNAVAILABLE: not now'],
    ['answers 503 to HTTP', { httpStatus: 503 }, 'HTTP status 503'],
    ['answers RESOURCE_EXHAUSTED with RetryInfo', { code: 8, retryDelayMillis: 10 }, 'gRPC status 8 .*'],
    ['resets the call', { reset: 2 }, '.*NGHTTP2_INTERNAL_ERROR'],
    ['cuts the connection', { reset: 'connection' }, '.*'],
    ['sends it away with GOAWAY', { goaway: 'before' }, '.*'],
    ['hangs', { hang: true }, 'ETIMEDOUT no answer within 1000 ms'],
  ] satisfies [string, GrpcAnswer, string][];
  for (const [what, first, reason] of casesOf(troubles, 2)) {
    test(`that ${what}, then recovers, gets every span once`, async (t) => {
      const sink = await closeAfter(t, startGrpcSink({ first: [first] }));
      const program = await closeAfter(
        t,
        start(callAndStay(2), sink.url, {
          OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
          OTEL_BSP_SCHEDULE_DELAY: '100',
        }),
      );
      await sink.waitForSpans(2);
      await program.waitForOutput(RECOVERED);
      const { stderr } = await program.kill('SIGUSR2');
      const lines = new RegExp(
        `^tracing: cannot deliver spans to ${sink.url} \\(${reason}\\); they are kept for a while, the application goes on\n` +
          `tracing: delivering to ${sink.url} again: (?:1 span|2 spans) kept, 0 lost\n$`,
      );
      assert.match(stderr, lines);
      assert.equal(sink.spans.length, 2);
    });
  }

  test('gets the batch again after the time that its RetryInfo names, and not before', async (t) => {
    const sink = await closeAfter(t, startGrpcSink({ first: [{ code: 14, retryDelayMillis: 2500 }] }));
    await closeAfter(t, start(callAndStay(1), sink.url));
    const [first, second] = await sink.waitForRequests(2);
    const waited = (second?.receivedMillis ?? 0) - (first?.receivedMillis ?? 0);
    assert.ok(waited >= 2450, `${waited} ms`);
  });

  test('that refuses a part of a batch is heard', async (t) => {
    const partialSuccess = { rejectedSpans: 1, errorMessage: `too old, see ?token=${SECRET}` };
    const sink = await closeAfter(t, startGrpcSink({ answer: { partialSuccess } }));
    const { stderr } = await run(callMany(3), sink.url);
    assert.match(stderr, /^tracing: .* refused 1 spans?: too old, see \?token=REDACTED\n$/);
    assert.equal(sink.requests.length, 1);
  });

  for (const what of casesOf(['refuses', 'hangs', 'takes no connection'] as const, 2)) {
    test(`that ${what} holds a process that exits for a second at most, and one that is refused not at all`, async (t) => {
      const url = await {
        refuses: async () => `http://127.0.0.1:${await closedPort()}`,
        hangs: async () => (await closeAfter(t, startGrpcSink({ answer: { hang: true } }))).url,
        'takes no connection': async () => (await closeAfter(t, startBlackHole())).url,
      }[what]();
      const code = callMany(1, 'process.exit(3)');
      const [bare, traced] = await Promise.all([
        runProgram({ code, env: { BACKEND: backend.url } }),
        runProgram({ code, flags: agentFlags, env: toEnv(url, {}) }),
      ]);
      assert.deepEqual([bare.code, traced.code], [3, 3]);
      assert.match(traced.stderr, new RegExp(`^tracing: 1 span was lost on the way to ${url}: .*\n$`));
      const most = (what === 'refuses' ? 0 : 1000) + 1000 + 6 * bare.millis;
      assert.ok(traced.millis < most, `${traced.millis} ms of at most ${most}, ${bare.millis} without the agent`);
    });
  }

  test('with a connection that is open and idle keeps no process alive', async (t) => {
    const sink = await closeAfter(t, startGrpcSink());
    const code = callMany(1, 'setTimeout(() => console.log("last"), 500)');
    const { stdout, stderr } = await run(code, sink.url, { OTEL_BSP_SCHEDULE_DELAY: '1' });
    assert.deepEqual([stdout, stderr, sink.spans.length], ['last\n', '', 1]);
  });
});

suite('gRPC is loaded where it is asked for', () => {
  const code = `console.log(Object.keys(require.cache).some((path) => path.endsWith('grpc.cjs')), process.moduleLoadList.includes('NativeModule http2'))`;
  for (const [protocol, loaded] of [
    ['http/protobuf', 'false false\n'],
    ['grpc', 'true true\n'],
  ] as const) {
    test(`${protocol}: ${loaded.trim()}`, async () => {
      const { stdout } = await run(code, 'http://127.0.0.1:4', { OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
      assert.equal(stdout, loaded);
    });
  }
});

suite('a receiver of @grpc/grpc-js', { concurrency: 2 }, () => {
  interface Received {
    readonly spans: ReceivedSpan[];
    readonly metadata: grpc.Metadata[];
  }

  /** The service of the specification, with bytes for messages. */
  const service: grpc.ServiceDefinition = {
    Export: {
      path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: Buffer) => message,
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (message: Buffer) => message,
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  };

  async function startReceiver(credentials: grpc.ServerCredentials, failure?: Partial<grpc.ServiceError>) {
    const received: Received = { spans: [], metadata: [] };
    const server = new grpc.Server();
    const Export: grpc.handleUnaryCall<Buffer, Buffer> = ({ request, metadata }, callback) => {
      received.metadata.push(metadata);
      if (failure !== undefined) return callback(failure);
      received.spans.push(...decodeProtobuf(request));
      callback(null, Buffer.alloc(0));
    };
    server.addService(service, { Export });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
    });
    return { ...received, port, [Symbol.asyncDispose]: () => Promise.resolve(server.forceShutdown()) };
  }

  const compressions = WAYS.flatMap(([how, then, delay]) =>
    (['none', 'gzip'] as const).map((compression) => [compression, how, then, delay] as const),
  );
  for (const [compression, how, then, delay] of casesOf(compressions.toReversed(), 1)) {
    test(`gets spans and metadata, compression ${compression}, sent ${how}`, async (t) => {
      const receiver = await closeAfter(t, startReceiver(grpc.ServerCredentials.createInsecure()));
      const { code, stderr } = await run(callMany(3, then), `http://localhost:${receiver.port}`, {
        ...delay,
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
        OTEL_EXPORTER_OTLP_HEADERS: 'X-Key=one',
      });
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(urlsOf(receiver.spans), urls(3));
      assert.deepEqual(receiver.metadata[0]?.get('x-key'), ['one']);
    });
  }

  for (const [how, then, delay] of casesOf(WAYS.toReversed(), 1)) {
    test(`that asks for a client certificate gets it, sent ${how}`, async (t) => {
      const [key, cert] = [readFileSync(keyFile), readFileSync(certificateFile)];
      const credentials = grpc.ServerCredentials.createSsl(cert, [{ private_key: key, cert_chain: cert }], true);
      const receiver = await closeAfter(t, startReceiver(credentials));
      const url = `https://localhost:${receiver.port}`;
      const { code, stderr } = await run(callMany(1, then), url, { ...delay, ...TRUST, ...CLIENT });
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(urlsOf(receiver.spans), urls(1));
      const unknown = await run(callMany(1, then), url, { ...delay, ...TRUST });
      assert.match(unknown.stderr, /1 span was lost on the way to https:/);
      assert.equal(receiver.spans.length, 1);
    });
  }

  for (const [how, then, delay] of casesOf(WAYS, 1)) {
    test(`is heard when it refuses, sent ${how}`, async (t) => {
      const failure = { code: grpc.status.PERMISSION_DENIED, details: 'no such tenant: ü' };
      const receiver = await closeAfter(t, startReceiver(grpc.ServerCredentials.createInsecure(), failure));
      const { stderr } = await run(callMany(1, then), `http://127.0.0.1:${receiver.port}`, delay);
      assert.match(stderr, /gRPC status 7 PERMISSION_DENIED/);
      if (how === 'by a batch') assert.match(stderr, /PERMISSION_DENIED: no such tenant: ü\n/);
      assert.equal(receiver.metadata.length, 1);
    });
  }
});
