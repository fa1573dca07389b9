// Run by hand, `node scripts/build.ts && node test/bench/viewer.ts`: what the viewer takes with 100,000 spans in it, in its API and in a real Chromium.
//   --rounds 5    of everything; the least of each figure is the least disturbed
//   --no-page     without Chromium
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Browser, Page } from 'playwright-core';
import type { TraceList } from '../../src/viewer/model.ts';
import { openPage, skip, startBrowser, waitUntil } from '../viewer/browser.ts';
import { hex } from '../viewer/spans.ts';
import { type ViewerProgram, startViewerProgram } from '../viewer/viewer-program.ts';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, 'no-page': { type: 'boolean', default: false } },
});
const LARGE = 5_000;
const SMALL = 100;
const TRACES = 951;
const SPANS = LARGE + (TRACES - 1) * SMALL;
const BATCH = 512;
const SERVICES = ['gateway', 'shop', 'stock', 'price', 'search'];
const START_SECONDS = 1_760_000_000;

const resources = SERVICES.map((name) =>
  resourceFromAttributes({ 'service.name': name, 'service.version': '1.4.2', 'process.pid': 4121 }),
);

/** As an agent makes it: a request that makes calls, some of which fail, each with a handful of attributes. */
function toSpan(trace: number, index: number): ReadableSpan {
  // Five children each, so that a large trace is deep and wide.
  const parent = index === 0 ? undefined : Math.floor((index - 1) / 5);
  const isFailed = trace % 20 === 3 && index % 40 === 7;
  const isServer = index % 5 === 0;
  const startMicros = trace * 250_000 + index * 150;
  const toTime = (micros: number): [number, number] => [
    START_SECONDS + Math.floor(micros / 1e6),
    (micros % 1e6) * 1_000,
  ];
  const durationMicros = index === 0 ? 1_000_000 : 1_200 + ((trace * 31 + index * 17) % 9_000);
  const context = (id: number) => ({
    traceId: hex(trace, 32),
    spanId: hex(id + 1, 16),
    traceFlags: TraceFlags.SAMPLED,
  });
  return {
    name: isServer ? `GET /cart/:id/${trace % 7}` : index % 3 === 0 ? 'SELECT shop.items' : 'GET',
    kind: isServer ? SpanKind.SERVER : SpanKind.CLIENT,
    spanContext: () => context(index),
    ...(parent !== undefined && { parentSpanContext: context(parent) }),
    startTime: toTime(startMicros),
    endTime: toTime(startMicros + durationMicros),
    duration: [0, durationMicros * 1_000],
    ended: true,
    status: isFailed ? { code: SpanStatusCode.ERROR, message: 'connect ECONNREFUSED' } : { code: SpanStatusCode.UNSET },
    attributes: {
      'http.request.method': 'GET',
      'http.response.status_code': isFailed ? 500 : 200,
      'url.full': `http://127.0.0.1:4001/cart/${trace}/${index}?page=2`,
      'server.address': '127.0.0.1',
      'server.port': 4001,
      'network.protocol.version': '1.1',
      ...(isServer && { 'http.route': '/cart/:id', 'user_agent.original': 'node' }),
    },
    links: [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    resource: resources[(trace + Math.floor(index / 20)) % SERVICES.length] ?? resourceFromAttributes({}),
    instrumentationScope: { name: '@tracing/agent/http', version: '0.1.0' },
  };
}

/** Bodies of OTLP, made before anything is measured. */
function* toBodies(): Generator<Uint8Array> {
  let batch: ReadableSpan[] = [];
  for (let trace = 1; trace <= TRACES; trace++) {
    for (let index = 0; index < (trace === TRACES ? LARGE : SMALL); index++) {
      batch.push(toSpan(trace, index));
      if (batch.length < BATCH) continue;
      yield ProtobufTraceSerializer.serializeRequest(batch) ?? new Uint8Array();
      batch = [];
    }
  }
  yield ProtobufTraceSerializer.serializeRequest(batch) ?? new Uint8Array();
}
const bodies = [...toBodies()];

/** The least of each figure over all rounds, in the order in which they came up. */
const figures = new Map<string, { least: number; most: number; readonly unit: string }>();
function note(name: string, value: number, unit = 'ms'): void {
  const known = figures.get(name);
  figures.set(name, {
    least: Math.min(known?.least ?? Infinity, value),
    most: Math.max(known?.most ?? 0, value),
    unit,
  });
}

const timed = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
  const start = performance.now();
  const result = await work();
  note(name, performance.now() - start);
  return result;
};

