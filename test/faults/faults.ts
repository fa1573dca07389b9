// Run by hand, `node scripts/build.ts && node test/faults/faults.ts [--only name] [--update]`: one real process for each fault of a receiver and for
// each way of leaving, beside the same without the agent. Prints the table; `--update` writes it into docs/delivery-and-exits.md. Disks that are full
// are small ones that only root can make; the load comes from wrk (Debian: wrk).
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startBackend } from '../support/backend.ts';
import { startBlackHole } from '../support/black-hole.ts';
import { type GrpcAnswer, startGrpcSink } from '../support/grpc-sink.ts';
import { type Answer, type Sink, closedPort, startSink, times } from '../support/otlp-sink.ts';
import { type MessageType, readMessage } from '../support/protobuf-reader.ts';
import { agentFlags } from '../support/run-program.ts';

const { values: args } = parseArgs({ options: { only: { type: 'string' }, update: { type: 'boolean' } } });
const program = fileURLToPath(new URL('program.cjs', import.meta.url));
const page = fileURLToPath(new URL('../../docs/delivery-and-exits.md', import.meta.url));

type End = 'SIGTERM' | 'SIGINT' | 'SIGKILL' | '/exit' | '/throw' | '/reject' | '/abort' | '/natural';

/** What a fault has to work with. */
interface Scene {
  sink: Sink;
  readonly env: Record<string, string>;
  readonly folder: string;
  /** Serves so many requests, one after the other. */
  serve(count: number): Promise<void>;
  /** Has wrk send as many as the program answers in so many seconds. */
  load(seconds: number): Promise<void>;
  /** Spans that arrived elsewhere than at the sink. */
  elsewhere: () => number;
  /** Of a run before the one that is measured. */
  earlier: Exit | undefined;
}

type During = (scene: Scene) => Promise<void>;

interface Fault {
  readonly name: string;
  /** The receiver's first answers. */
  readonly first?: readonly Answer[];
  /** Only where it can be played. */
  readonly needs?: 'root' | 'wrk';
  /** Prepares the receiver and the environment. */
  readonly prepare?: (scene: Scene) => Promise<void> | void;
  /** What happens while the program runs; 50 requests if not given. */
  readonly during?: During;
  readonly end?: End;
}

const disposables: AsyncDisposable[] = [];

