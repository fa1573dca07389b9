// Run by hand, `node scripts/build.ts && node test/interop/run.ts [--victoria-metrics <binary>] [--update]`: a real program sends to receivers that
// others wrote, over each protocol, compressed and not. Those of npm are installed into .cache/. `--update` writes the table into docs/receivers.md.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { startBackend } from '../support/backend.ts';
import { closedPort } from '../support/otlp-sink.ts';
import { patientFlags, runProgram } from '../support/run-program.ts';
import { isReachable } from '../support/services.ts';

const { values: args } = parseArgs({
  options: { 'victoria-metrics': { type: 'string' }, update: { type: 'boolean' } },
});
const folder = fileURLToPath(new URL('../../.cache/receivers', import.meta.url));
const page = fileURLToPath(new URL('../../docs/receivers.md', import.meta.url));

const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** One after the other, so slowly that their spans go in several batches. */
const CALLS = 20;
const PROGRAM = `(async () => {
  for (let index = 0; index < ${CALLS}; index++) {
    await (await fetch(process.env.BACKEND)).text();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
})()`;

interface Receiver {
  readonly process: ChildProcess;
  /** Where the program sends, as its environment says it. */
  readonly toEnv: (protocol: Protocol) => Record<string, string>;
  /** How many calls it knows of: spans, or what its histogram counts. */
  readonly count: () => Promise<number>;
}

interface Candidate {
  readonly name: string;
  readonly start: () => Promise<Receiver>;
}

/** Prints the number of spans it has after each request; the command of the package listens on fixed ports. */
const MOCK = `const { MockOtlpServer } = require('@elastic/mockotlpserver');
let count = 0;
new MockOtlpServer({
  logLevel: 'warn', services: ['http', 'grpc'], httpHostname: '127.0.0.1', grpcHostname: '127.0.0.1',
  httpPort: Number(process.argv[1]), grpcPort: Number(process.argv[2]),
  onTrace({ resourceSpans }) {
    for (const { scopeSpans } of resourceSpans) for (const { spans } of scopeSpans) count += spans.length;
    console.log('count ' + count);
  },
}).start();`;

const CANDIDATES: readonly Candidate[] = [
  {
    name: '@elastic/mockotlpserver 0.10.0',
    async start() {
      const [port, grpcPort] = [await closedPort(), await closedPort()];
      const { child, output } = await launch(process.execPath, ['-e', MOCK, String(port), String(grpcPort)], grpcPort);
      return {
        process: child,
        toEnv: (protocol) => toTraces(protocol, port, grpcPort),
        count: () => Promise.resolve(Number(output().match(/count (\d+)(?![\s\S]*count)/)?.[1] ?? 0)),
      };
    },
  },
  {
    name: 'autotel-devtools 27.1.0',
    async start() {
      const [port, grpcPort] = [await closedPort(), await closedPort()];
      const command = join(folder, 'node_modules/autotel-devtools/dist/cli.js');
      const ports = ['--port', String(port), '--grpc-port', String(grpcPort)];
      const { child } = await launch(process.execPath, [command, ...ports], grpcPort);
      return {
        process: child,
        toEnv: (protocol) => toTraces(protocol, port, grpcPort),
        async count() {
          const { traces } = await ask<{ traces: { spans: unknown[] }[] }>(`http://127.0.0.1:${port}/v1/traces`);
          return traces.reduce((sum, { spans }) => sum + spans.length, 0);
        },
      };
    },
  },
  {
    name: 'VictoriaMetrics (metrics)',
    async start() {
      const binary = args['victoria-metrics'] ?? 'victoria-metrics';
      const port = await closedPort();
      const address = `http://127.0.0.1:${port}`;
      const data = mkdtempSync(join(tmpdir(), 'tracing-metrics-'));
      const options = [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${data}`];
      const { child } = await launch(binary, [...options, '-search.latencyOffset=0s'], port);
      child.once('exit', () => rmSync(data, { recursive: true, force: true }));
      return {
        process: child,
        toEnv: () => ({
          OTEL_METRICS_EXPORTER: 'otlp',
          OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${address}/opentelemetry/v1/metrics`,
        }),
        async count() {
          await ask(`${address}/internal/force_flush`).catch(() => {});
          const query = encodeURIComponent('sum({__name__="http.client.request.duration_count"})');
          const { data: found } = await ask<{ data: { result: { value: [number, string] }[] } }>(
            `${address}/api/v1/query?query=${query}`,
          );
          return Number(found.result[0]?.value[1] ?? 0);
        },
      };
    },
  },
];

