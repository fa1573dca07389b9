// Metrics of real programs, at a real receiver: of HTTP requests, of the application and of Node itself.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { type TestContext, suite, test } from 'node:test';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import type { ReceivedPoint } from '../support/otlp-decode-metrics.ts';
import { type Sink, closedPort, startSink } from '../support/otlp-sink.ts';
import { type Exit, type ProgramOptions, agentFlags, patientFlags, runProgram } from '../support/run-program.ts';
import { startTraced } from './traced.ts';

const SERVER = 'http.server.request.duration';
const CLIENT = 'http.client.request.duration';
const ACTIVE = 'http.server.active_requests';
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const toEnv = (sink: Pick<Sink, 'url'>): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
  OTEL_METRICS_EXPORTER: 'otlp',
  TRACING_THROW_INTERNAL_ERRORS: '1',
});

const run = (sink: Pick<Sink, 'url'>, options: ProgramOptions): Promise<Exit> =>
  runProgram({
    program: 'metrics.mjs',
    ...options,
    flags: options.flags ?? patientFlags,
    env: { ...toEnv(sink), ...options.env },
  } as ProgramOptions);

const named = (points: readonly ReceivedPoint[], name: string): ReceivedPoint[] =>
  points.filter((point) => point.name === name);
const isNamed = (name: string) => (point: ReceivedPoint) => point.name === name;

