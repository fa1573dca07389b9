// The `sampling` section and OTEL_TRACES_SAMPLER: which traces of real programs reach a receiver.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import { createProject } from '../config/project.ts';
import { amountOf, casesOf } from '../support/every-case.ts';
import { patientFlags, runProgram } from '../support/run-program.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { exchange, rawGet, startSurroundings, startTraced, type Surroundings } from './traced.ts';

const API = import.meta.resolve('@opentelemetry/api');
const UNDICI = import.meta.resolve('undici');

/** Calls NEXT by every client and through a span of the application's own, across awaits and timers; fails or is slow when asked. */
const SERVICE = `
import { createServer, get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { trace } from '${API}';
import { request as byUndici } from '${UNDICI}';
const { NEXT } = process.env;
const byHttp = (url) => new Promise((resolve, reject) =>
  get(url, (response) => response.resume().on('end', () => resolve(response.statusCode))).on('error', reject));
const server = createServer(async ({ url }, response) => {
  let status = url.startsWith('/fail') ? 500 : 200;
  if (url.startsWith('/slow')) await setTimeout(1600);
  if (NEXT !== undefined) {
    await setTimeout(1);
    await (await fetch(NEXT + url)).text();
    await (await byUndici(NEXT + '/by-undici')).body.text();
    await trace.getTracer('shop').startActiveSpan('own', async (span) => {
      await setTimeout(1);
      const answer = await byHttp(NEXT + url);
      if (answer === 500 && !url.startsWith('/caught')) status = 500;
      span.end();
    });
  } else if (url.startsWith('/caught')) status = 500;
  response.writeHead(status).end();
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.once('message', () => { server.close(); process.disconnect(); });
`;

async function startService(t: TestContext, { env }: Surroundings, own: Record<string, string>, config = '') {
  const { folder } = createProject({ 'app.mjs': SERVICE, ...(config !== '' && { '.tracingrc': config }) });
  const program = await startTraced(t, { program: join(folder, 'app.mjs'), cwd: folder, env: { ...env, ...own } });
  return {
    url: `http://127.0.0.1:${program.port}`,
    get: async (target: string, headers = ''): Promise<string> =>
      (await exchange(program.port, rawGet(target, headers))).slice(0, 12),
    async stop(): Promise<string> {
      program.send('stop');
      return (await program.exited).stderr;
    },
  };
}

const together = { concurrency: 3 };