/** `VmRSS` now, `VmHWM` the most so far. */
function readMegabytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1]) / 1024;
}
/** Of all its threads; a clock tick is 10 ms. */
function readCpuMillis(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

type Afters = Array<() => unknown>;
const start = (afters: Afters, args: readonly string[]): Promise<ViewerProgram> =>
  startViewerProgram({ after: (work: unknown) => void afters.push(work as () => unknown) }, args);

async function ingest({ url }: ViewerProgram): Promise<void> {
  for (const body of bodies) {
    const response = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: body as Uint8Array<ArrayBuffer>,
    });
    if (!response.ok) throw new Error(await response.text());
    await response.arrayBuffer();
  }
}

async function measureApi(viewer: ViewerProgram, where: string): Promise<void> {
  const read = (path: string) => async (): Promise<string> => (await viewer.ask(path)).text();
  for (let time = 0; time < 5; time++) {
    const { total, traces } = JSON.parse(await timed(`${where}: list`, read('/api/traces'))) as TraceList;
    const spans = traces.reduce((sum, trace) => sum + trace.spans, 0);
    if (total !== TRACES || spans !== SPANS) throw new Error(`${spans} spans in ${total} traces`);
    await timed(`${where}: trace of ${SMALL} spans`, read(`/api/traces/${hex(3, 32)}`));
    await timed(`${where}: trace of ${LARGE} spans`, read(`/api/traces/${hex(TRACES, 32)}`));
    const query = 'status=error duration>2ms http.route=/cart/*';
    await timed(`${where}: query by attributes`, read(`/api/traces?query=${encodeURIComponent(query)}`));
    await timed(`${where}: query by a text that nothing has`, read('/api/traces?query=%22no%20such%20text%22'));
    await timed(`${where}: routes`, read('/api/routes'));
    await timed(`${where}: services`, read('/api/services'));
  }
}

/** In the page: from a click until the frame in which a selector is there has been drawn. */
const openTrace = (page: Page, id: string): Promise<number> =>
  page.evaluate(`new Promise((resolve) => {
    const start = performance.now();
    const look = () => document.querySelector('.line.selected') === null
      ? requestAnimationFrame(look)
      : requestAnimationFrame(() => resolve(performance.now() - start));
    location.hash = '#/traces?trace=${id}';
    requestAnimationFrame(look);
  })`);

/** Scrolls on with every frame for two seconds; resolves with the times between frames. */
const scroll = (page: Page, selector: string): Promise<number[]> =>
  page.evaluate(`new Promise((resolve) => {
    const box = document.querySelector('${selector}');
    const times = [];
    const start = performance.now();
    let last = start;
    const step = (now) => {
      times.push(now - last);
      last = now;
      box.scrollTop += 120;
      if (box.scrollTop + box.clientHeight >= box.scrollHeight - 1) box.scrollTop = 0;
      if (now - start < 2000) requestAnimationFrame(step);
      else resolve(times.slice(2));
    };
    requestAnimationFrame(step);
  })`);

function noteFrames(name: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  note(`${name}: frame, median`, sorted[sorted.length >> 1] ?? 0);
  note(`${name}: frame, 95th of 100`, sorted[Math.floor(sorted.length * 0.95)] ?? 0);
  note(`${name}: frames of over 33 ms`, (times.filter((time) => time > 33.4).length / times.length) * 100, '%');
}