suite('metrics', { concurrency: 2 }, () => {
  const formats = [
    ['protobuf', {}],
    ['gzipped protobuf', { OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'gzip' }],
    ['JSON', { OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json' }],
  ] as const;
  for (const [title, env] of casesOf(formats, 1)) {
    test(`http, https and fetch, as client and server, in ${title}`, async (t) => {
      const sink = await closeAfter(t, startSink());
      const exit = await run(sink, {
        env: { ...env, OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-key=m', OTEL_SERVICE_NAME: 'shop' },
      });
      assert.deepEqual([exit.code, exit.stderr, sink.errors], [0, '', []]);

      const request = sink.requests.find(({ path }) => path === '/v1/metrics');
      assert.equal(request?.headers['x-key'], 'm');
      assert.equal(
        request.headers['content-encoding'],
        'OTEL_EXPORTER_OTLP_METRICS_COMPRESSION' in env ? 'gzip' : undefined,
      );

      const served = named(sink.points, SERVER);
      assert.deepEqual(
        served
          .map(({ attributes, count }) => [attributes['url.scheme'], count])
          .toSorted(([a], [b]) => String(a).localeCompare(String(b))),
        [
          ['http', 2],
          ['https', 1],
        ],
      );
      for (const { attributes, unit, bounds, bucketCounts, kind, temporality, resource, scope } of served) {
        assert.deepEqual([unit, kind, temporality, scope.name], ['s', 'histogram', 'cumulative', '@tracing/agent']);
        assert.deepEqual(bounds, BUCKETS);
        assert.equal(bucketCounts.length, BUCKETS.length + 1);
        assert.equal(resource['service.name'], 'shop');
        const { 'url.scheme': _, ...rest } = attributes;
        assert.deepEqual(rest, {
          'http.request.method': 'GET',
          'http.response.status_code': 200,
          'http.route': '/route?token=none',
          'network.protocol.version': '1.1',
        });
      }
      const called = named(sink.points, CLIENT);
      assert.equal(
        called.reduce((sum, { count }) => sum + count, 0),
        4,
      );
      for (const { attributes } of called) {
        const allowed =
          /^(?:http\.request\.method|http\.response\.status_code|server\.(?:address|port)|error\.type|network\.protocol\.version)$/;
        assert.deepEqual(
          Object.keys(attributes).filter((name) => !allowed.test(name)),
          [],
        );
      }
      assert.deepEqual(
        called.map(({ attributes }) => attributes['error.type']).filter((type) => type !== undefined),
        ['ENOTFOUND'],
      );
      assert.deepEqual(
        named(sink.points, ACTIVE).map(({ value, kind, isMonotonic, unit }) => [value, kind, isMonotonic, unit]),
        [
          [0, 'sum', false, '{request}'],
          [0, 'sum', false, '{request}'],
        ],
      );
    });
  }

  test('a metric has exactly the duration of its span', async (t) => {
    const sink = await closeAfter(t, startSink());
    await run(sink, {});
    const spans = await sink.waitForSpans(7);
    const seconds = (kind: string): number =>
      spans
        .filter((span) => span.kind === kind)
        .reduce((sum, span) => sum + Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e9, 0);
    const measured = (name: string): number => named(sink.points, name).reduce((sum, { value }) => sum + value, 0);
    // Spans carry times of their own, rounded apart from the duration: a few nanoseconds each.
    assert(Math.abs(measured(SERVER) - seconds('SERVER')) < 1e-6, `${measured(SERVER)} ${seconds('SERVER')}`);
    assert(Math.abs(measured(CLIENT) - seconds('CLIENT')) < 1e-6, `${measured(CLIENT)} ${seconds('CLIENT')}`);
  });

  test('requests that are not sampled are counted, and neither sent nor shown', async (t) => {
    const sink = await closeAfter(t, startSink());
    const env = { LOGFIRE_TRACE_SAMPLE_RATE: '0', TRACING_CONSOLE: 'tree' };
    const [tree, line] = await Promise.all([
      run(sink, { env }),
      run(sink, { env: { ...env, TRACING_CONSOLE: 'line' } }),
    ]);
    assert.deepEqual(sink.spans, []);
    assert.equal(
      named(sink.points, SERVER).reduce((sum, { count }) => sum + count, 0),
      6,
    );
    for (const { stderr } of [tree, line]) assert.doesNotMatch(stderr, /GET|running|shown/);
  });

  const ends = [
    ['natural', 0, null],
    ['sigterm', null, 'SIGTERM'],
    ['exit', 3, null],
  ] as const;
  for (const [end, code, signal] of casesOf(ends, 1)) {
    test(`what was measured arrives once when the program ends: ${end}`, async (t) => {
      const sink = await closeAfter(t, startSink());
      const exit = await run(sink, { args: [end] });
      assert.deepEqual([exit.code, exit.signal, exit.stdout, exit.stderr], [code, signal, 'measured\n', '']);
      assert.equal(sink.requests.filter(({ path }) => path === '/v1/metrics').length, 1);
      assert.equal(
        named(sink.points, SERVER).reduce((sum, { count }) => sum + count, 0),
        3,
      );
      assert.deepEqual(
        named(sink.points, 'shop.orders').map(({ value }) => value),
        [2],
      );
    });
  }

  for (const [end] of casesOf(ends.toReversed(), 1)) {
    test(`a receiver that is gone or hangs changes nothing about the end: ${end}`, async (t) => {
      const hanging = await closeAfter(t, startSink({ answer: { hang: true } }));
      const [bare, refused, unanswered] = await Promise.all([
        runProgram({ program: 'metrics.mjs', args: [end] }),
        run({ url: `http://127.0.0.1:${await closedPort()}` }, { args: [end] }),
        run(hanging, { args: [end], flags: agentFlags }),
      ]);
      for (const exit of [refused, unanswered]) {
        assert.deepEqual([exit.code, exit.signal, exit.stdout], [bare.code, bare.signal, bare.stdout]);
        assert.equal(
          exit.stderr.match(/^tracing: the last metrics were lost on the way to .*\/v1\/metrics: /gm)?.length,
          1,
          exit.stderr,
        );
        assert.equal(exit.stderr.match(/metrics/g)?.length, 2, exit.stderr);
      }
      const limitMillis = end === 'exit' ? 1000 : 2000;
      // The run without the agent tells how busy the machine is.
      const most = limitMillis + 1000 + 6 * bare.millis;
      assert(unanswered.millis < most, `${unanswered.millis} ms of at most ${most}, ${bare.millis} without the agent`);
    });
  }

  test('no secret leaves: not in a route, a host, nor in anything that the application measures', async (t) => {
    const sink = await closeAfter(t, startSink());
    const SECRET = 'secret-value-123';
    const SECRET_HOST = 'ghp_16c7e42f292c6912e7710c838347ae178b4a';
    const exit = await run(sink, { env: { SECRET, SECRET_HOST } });
    assert.equal(exit.code, 0);
    const sent = sink.requests.filter(({ path }) => path === '/v1/metrics').map(({ body }) => body.toString());
    assert.equal(sent.length, 1);
    for (const text of [SECRET, SECRET_HOST, 'private']) assert(!sent.join('').includes(text), text);
    assert(named(sink.points, CLIENT).some(({ attributes }) => attributes['server.address'] === 'REDACTED'));
    assert.deepEqual(
      named(sink.points, 'shop.orders').map(({ attributes, description }) => [attributes, description]),
      [
        [
          { kind: 'book', from: 'https://shop.example/?token=REDACTED', password: 'REDACTED' },
          'of https://shop.example/?token=REDACTED',
        ],
      ],
    );
    assert.deepEqual(
      named(sink.points, 'shop.depth').map(({ value, attributes }) => [value, attributes['from']]),
      [[7, 'https://shop.example/?token=REDACTED']],
    );
    assert.deepEqual(
      [...new Set(named(sink.points, SERVER).map(({ attributes }) => attributes['http.route']))],
      ['/route?token=REDACTED'],
    );
  });
});

suite('metrics of a server that runs', { concurrency: 2 }, () => {
  async function startServer(t: TestContext, env: Record<string, string> = {}) {
    const sink = await closeAfter(t, startSink());
    const server = await startTraced(t, {
      program: 'server-hello.cjs',
      env: { ...toEnv(sink), OTEL_METRIC_EXPORT_INTERVAL: '60', ...env },
    });
    const get = async (path: string, headers = {}): Promise<void> => {
      await (await fetch(`http://127.0.0.1:${server.port}${path}`, { headers })).text();
    };
    return { sink, server, get };
  }

  test('cumulative: every collection counts from the start', async (t) => {
    const { sink, get } = await startServer(t);
    await get('/');
    await sink.waitForPoints((point) => point.name === SERVER && point.count === 1, 2);
    await get('/');
    const [point] = await sink.waitForPoints((point) => point.name === SERVER && point.count === 2);
    assert.equal(point?.temporality, 'cumulative');
    assert.equal(new Set(named(sink.points, SERVER).map(({ startTimeUnixNano }) => startTimeUnixNano)).size, 1);
  });

  for (const preference of casesOf(['delta', 'lowmemory'], 1)) {
    test(`${preference}: a collection counts what is new, but for what goes up and down`, async (t) => {
      const { sink, server, get } = await startServer(t, {
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: preference,
      });
      await get('/');
      await sink.waitForPoints(isNamed(SERVER));
      await get('/');
      const points = await sink.waitForPoints(isNamed(SERVER), 2);
      assert.deepEqual(
        points.map(({ count, temporality }) => [count, temporality]),
        [
          [1, 'delta'],
          [1, 'delta'],
        ],
      );
      assert.deepEqual([...new Set(named(sink.points, ACTIVE).map(({ temporality }) => temporality))], ['cumulative']);
      await get('/');
      await server.kill();
      assert.equal(
        named(sink.points, SERVER).reduce((sum, { count }) => sum + count, 0),
        3,
      );
    });
  }

  test('open requests go up, and back to none when their clients go away', async (t) => {
    const { sink, server } = await startServer(t);
    const clients = Array.from({ length: 3 }, () =>
      request({ host: '127.0.0.1', port: server.port, path: '/hang' }).on('error', () => {}),
    );
    for (const client of clients) client.end();
    await sink.waitForPoints((point) => point.name === ACTIVE && point.value === 3);
    for (const client of clients) client.destroy();
    await sink.waitForPoints((point) => point.name === ACTIVE && point.value === 0);
    const [gone] = await sink.waitForPoints((point) => point.name === SERVER && point.count === 3);
    assert.equal(gone?.attributes['error.type'], 'aborted');
    assert.equal(gone.attributes['http.response.status_code'], undefined);
  });

  test('made-up methods and schemes make one series', async (t) => {
    const { sink, server, get } = await startServer(t);
    for (let index = 0; index < 20; index++) await get('/', { 'x-forwarded-proto': `scheme${index}` });
    for (const method of ['PROPFIND', 'PURGE', 'LOCK']) await fetch(`http://127.0.0.1:${server.port}/`, { method });
    await sink.waitForPoints((point) => point.name === SERVER && point.count === 20);
    await sink.waitForPoints(({ attributes }) => attributes['http.request.method'] === '_OTHER');
    const series = new Set(
      named(sink.points, SERVER).map(
        ({ attributes }) => `${String(attributes['http.request.method'])} ${String(attributes['url.scheme'])}`,
      ),
    );
    assert.deepEqual(
      [...series].toSorted((a, b) => a.localeCompare(b)),
      ['_OTHER http', 'GET _OTHER'],
    );
  });

  test('a receiver that fails is said once, and once that it takes them again', async (t) => {
    const { sink, server, get } = await startServer(t);
    sink.answerWith({ status: 400 });
    await get('/');
    await sink.waitForRequests(4);
    sink.answerWith({ accept: true });
    await sink.waitForPoints(isNamed(SERVER));
    const { stderr } = await server.kill();
    assert.deepEqual(
      stderr
        .match(/^tracing: (?:cannot deliver|delivering) metrics.*$/gm)
        ?.map((line) => line.replaceAll(sink.url, 'sink')),
      [
        'tracing: cannot deliver metrics to sink/v1/metrics (HTTP status 400); the application goes on',
        'tracing: delivering metrics to sink/v1/metrics again',
      ],
    );
  });

  test('what a failing receiver did not take arrives with the last collection, also on process.exit()', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { status: 400 } }));
    const code = `const server = require('node:http').createServer((q, r) => r.end()).listen(0, async () => {
      await (await fetch('http://127.0.0.1:' + server.address().port)).text();
      process.once('message', () => process.exit(0));
      process.send({ port: server.address().port });
    })`;
    const program = await startTraced(t, { code, env: { ...toEnv(sink), OTEL_METRIC_EXPORT_INTERVAL: '300' } });
    await sink.waitForRequests(2);
    sink.answerWith({ accept: true });
    program.send('exit');
    await program.exited;
    assert.equal(named(sink.points, SERVER).at(-1)?.count, 1);
  });

  test('ignored requests have no metric', async (t) => {
    const { sink, get } = await startServer(t, { TRACING_IGNORE_URLS: '/health' });
    await get('/health');
    await get('/');
    const [point] = await sink.waitForPoints(isNamed(SERVER));
    assert.equal(point?.count, 1);
  });
});

