// Run by hand, `node scripts/build.ts && node test/faults/faults.ts [--only name] [--update]`: one real process for each fault of a receiver and for
// each way of leaving, beside the same without the agent. Prints the table; `--update` writes it into docs/delivery-and-exits.md.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startBackend } from '../support/backend.ts';
import { startBlackHole } from '../support/black-hole.ts';
import { type Answer, type Sink, closedPort, startSink, times } from '../support/otlp-sink.ts';
import { agentFlags } from '../support/run-program.ts';

const { values: args } = parseArgs({ options: { only: { type: 'string' }, update: { type: 'boolean' } } });
const program = fileURLToPath(new URL('program.cjs', import.meta.url));
const page = fileURLToPath(new URL('../../docs/delivery-and-exits.md', import.meta.url));

type End = 'SIGTERM' | 'SIGINT' | 'SIGKILL' | '/exit' | '/throw' | '/reject' | '/abort' | '/natural';

/** What a fault has to work with. */
interface Scene {
  readonly sink: Sink;
  readonly env: Record<string, string>;
  readonly folder: string;
  /** Serves so many requests, one after the other. */
  serve(count: number): Promise<void>;
}

type During = (scene: Scene) => Promise<void>;

interface Fault {
  readonly name: string;
  /** Prepares the receiver and the environment. */
  readonly prepare?: (scene: Scene) => Promise<void> | void;
  /** What happens while the program runs; 50 requests if not given. */
  readonly during?: During;
  readonly end?: End;
  /** Spans that arrive elsewhere than at the sink. */
  readonly elsewhere?: (scene: Scene) => number;
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
    prepare: ({ sink }) => void answerFirst(sink, times(2, { status: 429, retryAfter: 1 })),
    during: arrive(50),
  },
  {
    name: '503 three times, then fine',
    prepare: ({ sink }) => void answerFirst(sink, times(3, { status: 503 })),
    during: arrive(50),
  },
  {
    name: 'reset in mid-body, then fine',
    prepare: ({ sink }) => void answerFirst(sink, [{ reset: 'request' }]),
    during: arrive(50),
  },
  {
    name: 'reset in mid-answer, then fine',
    prepare: ({ sink }) => void answerFirst(sink, [{ reset: 'response' }]),
    during: arrive(50),
  },
  { name: 'garbage for an answer (200)', prepare: ({ sink }) => sink.answerWith({ garbage: true }) },
  { name: '400: refused for good', prepare: ({ sink }) => sink.answerWith({ status: 400 }) },
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
      Object.assign(scene, { sink: back });
      await back.waitForSpans(600);
    },
  },
  {
    name: 'file on a full disk',
    prepare: ({ env }) => {
      delete env['OTEL_EXPORTER_OTLP_ENDPOINT'];
      env['TRACING_FILE'] = '/dev/full';
    },
  },
  {
    name: 'refuses, spool on: the next run sends',
    async prepare(scene) {
      const { env, folder } = scene;
      env['TRACING_SPOOL_DIR'] = join(folder, 'spool');
      const port = await closedPort();
      env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${port}`;
      const earlier = await run(env, async (serve) => serve(50), 'SIGTERM');
      if (earlier.code === 0) throw new Error('the earlier run ended otherwise than by SIGTERM');
      const back = await startSink({ port });
      disposables.push(back);
      Object.assign(scene, { sink: back, served: 50 });
    },
    during: async ({ sink, serve }) => {
      await serve(50);
      await sink.waitForSpans(100);
    },
  },
  {
    name: 'refuses, spool read-only',
    prepare: async ({ env, folder }) => {
      mkdirSync(join(folder, 'spool'));
      writeFileSync(join(folder, 'spool', 'x'), '');
      chmodSync(join(folder, 'spool'), 0o500);
      env['TRACING_SPOOL_DIR'] = join(folder, 'spool', 'x');
      env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${await closedPort()}`;
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

/** A sink takes its first answers when it is made; one that is there already is told one after the other. */
async function answerFirst(sink: Sink, answers: readonly Answer[]): Promise<void> {
  for (const answer of answers) {
    sink.answerWith(answer);
    await sink.waitForRequests(sink.requests.length + 1);
  }
  sink.answerWith({ accept: true });
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

async function run(
  env: Record<string, string> | undefined,
  during: (serve: (count: number) => Promise<void>) => Promise<void>,
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
  await during(async (count) => {
    for (let index = 0; index < count; index++) await get('/hello');
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

async function play({ name, prepare, during, end = 'SIGTERM', elsewhere }: Fault): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-faults-'));
  const sink = await startSink();
  disposables.push(sink);
  const env: Record<string, string> = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url };
  const scene = { sink, env, folder, served: 0, serve: (_count: number) => Promise.resolve() };
  try {
    await prepare?.(scene);
    const bare = await run(undefined, (serve) => serve(50), end);
    const traced = await run(
      env,
      async (serve) => {
        scene.serve = serve;
        await (during ?? (() => serve(50)))(scene);
      },
      end,
    );
    await sleep(200);
    const same = traced.code === bare.code && traced.signal === bare.signal;
    const says = traced.stderr
      .split('\n')
      .filter((line) => line.startsWith('tracing: '))
      .map((line) =>
        line
          .replace('tracing: ', '')
          .replaceAll(/127\.0\.0\.1:\d+|localhost:\d+/g, 'receiver')
          .replaceAll(folder, ''),
      );
    return {
      name,
      cells: [
        traced.served + scene.served,
        scene.sink.spans.length + (elsewhere?.(scene) ?? 0),
        `${traced.code ?? traced.signal}${same ? '' : ` (bare: ${bare.code ?? bare.signal})`}`,
        `${Math.round(traced.millis)} / ${Math.round(bare.millis)}`,
        says.join('<br>') || '-',
      ],
    };
  } finally {
    for (const part of disposables.splice(0)) await part[Symbol.asyncDispose]();
    for (const entry of readdirSync(folder)) chmodSync(join(folder, entry), 0o700);
    rmSync(folder, { recursive: true, force: true });
  }
}

const HEAD = ['fault', 'spans expected', 'received', 'exit', 'ms to exit / without agent', 'stderr'];
const rows: string[] = [`| ${HEAD.join(' | ')} |`, `|${HEAD.map(() => '---').join('|')}|`];
for (const fault of FAULTS.filter(({ name }) => name.includes(args.only ?? ''))) {
  const { name, cells } = await play(fault);
  rows.push(`| ${[name, ...cells].join(' | ')} |`);
  console.log(rows.at(-1));
}
if (args.update === true) {
  const text = readFileSync(page, 'utf8');
  const table = `<!-- faults -->\n\n${rows.join('\n')}\n\n<!-- end of faults -->`;
  writeFileSync(page, text.replace(/<!-- faults -->[\s\S]*<!-- end of faults -->/, table));
}