/** Processor time of the page, all its threads: what holds on a busy machine too. */
async function withCpu<Result>(page: Page, name: string, work: () => Promise<Result>): Promise<Result> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const read = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find((metric) => metric.name === 'ProcessTime')?.value ?? 0) * 1_000;
  };
  const before = await read();
  const result = await work();
  note(`${name}, processor time`, (await read()) - before);
  await session.detach();
  return result;
}

async function measurePage(viewer: ViewerProgram, browser: Browser): Promise<void> {
  const { page, troubles } = await openPage(browser, viewer.link);
  await timed('page: load until the list is there', async () => {
    await page.reload();
    await page.waitForSelector('.row');
  });
  const close = async (): Promise<void> => {
    await page.evaluate("location.hash = '#/traces'");
    await waitUntil(page, "document.querySelector('.waterfall') === null");
  };
  for (let time = 0; time < 3; time++) {
    for (const [spans, id] of [
      [SMALL, 3 + time],
      [LARGE, TRACES],
    ] as const) {
      const name = `page: open a trace of ${spans} spans`;
      note(name, await withCpu(page, name, () => openTrace(page, hex(id, 32))));
      if (spans === SMALL) await close();
    }
    if (time < 2) await close();
  }
  noteFrames(`page: scrolling ${LARGE} spans`, await scroll(page, '.waterfall'));
  await close();
  noteFrames(`page: scrolling the list of ${TRACES}`, await scroll(page, '.list'));
  if (troubles.length > 0) throw new Error(troubles.join('\n'));
  await page.context().close();
}

async function round(browser: Browser | undefined): Promise<void> {
  const afters: Afters = [];
  const folder = mkdtempSync(join(tmpdir(), 'viewer-bench-'));
  try {
    for (const [where, args] of [
      ['memory', []],
      ['file', ['--db', join(folder, 'spans.db')]],
    ] as const) {
      const viewer = await timed(`${where}: empty, ready`, () => start(afters, args));
      await timed(`${where}: take all spans`, () => ingest(viewer));
      note(`${where}: processor time of that and of the start`, readCpuMillis(viewer.pid));
      note(`${where}: memory, spans taken`, readMegabytes(viewer.pid, 'VmRSS'), 'MB');
      await measureApi(viewer, where);
      if (where === 'memory' && browser !== undefined) await measurePage(viewer, browser);
      note(`${where}: memory, in the end`, readMegabytes(viewer.pid, 'VmRSS'), 'MB');
      note(`${where}: memory, at most`, readMegabytes(viewer.pid, 'VmHWM'), 'MB');
      await viewer.program.stop();
    }
    const args = ['--db', join(folder, 'spans.db')];
    const startMillis = performance.now();
    const viewer = await timed(`file with ${SPANS} spans: ready`, () => start(afters, args));
    await (await viewer.ask('/api/traces')).text();
    note(`file with ${SPANS} spans: first list`, performance.now() - startMillis);
    note(`file with ${SPANS} spans: memory`, readMegabytes(viewer.pid, 'VmRSS'), 'MB');
    await viewer.program.stop();
  } finally {
    for (const after of afters.toReversed()) await after();
    rmSync(folder, { recursive: true });
  }
}

const browser = options['no-page'] || skip !== false ? undefined : await startBrowser();
if (browser === undefined) console.log(skip || 'without Chromium');
for (let count = 0; count < Number(options.rounds); count++) {
  await round(browser);
  console.log(`round ${count + 1}, load ${loadavg()[0]?.toFixed(1)}`);
}
console.log(
  `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}${browser === undefined ? '' : `, Chromium ${browser.version()}`}`,
);
for (const [name, { least, most, unit }] of figures)
  console.log(`${name.padEnd(52)} ${least.toFixed(1).padStart(9)} ${unit}   most ${most.toFixed(1)}`);
await browser?.close();