suite('the sampler family', together, () => {
  const sampled = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const unsampled = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00`;
  const samplers = [
    ['always_on', ['/new', '/sampled', '/unsampled']],
    ['always_off', []],
    ['parentbased_always_on', ['/new', '/sampled']],
    ['parentbased_always_off', ['/sampled']],
  ] as const;
  for (const [name, expected] of casesOf(samplers, 2)) {
    test(`OTEL_TRACES_SAMPLER=${name} keeps ${expected.length} of a new, a sampled and an unsampled trace, whole`, async (t) => {
      const surroundings = await startSurroundings(t);
      const { sink, backend } = surroundings;
      const service = await startService(t, surroundings, { OTEL_TRACES_SAMPLER: name, NEXT: backend.url });
      await service.get('/new');
      await service.get('/sampled', `traceparent: ${sampled}\r\n`);
      await service.get('/unsampled', `traceparent: ${unsampled}\r\n`);
      assert.equal(await service.stop(), '');
      const servers = sink.spans.filter(({ kind }) => kind === 'SERVER');
      assert.deepEqual(
        servers.map(({ attributes }) => attributes['url.path']),
        expected,
      );
      // The span itself, three calls and the application's own.
      assert.equal(sink.spans.length, expected.length * 5);
      const flags = backend.requests.map(({ headers }) => headers['traceparent']?.slice(-2));
      const wanted = ['/new', '/sampled', '/unsampled'].map((path) =>
        expected.some((kept) => kept === path) ? '01' : '00',
      );
      assert.deepEqual(
        flags,
        wanted.flatMap((flag) => [flag, flag, flag]),
      );
    });
  }

  test('traceidratio keeps exactly the ids that every other service with this ratio keeps, whatever their flags', async (t) => {
    const surroundings = await startSurroundings(t);
    const { sink } = surroundings;
    const env = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.3' };
    const last = await startService(t, surroundings, env);
    const first = await startService(t, surroundings, { ...env, NEXT: last.url });
    const reference = new TraceIdRatioBasedSampler(0.3);
    const ids = Array.from({ length: amountOf(60, 30) }, (_, index) =>
      (index * 0x9e3779b1).toString(16).padStart(32, `${index}f`),
    );
    for (const [index, id] of ids.entries())
      await first.get('/x', `traceparent: 00-${id}-${'b'.repeat(16)}-0${index % 2}\r\n`);
    assert.deepEqual([await first.stop(), await last.stop()], ['', '']);
    const kept = ids.filter(
      (id) => reference.shouldSample(ROOT_CONTEXT, id).decision === SamplingDecision.RECORD_AND_SAMPLED,
    );
    assert.ok(kept.length > ids.length / 12 && kept.length < (2 * ids.length) / 3, String(kept.length));
    const counts = Map.groupBy(sink.spans, ({ traceId }) => traceId);
    assert.deepEqual([...counts.keys()].toSorted(), kept.toSorted());
    for (const spans of counts.values()) assert.equal(spans.length, 8);
  });

  test('a ratio keeps its share of new traces, each of them whole, by the id it was decided with', async (t) => {
    const surroundings = await startSurroundings(t);
    const { sink, backend } = surroundings;
    const service = await startService(t, surroundings, { LOGFIRE_TRACE_SAMPLE_RATE: '0.5', NEXT: backend.url });
    const count = amountOf(200, 100);
    for (let sent = 0; sent < count; sent += 10) await Promise.all(Array.from({ length: 10 }, () => service.get('/x')));
    assert.equal(await service.stop(), '');
    const reference = new TraceIdRatioBasedSampler(0.5);
    const traces = new Map(
      backend.requests.map(({ headers }) => {
        const [, id = '', , flags] = headers['traceparent']?.toString().split('-') ?? [];
        return [id, flags];
      }),
    );
    assert.equal(traces.size, count);
    for (const [id, flags] of traces) {
      const decision = reference.shouldSample(ROOT_CONTEXT, id).decision;
      assert.equal(flags, decision === SamplingDecision.RECORD_AND_SAMPLED ? '01' : '00', id);
    }
    const kept = [...traces].filter(([, flags]) => flags === '01').map(([id]) => id);
    // Eight standard deviations around the half.
    assert.ok(Math.abs(kept.length - count / 2) < 4 * Math.sqrt(count), String(kept.length));
    const received = Map.groupBy(sink.spans, ({ traceId }) => traceId);
    assert.deepEqual([...received.keys()].toSorted(), kept.toSorted());
    for (const spans of received.values()) assert.equal(spans.length, 5);
  });
});

test('an unsampled request is answered as ever, sends its trace on, and makes nothing else', async (t) => {
  const surroundings = await startSurroundings(t);
  const { sink, backend, env } = surroundings;
  const { folder } = createProject({
    'app.mjs': SERVICE,
    'tracing.config.mjs': `
      const said = (text) => () => process._rawDebug(text);
      export default {
        sampling: { ratio: 0 },
        url: { filter: (url) => { said('filter')(); return url; } },
        http: { hooks: { request: said('hook'), response: said('hook') }, bodies: { server: { request: true, response: true } } },
      };`,
  });
  const program = await startTraced(t, {
    program: join(folder, 'app.mjs'),
    cwd: folder,
    env: { ...env, NEXT: backend.url },
  });
  const parent = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00`;
  const headers = `traceparent: ${parent}\r\ntracestate: a=1\r\nbaggage: tenant=acme\r\n`;
  assert.match(await exchange(program.port, rawGet('/x?token=secret-value-123', headers)), /^HTTP\/1.1 200/);
  assert.match(await exchange(program.port, rawGet('/x')), /^HTTP\/1.1 200/);
  program.send('stop');
  assert.equal((await program.exited).stderr, '');
  assert.deepEqual(sink.requests, []);
  const sent = backend.requests.map(({ headers }) => headers);
  assert.equal(sent.length, 6);
  for (const { traceparent, tracestate, baggage } of sent.slice(0, 3)) {
    assert.match(String(traceparent), /^00-c{32}-(?!d{16})[0-9a-f]{16}-00$/);
    assert.deepEqual([tracestate, baggage], ['a=1', 'tenant=acme']);
  }
  // A new trace has one id, and every call an id of its own.
  const [fresh, ...others] = sent.slice(3).map(({ traceparent }) => String(traceparent).split('-'));
  assert.match(fresh?.join('-') ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  for (const other of others) {
    assert.equal(other[1], fresh?.[1]);
    assert.notEqual(other[2], fresh?.[2]);
  }
});

test('sampling.perSecond lets so many new traces begin, and those that began elsewhere all', async (t) => {
  const surroundings = await startSurroundings(t);
  const { sink, backend } = surroundings;
  const service = await startService(t, surroundings, { TRACING_SAMPLE_PER_SECOND: '5', NEXT: backend.url });
  const began = performance.now();
  for (let sent = 0; sent < amountOf(300, 100); sent += 20)
    await Promise.all(Array.from({ length: 20 }, () => service.get('/new')));
  const seconds = (performance.now() - began) / 1000;
  const parent = (index: number): string => `00-${String(index + 1).padStart(32, 'a')}-${'b'.repeat(16)}-01`;
  for (let index = 0; index < 20; index++) await service.get('/joined', `traceparent: ${parent(index)}\r\n`);
  assert.equal(await service.stop(), '');
  const of = (path: string) =>
    sink.spans.filter(({ kind, attributes }) => kind === 'SERVER' && attributes['url.path'] === path).length;
  assert.ok(of('/new') >= 5 && of('/new') <= 5 + 5 * seconds + 1, `${of('/new')} in ${seconds} s`);
  assert.equal(of('/joined'), 20);
  for (const spans of Map.groupBy(sink.spans, ({ traceId }) => traceId).values()) assert.equal(spans.length, 5);
});

suite('sampling.keep', together, () => {
  const keep = { LOGFIRE_TRACE_SAMPLE_RATE: '0', TRACING_KEEP: 'errors,slow:1500ms' };

  test('keeps what fails and what is slow, across async work and in two services, redacted', async (t) => {
    const surroundings = await startSurroundings(t);
    const { sink, backend } = surroundings;
    const last = await startService(t, surroundings, { ...keep, OTEL_SERVICE_NAME: 'last' });
    const first = await startService(t, surroundings, { ...keep, OTEL_SERVICE_NAME: 'first', NEXT: last.url });
    const statuses = [await first.get('/x'), await first.get('/fail?token=secret-value-123'), await first.get('/x')];
    assert.deepEqual(statuses, ['HTTP/1.1 200', 'HTTP/1.1 500', 'HTTP/1.1 200']);
    assert.deepEqual([await first.stop(), await last.stop()], ['', '']);
    assertTrees(
      sink.spans,
      `
      [first] SERVER GET 500 ERROR url.query=token=REDACTED
        [first] CLIENT GET 500 ERROR url.full=<last>/fail?token=REDACTED
          [last] SERVER GET 500 ERROR url.query=token=REDACTED
        [first] CLIENT GET 200 url.full=<last>/by-undici
        [first] INTERNAL own
          [first] CLIENT GET 500 ERROR url.full=<last>/fail?token=REDACTED
            [last] SERVER GET 500 ERROR url.query=token=REDACTED
      `,
      { service: true, attributes: ['url.query', 'url.full'], replace: { [last.url]: '<last>' } },
    );
    assert.deepEqual(backend.requests, []);
  });

  test('keeps of a failure that is caught what the failing service saw of it', async (t) => {
    const surroundings = await startSurroundings(t);
    const last = await startService(t, surroundings, { ...keep, OTEL_SERVICE_NAME: 'last' });
    const first = await startService(t, surroundings, { ...keep, OTEL_SERVICE_NAME: 'first', NEXT: last.url });
    assert.equal(await first.get('/caught'), 'HTTP/1.1 200');
    assert.deepEqual([await first.stop(), await last.stop()], ['', '']);
    const line = '[last] SERVER GET 500 ERROR (remote parent)';
    assertTrees(surroundings.sink.spans, `${line}\n${line}`, { service: true });
    assert.equal(new Set(surroundings.sink.spans.map(({ traceId }) => traceId)).size, 1);
  });

  test('keeps a slow request, also below a parent elsewhere that is unsampled; what it sent said unsampled', async (t) => {
    const surroundings = await startSurroundings(t);
    const { sink, backend } = surroundings;
    const service = await startService(t, surroundings, { ...keep, NEXT: backend.url });
    const parent = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00`;
    await Promise.all([service.get('/slow', `traceparent: ${parent}\r\n`), service.get('/quick')]);
    assert.equal(await service.stop(), '');
    assert.equal(sink.spans.length, 5);
    for (const { traceId } of sink.spans) assert.equal(traceId, 'c'.repeat(32));
    assert.equal(sink.spans.find(({ kind }) => kind === 'SERVER')?.parentSpanId, 'd'.repeat(16));
    for (const { headers } of backend.requests) assert.match(String(headers['traceparent']), /-00$/);
  });

  test('shows on the console what is kept, and nothing else', async (t) => {
    const surroundings = await startSurroundings(t);
    const config = `
      sampling: { ratio: 0, keep: 'errors' }
      console: { timestamps: false }
      export: { console: tree }`;
    const service = await startService(t, surroundings, { NEXT: surroundings.backend.url }, config);
    await service.get('/x');
    await service.get('/fail');
    const stderr = await service.stop();
    assert.doesNotMatch(stderr, /GET {1,2}\/x/);
    assert.match(stderr, /GET \/fail/);
    assert.equal(surroundings.sink.spans.length, 5);
  });

  test('holds what its bounds allow, with very many requests open, and says what is missing', async (t) => {
    const { env, sink } = await startSurroundings(t);
    const count = amountOf(100_000, 30_000);
    const code = `
      import { setFlagsFromString } from 'node:v8';
      import { runInNewContext } from 'node:vm';
      import { ROOT_CONTEXT, SpanStatusCode, trace } from '${API}';
      setFlagsFromString('--expose-gc');
      const gc = runInNewContext('gc');
      const tracer = trace.getTracer('shop');
      const open = () => {
        const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
        const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root));
        child.setAttribute('text', 'x'.repeat(1000));
        child.end();
        return root;
      };
      const oldest = open();
      for (let index = 0; index < 1000; index++) open();
      gc();
      const before = process.memoryUsage().heapUsed;
      for (let index = 0; index < ${count}; index++) open();
      gc();
      console.log((process.memoryUsage().heapUsed - before) / 1e6);
      const newest = open();
      for (const root of [oldest, newest]) { root.setStatus({ code: SpanStatusCode.ERROR }); root.end(); }`;
    const { folder } = createProject({ 'app.mjs': code });
    const { stdout, stderr } = await runProgram({
      program: join(folder, 'app.mjs'),
      cwd: folder,
      flags: patientFlags,
      env: { ...env, ...keep, OTEL_BSP_MAX_QUEUE_SIZE: '1000' },
    });
    // Thirty thousand children would take more than 30 MB.
    assert.ok(Number(stdout) < 10, `${stdout} MB`);
    assert.deepEqual(
      sink.spans.map(({ name }) => name),
      ['root', 'child', 'root'],
    );
    assert.match(
      stderr,
      /^tracing: sampling\.keep cannot hold all spans; kept traces lack some\ntracing: 1 span of a trace that sampling\.keep kept was lost/,
    );
  });
});
