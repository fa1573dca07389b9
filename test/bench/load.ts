// Run by hand, `node scripts/build.ts && node test/bench/load.ts`: what the agent costs a request under load, beside the same program without
// an agent and with others. What counts is the processor time of the program; its least over the rounds is the least disturbed.
//   --only hello,gateway    of: hello, esm, express, gateway, sampled, disabled
//   --rounds 5              each scenario with each agent once a round, in turn
//   --requests 60000        measured in each (two fifths of it where a request makes another), after as many to warm up
//   --with base=/tmp/dist/preload.cjs    another build beside it, as often as wanted
//   --upstream /tmp/upstream             a folder with @opentelemetry/auto-instrumentations-node installed
//   --gate                  a short run that fails where the cost has about doubled, or spans do not arrive
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { agentFlags, startProgram } from '../support/run-program.ts';

const UPSTREAM = '@opentelemetry/auto-instrumentations-node';
const CONNECTIONS = 32;
const folder = fileURLToPath(new URL('./apps/', import.meta.url));

interface Scenario {
  readonly program: string;
  readonly path: string;
  /** Spans that a request makes. */
  readonly spans: number;
  /** Of the requests that are asked for, the share that is made. */
  readonly share?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** The most that ours may cost in the gate's short run, which is half warm, as a multiple of no agent: more than noise, less than twice the cost. */
  readonly gate?: number;
}

const SAMPLED = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' };
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  hello: { program: 'hello.cjs', path: '/', spans: 1, gate: 4 },
  esm: { program: 'hello.mjs', path: '/', spans: 1 },
  express: { program: 'express.cjs', path: '/users/7', spans: 1 },
  gateway: { program: 'gateway.cjs', path: '/', spans: 2, share: 0.4, gate: 2 },
  sampled: { program: 'hello.cjs', path: '/', spans: 0.01, env: SAMPLED, gate: 2.6 },
  disabled: { program: 'hello.cjs', path: '/', spans: 0, env: { OTEL_SDK_DISABLED: 'true' } },
};

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    requests: { type: 'string' },
    with: { type: 'string', multiple: true, default: [] },
    upstream: { type: 'string' },
    gate: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds ?? (options.gate ? 2 : 5));
const requests = Number(options.requests ?? (options.gate ? 8000 : 60_000));
const wanted = Object.entries(SCENARIOS).filter(([name, { gate }]) =>
  options.only === undefined ? !options.gate || gate !== undefined : options.only.split(',').includes(name),
);
const AGENTS: ReadonlyArray<readonly [name: string, flags: readonly string[]]> = [
  ['none', []],
  ['ours', agentFlags],
  ...options.with.map((given) => {
    const [name = '', path = ''] = given.split('=');
    return [name, ['--import', pathToFileURL(path).href]] as const;
  }),
  ...(options.upstream === undefined
    ? []
    : [
        [
          'upstream',
          ['--require', createRequire(join(options.upstream, 'x.js')).resolve(`${UPSTREAM}/register`)],
        ] as const,
      ]),
];

interface Usage {
  readonly cpuMicros: number;
  readonly peakMegabytes: number;
}

/** What one run of a program gave, per request where it says nothing else. */
interface Run {
  readonly cpuMicros: number;
  readonly perSecond: number;
  readonly peakMegabytes: number;
  readonly spans: number;
}

/** Asks a child and resolves with what it says next; the caller states the shape. */
async function ask<T>(child: ChildProcess): Promise<T> {
  const answer = once(child, 'message');
  child.send('?');
  const [message] = (await answer) as [T];
  return message;
}