const FAULTS: readonly Fault[] = [
  { name: 'healthy receiver' },
  {
    name: 'refuses connections',
    prepare: async ({ env }) => void (env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${await closedPort()}`),
  },
  { name: 'hangs', prepare: ({ sink }) => sink.answerWith({ hang: true }) },
  {
    name: 'takes no connection (packets dropped)',
    prepare: async ({ env }) => {
      const hole = await startBlackHole();
      disposables.push(hole);
      env['OTEL_EXPORTER_OTLP_ENDPOINT'] = hole.url;
    },
  },
  { name: 'slow: 700 ms an answer', prepare: ({ sink }) => sink.answerWith({ accept: true, delayMillis: 700 }) },
  {
    name: '429 with Retry-After: 1, twice',
    first: times(2, { status: 429, retryAfter: 1 }),
    during: arrive(50),
  },
  {
    name: '503 three times, then fine',
    first: times(3, { status: 503 }),
    during: arrive(50),
  },
  {
    name: 'reset in mid-body, then fine',
    first: [{ reset: 'request' }],
    during: arrive(50),
  },
  {
    name: 'reset in mid-answer, then fine',
    first: [{ reset: 'response' }],
    during: arrive(50),
  },
  { name: 'garbage for an answer (200)', prepare: ({ sink }) => sink.answerWith({ garbage: true }) },
  { name: '400: refused for good', prepare: ({ sink }) => sink.answerWith({ status: 400 }) },
  {
    name: 'gzip, which the receiver does not read',
    prepare: ({ env, sink }) => {
      env['OTEL_EXPORTER_OTLP_COMPRESSION'] = 'gzip';
      sink.answerWith({ noGzip: 400 });
    },
  },
  {
    name: 'gRPC: refuses connections',
    prepare: async ({ env }) => {
      env['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'grpc';
      env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${await closedPort()}`;
    },
  },
  { name: 'gRPC: hangs', prepare: overGrpc({ answer: { hang: true } }) },
  {
    name: 'gRPC: UNAVAILABLE three times, then fine',
    prepare: overGrpc({ first: Array.from({ length: 3 }, () => ({ code: 14 })) }),
    during: arriveElsewhere(50),
  },
  {
    name: 'TLS: certificate of an unknown authority',
    prepare: async ({ env }) => {
      const secure = await startBackend({ tls: true });
      disposables.push({ [Symbol.asyncDispose]: () => secure.stop() });
      env['OTEL_EXPORTER_OTLP_ENDPOINT'] = secure.url.replace('127.0.0.1', 'localhost');
    },
  },
  {
    name: 'TLS: plain HTTP spoken to it',
    prepare: ({ env, sink }) => void (env['OTEL_EXPORTER_OTLP_ENDPOINT'] = sink.url.replace('http:', 'https:')),
  },
  {
    name: 'DNS: no such host',
    prepare: ({ env }) => void (env['OTEL_EXPORTER_OTLP_ENDPOINT'] = 'http://collector.invalid:4318'),
  },
  {
    name: 'down for a minute, then back',
    prepare: async ({ env, sink }) => {
      await sink.stop();
      env['OTEL_EXPORTER_OTLP_ENDPOINT'] = sink.url;
    },
    async during(scene) {
      for (let second = 0; second < 60; second++) {
        await scene.serve(10);
        await sleep(1000);
      }
      const back = await startSink({ port: scene.sink.port });
      disposables.push(back);
      scene.sink = back;
      await back.waitForSpans(600);
    },
  },
  {
    name: 'file on a disk of 64 KiB',
    needs: 'root',
    prepare(scene) {
      const { env } = scene;
      const file = join(mountSmall(scene, 64), 'spans.jsonl');
      delete env['OTEL_EXPORTER_OTLP_ENDPOINT'];
      env['TRACING_FILE'] = file;
      env['OTEL_BSP_SCHEDULE_DELAY'] = '50';
      scene.elsewhere = () => countSpansOfFile(file);
    },
    during: ({ serve }) => serve(200),
  },
  {
    name: 'refuses, spool on a disk of 64 KiB: the next run sends what fitted',
    needs: 'root',
    async prepare(scene) {
      scene.env['TRACING_SPOOL_DIR'] = join(mountSmall(scene, 64), 'spool');
      scene.env['OTEL_BSP_SCHEDULE_DELAY'] = '50';
      await runEarlier(scene, 400);
    },
    during: async ({ sink, serve }) => {
      await serve(50);
      await settle(() => sink.spans.length);
    },
  },
  {
    name: 'refuses, spool on: the next run sends',
    async prepare(scene) {
      scene.env['TRACING_SPOOL_DIR'] = join(scene.folder, 'spool');
      await runEarlier(scene, 50);
    },
    during: async ({ sink, serve }) => {
      await serve(50);
      await sink.waitForSpans(100);
    },
  },
  {
    name: 'refuses, spool on a disk that is read-only',
    needs: 'root',
    prepare: async (scene) => {
      const disk = mountSmall(scene, 64);
      execFileSync('mount', ['-o', 'remount,ro', disk]);
      scene.env['TRACING_SPOOL_DIR'] = join(disk, 'spool');
      scene.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${await closedPort()}`;
    },
  },
  {
    name: 'clock steps back an hour',
    prepare: ({ env, folder }) => {
      const step = join(folder, 'step.cjs');
      writeFileSync(
        step,
        `const { now } = Date; let behind = 0; Date.now = () => now() - behind; setTimeout(() => (behind = 3_600_000), 300).unref();`,
      );
      env['NODE_OPTIONS'] = `--require ${step}`;
    },
    during: async ({ serve }) => {
      await serve(25);
      await sleep(500);
      await serve(25);
    },
  },
  {
    name: 'as many requests as it answers, 30 s',
    needs: 'wrk',
    prepare: (scene) => countOnly(scene),
    during: ({ load }) => load(30),
  },
  {
    name: 'as many requests as it answers, 30 s, receiver refuses',
    needs: 'wrk',
    prepare: async ({ env }) => void (env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${await closedPort()}`),
    during: ({ load }) => load(30),
  },
  { name: 'natural end', end: '/natural' },
  { name: 'SIGINT', end: 'SIGINT' },
  { name: 'process.exit(3) in the middle of a request', end: '/exit' },
  { name: 'uncaught exception in a request', end: '/throw' },
  { name: 'unhandled rejection in a request', end: '/reject' },
  { name: 'process.abort() in a request', end: '/abort' },
  { name: 'SIGKILL', end: 'SIGKILL' },
  {
    name: 'process.exit(3), receiver hangs',
    prepare: ({ sink }) => sink.answerWith({ hang: true }),
    end: '/exit',
  },
  {
    name: 'process.exit(3), receiver refuses',
    prepare: async ({ env }) => void (env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${await closedPort()}`),
    end: '/exit',
  },
];

/** What is true after a while, where nobody knows how much will come. */
async function settle(read: () => number): Promise<void> {
  for (let before = -1; before !== read(); await sleep(3000)) before = read();
}

/** Lets a receiver of gRPC take the place of the sink. */
function overGrpc(options: { readonly first?: readonly GrpcAnswer[]; readonly answer?: GrpcAnswer }) {
  return async (scene: Scene): Promise<void> => {
    const sink = await startGrpcSink(options);
    disposables.push(sink);
    scene.env['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'grpc';
    scene.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = sink.url;
    scene.elsewhere = () => sink.spans.length;
  };
}

function arriveElsewhere(count: number): During {
  return async ({ serve, elsewhere }) => {
    await serve(count);
    while (elsewhere() < count) await sleep(100);
  };
}

/** A disk of so many KiB. */
function mountSmall({ folder }: Scene, kibibytes: number): string {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', disk]);
  disposables.push({ [Symbol.asyncDispose]: async () => void execFileSync('umount', [disk]) });
  return disk;
}

/** A line that the disk had no room for is not whole. */
function countSpansOfFile(path: string): number {
  let count = 0;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    try {
      const { resourceSpans } = JSON.parse(line) as { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] };
      for (const { scopeSpans } of resourceSpans) for (const { spans } of scopeSpans) count += spans.length;
    } catch {
      // It was said as lost.
    }
  }
  return count;
}

/** A run before, whose receiver refuses; then there is one. */
async function runEarlier(scene: Scene, count: number): Promise<void> {
  const port = await closedPort();
  scene.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${port}`;
  scene.earlier = await run(scene.env, async ({ serve }) => serve(count), 'SIGTERM');
  scene.sink = await startSink({ port });
  disposables.push(scene.sink);
}

/** ExportTraceServiceRequest, as far as it takes to count spans. */
const SCOPE: MessageType = { 2: { name: 'spans', repeated: true, type: 'bytes' } };
const RESOURCE: MessageType = { 2: { name: 'scopes', repeated: true, type: () => SCOPE } };
const REQUEST: MessageType = { 1: { name: 'resources', repeated: true, type: () => RESOURCE } };

/** A receiver that only counts, since one that decodes could not follow. */
async function countOnly(scene: Scene): Promise<void> {
  let count = 0;
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { resources } = readMessage(Buffer.concat(chunks), REQUEST) as {
        resources: { scopes: { spans: Uint8Array[] }[] }[];
      };
      for (const { scopes } of resources) for (const { spans } of scopes) count += spans.length;
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  disposables.push({
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  });
  scene.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  scene.elsewhere = () => count;
}

function arrive(count: number): During {
  return async ({ sink, serve }) => {
    await serve(count);
    await sink.waitForSpans(count);
  };
}

interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly millis: number;
  readonly stderr: string;
  readonly served: number;
}

type Play = Pick<Scene, 'serve' | 'load'>;

async function run(
  env: Record<string, string> | undefined,
  during: (play: Play) => Promise<void>,
  end: End,
): Promise<Exit> {
  const { PATH = '' } = process.env;
  const child: ChildProcess = spawn(process.execPath, [...(env === undefined ? [] : agentFlags), program], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { PATH, ...env },
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  let served = 0;
  const get = (path: string): Promise<void> =>
    new Promise((resolve) => {
      const sent = request({ port, host: '127.0.0.1', path, agent: false }, (response) => {
        response.resume().on('close', resolve);
      });
      sent.on('error', () => resolve()).end();
      served++;
    });
  await during({
    async serve(count) {
      for (let index = 0; index < count; index++) await get('/hello');
    },
    async load(seconds) {
      const wrk = spawn('wrk', ['-t1', '-c64', `-d${seconds}s`, `http://127.0.0.1:${port}/hello`], { stdio: 'ignore' });
      await once(wrk, 'close');
      // wrk does not count what it breaks off when its time is over.
      child.send({});
      const [{ count }] = (await once(child, 'message')) as [{ count: number }];
      served = count;
    },
  });
  const exited = once(child, 'close') as Promise<[number | null, string | null]>;
  const begin = performance.now();
  if (end.startsWith('/')) void get(end);
  else child.kill(end as NodeJS.Signals);
  const [code, signal] = await exited;
  return { code, signal, millis: performance.now() - begin, stderr, served };
}

interface Row {
  readonly name: string;
  readonly cells: readonly (string | number)[];
}

async function play({ name, first, prepare, during = ({ serve }) => serve(50), end = 'SIGTERM' }: Fault): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-faults-'));
  const sink = await startSink({ first: first ?? [] });
  disposables.push(sink);
  const nothing = (): Promise<void> => Promise.resolve();
  const scene: Scene = {
    sink,
    folder,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url },
    serve: nothing,
    load: nothing,
    elsewhere: () => 0,
    earlier: undefined,
  };
  try {
    await prepare?.(scene);
    const bare = await run(undefined, ({ serve }) => serve(50), end);
    const traced = await run(scene.env, (given) => during(Object.assign(scene, given)), end);
    await sleep(200);
    const same = traced.code === bare.code && traced.signal === bare.signal;
    return {
      name,
      cells: [
        traced.served + (scene.earlier?.served ?? 0),
        scene.sink.spans.length + scene.elsewhere(),
        `${traced.code ?? traced.signal}${same ? '' : ` (bare: ${bare.code ?? bare.signal})`}`,
        `${Math.round(traced.millis)} / ${Math.round(bare.millis)}`,
        [scene.earlier, traced].flatMap((exit) => (exit === undefined ? [] : linesOf(exit, folder))).join('<br>') ||
          '-',
      ],
    };
  } finally {
    for (const part of disposables.splice(0)) await part[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the agent has said, without what differs from run to run. */
function linesOf({ stderr }: Exit, folder: string): readonly string[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('tracing: '))
    .map((line) =>
      line
        .replace('tracing: ', '')
        .replaceAll(/(?:127\.0\.0\.1|localhost):\d+/g, '…')
        .replaceAll(folder, '…')
        .replaceAll('|', '\\|'),
    );
}

function canPlay({ name, needs }: Fault): boolean {
  const can =
    needs === undefined ||
    (needs === 'root' ? process.getuid?.() === 0 : spawnSync('wrk', ['--version']).error === undefined);
  if (!can) console.log(`${name}: skipped, it needs ${needs}`);
  return can;
}

const HEAD = ['fault', 'spans expected', 'received', 'exit', 'ms to exit / without agent', 'stderr'];
const rows: string[] = [`| ${HEAD.join(' | ')} |`, `|${HEAD.map(() => '---').join('|')}|`];
for (const fault of FAULTS.filter(({ name }) => name.includes(args.only ?? '')).filter(canPlay)) {
  const { name, cells } = await play(fault);
  rows.push(`| ${[name, ...cells].join(' | ')} |`);
  const [expected, received, exit, millis, says] = cells.map(String);
  console.log(`${name}\n    ${received} of ${expected}, exit ${exit}, ${millis} ms`);
  if (says !== '-') console.log(says?.replaceAll(/^|<br>/g, '\n    ').slice(1));
}
const setting = `Node ${process.versions.node}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`;
if (args.update === true) {
  const text = readFileSync(page, 'utf8');
  const [before = '', rest = ''] = text.split('<!-- faults -->');
  const [old = '', after = ''] = rest.split('<!-- end of faults -->');
  const table = args.only === undefined ? `\n\n${setting}:\n\n${rows.join('\n')}\n\n` : withRows(old);
  writeFileSync(page, `${before}<!-- faults -->${table}<!-- end of faults -->${after}`);
}

/** The table that is there, with what was played again in its place. */
function withRows(table: string): string {
  const nameOf = (row: string): string => row.split(' | ')[0] ?? '';
  const played = new Map(rows.slice(2).map((row) => [nameOf(row), row]));
  return table
    .split('\n')
    .map((row) => played.get(nameOf(row)) ?? row)
    .join('\n');
}