async function ask<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

function toTraces(protocol: Protocol, port: number, grpcPort: number): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${protocol === 'grpc' ? grpcPort : port}` };
}

const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Starts a receiver and waits until it listens. */
async function launch(
  command: string,
  flags: readonly string[],
  port: number,
): Promise<{ readonly child: ChildProcess; readonly output: () => string }> {
  const child = spawn(command, flags, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  await once(child, 'spawn');
  children.push(child);
  while (!(await isReachable('127.0.0.1', port))) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}: ${output}`);
    await sleep(100);
  }
  return { child, output: () => output };
}

/** Some show what they have a little later. */
async function countArrived({ count }: Receiver): Promise<number> {
  let arrived = 0;
  for (let tries = 0; tries < 30 && arrived < CALLS; tries++) {
    if (tries > 0) await sleep(100);
    arrived = await count().catch(() => arrived);
  }
  return arrived;
}

/** One row of the table. */
async function play({ name, start }: Candidate, protocol: Protocol, compression: 'none' | 'gzip'): Promise<string> {
  const backend = await startBackend();
  const receiver = await start();
  try {
    const { stderr } = await runProgram({
      code: PROGRAM,
      flags: patientFlags,
      env: {
        ...receiver.toEnv(protocol),
        BACKEND: backend.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
        OTEL_BSP_SCHEDULE_DELAY: '200',
        TRACING_CONSOLE: 'false',
      },
    });
    const isAlive = receiver.process.exitCode === null;
    const says = stderr
      .split('\n')
      .filter((line) => line !== '')
      .map((line) =>
        line
          .replace('tracing: ', '')
          .replaceAll(/127\.0\.0\.1:\d+/g, '…')
          .replaceAll('|', '\\|'),
      );
    if (!isAlive) says.push('*the receiver is gone: it crashed*');
    const arrived = await countArrived(receiver);
    return `| ${[name, protocol, compression, CALLS, arrived, says.join('<br>') || '-'].join(' | ')} |`;
  } finally {
    if (receiver.process.exitCode === null) {
      receiver.process.kill('SIGKILL');
      await once(receiver.process, 'exit');
    }
    await backend.stop();
  }
}

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), '{"private":true}');
const names = ['@elastic/mockotlpserver@0.10.0', 'autotel-devtools@27.1.0'];
const quietly = ['--silent', '--no-audit', '--no-fund', '--ignore-scripts'];
execFileSync('npm', ['install', ...quietly, '--prefix', folder, ...names]);

const rows = ['| receiver | protocol | compression | calls | arrived | the agent says |', '|---|---|---|---|---|---|'];
for (const candidate of CANDIDATES) {
  for (const protocol of PROTOCOLS) {
    for (const compression of ['none', 'gzip'] as const) {
      const row = await play(candidate, protocol, compression).catch(
        (error: Error) => `| ${candidate.name} | ${protocol} | ${compression} | - | - | *skipped: ${error.message}* |`,
      );
      rows.push(row);
      console.log(row);
    }
  }
}
if (args.update === true) {
  const date = new Date().toISOString().slice(0, 10);
  const title = `${date}, Node ${process.versions.node}, agent ${packageJson.version}:`;
  const text = readFileSync(page, 'utf8');
  const table = `<!-- receivers -->\n\n${title}\n\n${rows.join('\n')}\n\n<!-- end of receivers -->`;
  writeFileSync(
    page,
    text.replace(/<!-- receivers -->[\s\S]*<!-- end of receivers -->/, () => table),
  );
}
process.exit();