/** Keeps `CONNECTIONS` requests under way until `count` are answered; plain sockets, so that the load takes little of the machine. */
async function load(port: number, path: string, count: number): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n\r\n`;
  let started = 0;
  const next = (socket: Socket): void => {
    if (started >= count) socket.end();
    else socket.write(request);
    started += 1;
  };
  const drive = async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1', () => next(socket));
    socket.on('data', (answer) => {
      // The answers are so small that each comes in one piece.
      if (OK.equals(answer.subarray(0, OK.length))) next(socket);
      else socket.destroy(new Error(`answered ${answer.toString('latin1')}`));
    });
    await once(socket, 'close');
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, drive));
}
const OK = Buffer.from('HTTP/1.1 200');

async function run({ program, path, spans, share = 1, env }: Scenario, flags: readonly string[]): Promise<Run> {
  const sink = fork(new URL('./sink.ts', import.meta.url), { execArgv: [] });
  try {
    const [{ port }] = (await once(sink, 'message')) as [{ port: number }];
    const endpoint = `http://127.0.0.1:${port}`;
    await using app = await startProgram({
      program: join(folder, program),
      flags: ['--require', join(folder, 'usage.cjs'), ...flags],
      env: {
        BACKEND: endpoint,
        TRACING_CONFIG: 'none',
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        ...env,
      },
    });
    const count = requests * share;
    await load(app.port, path, count);
    const before = await ask<Usage>(app.child);
    const startedAt = performance.now();
    await load(app.port, path, count);
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await ask<Usage>(app.child);
    return {
      cpuMicros: (after.cpuMicros - before.cpuMicros) / count,
      perSecond: count / seconds,
      peakMegabytes: after.peakMegabytes,
      spans: flags.length === 0 ? 0 : (await settle(sink, spans * count * 2)) / (count * 2),
    };
  } finally {
    sink.kill('SIGKILL');
  }
}

/** How many spans have arrived: all that are expected, or what there is when no more come. Agents send every second or every five. */
async function settle(sink: ChildProcess, expected: number): Promise<number> {
  let last = -1;
  for (let quietMillis = 0; quietMillis < 6000; quietMillis += 200) {
    const { spans } = await ask<{ spans: number }>(sink);
    if (expected > 0 && spans >= expected) return spans;
    if (spans !== last) quietMillis = 0;
    last = spans;
    await sleep(200);
  }
  return last;
}

const runs = new Map<string, Run[]>();
for (let round = 0; round < rounds; round += 1) {
  for (const [scenario, facts] of wanted) {
    for (const [agent, flags] of AGENTS) {
      const key = `${scenario}\n${agent}`;
      runs.set(key, [...(runs.get(key) ?? []), await run(facts, flags)]);
    }
  }
}

const least = (list: readonly Run[], key: keyof Run): number => Math.min(...list.map((one) => one[key]));
const most = (list: readonly Run[], key: keyof Run): number => Math.max(...list.map((one) => one[key]));
const failures: string[] = [];
console.log(
  `Node ${process.version}, ${new Date().toISOString().slice(0, 10)}, ${rounds} rounds of ${requests} requests\n`,
);
console.log(
  '| scenario | agent | CPU a request, µs | added | requests a second over none | peak MB | spans a request |',
);
console.log('|---|---|---|---|---|---|---|');
for (const [key, list] of runs) {
  const [scenario = '', agent = ''] = key.split('\n');
  const none = runs.get(`${scenario}\nnone`) ?? [];
  const cpu = least(list, 'cpuMicros');
  const base = least(none, 'cpuMicros');
  const spans = most(list, 'spans');
  const cells = [
    scenario,
    agent,
    cpu.toFixed(1),
    (cpu - base).toFixed(1),
    (most(list, 'perSecond') / most(none, 'perSecond')).toFixed(2),
    least(list, 'peakMegabytes').toFixed(0),
    spans.toFixed(3),
  ];
  console.log(`| ${cells.join(' | ')} |`);
  const { gate, spans: expected } = SCENARIOS[scenario] ?? {};
  if (agent !== 'ours' || gate === undefined || expected === undefined) continue;
  if (cpu > base * gate)
    failures.push(`${scenario}: ${(cpu / base).toFixed(2)} times the CPU of no agent, over ${gate}`);
  if (expected >= 1 && spans < expected)
    failures.push(`${scenario}: ${spans.toFixed(3)} spans a request, not ${expected}`);
}
if (options.gate && failures.length > 0) {
  console.error(failures.join('\n'));
  process.exitCode = 1;
}