suite('metrics are loaded where they are wanted', { concurrency: 2 }, () => {
  const code =
    'console.log(Object.keys(require.cache).map((path) => path.split(/[\\\\/]/).pop()).filter((name) => name.includes("metrics")).join())';
  const load = (env: Record<string, string>): Promise<Exit> =>
    runProgram({
      code,
      flags: patientFlags,
      env: { TRACING_CONSOLE: 'off', TRACING_THROW_INTERNAL_ERRORS: '1', ...env },
    });

  const wishes = [
    ['nothing is configured', {}, ''],
    ['there is an endpoint for traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4' }, ''],
    [
      'they are turned off',
      { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://127.0.0.1:4', OTEL_METRICS_EXPORTER: 'none' },
      '',
    ],
    ['there is an endpoint for metrics', { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://127.0.0.1:4' }, 'metrics.cjs'],
    ['they are turned on', { OTEL_METRICS_EXPORTER: 'otlp' }, 'metrics.cjs'],
    [
      "Node's are asked for",
      { OTEL_METRICS_EXPORTER: 'otlp', TRACING_RUNTIME_METRICS: '1' },
      'metrics.cjs,runtime-metrics.cjs',
    ],
  ] as const;
  for (const [title, env, loaded] of casesOf(wishes, 2)) {
    test(`${title}: ${loaded || 'not at all'}`, async () => {
      const exit = await load(env);
      assert.deepEqual([exit.code, exit.stdout], [0, `${loaded}\n`]);
    });
  }

  test('Node and V8 are measured on request, and the program still ends by itself', async (t) => {
    const sink = await closeAfter(t, startSink());
    const exit = await run(sink, { env: { TRACING_RUNTIME_METRICS: '1' } });
    assert.deepEqual([exit.code, exit.stderr], [0, '']);
    const names = new Set(sink.points.map(({ name }) => name));
    for (const name of ['nodejs.eventloop.utilization', 'v8js.memory.heap.used'])
      assert(names.has(name), [...names].join(' '));
  });

  test('measuring Node and V8 leaves the application its own require', async () => {
    const show =
      'const { prototype } = require("node:module"); console.log(String(prototype.require), prototype.require.name)';
    const env = { OTEL_METRICS_EXPORTER: 'otlp', TRACING_RUNTIME_METRICS: '1', TRACING_CONSOLE: 'off' };
    const [bare, traced] = await Promise.all([
      runProgram({ code: show }),
      runProgram({
        code: show,
        flags: patientFlags,
        env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4' },
      }),
    ]);
    assert.equal(traced.stdout, bare.stdout);
  });

  test('the threads of a process are told apart', async (t) => {
    const sink = await closeAfter(t, startSink());
    const { stderr } = await run(sink, { program: 'metrics-threads.cjs' });
    assert.equal(stderr, '');
    const served = named(sink.points, SERVER);
    assert.deepEqual(
      served.map(({ count }) => count),
      [1, 1],
    );
    assert.equal(served.filter(({ resource }) => typeof resource['service.instance.id'] === 'string').length, 1);
  });

  test('without metrics, asking for those of Node is answered with a line', async () => {
    const { stderr } = await load({ TRACING_RUNTIME_METRICS: '1' });
    assert.equal(
      stderr,
      'tracing: metrics.runtime has no effect: metrics are off; OTEL_METRICS_EXPORTER=otlp or export.otlp.metricsEndpoint turns them on\n',
    );
  });
});
