// Run by hand, `node scripts/build.ts && node test/bench/memory.ts [--minutes 1,5,10] [--rate 500] [--update]`: what a server under steady load holds
// without the agent, with a healthy receiver and with a dead one. Prints a table; `--update` writes it into docs/delivery-and-exits.md.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import { type AddressInfo } from 'node:net';
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { closedPort } from '../support/otlp-sink.ts';
import { type RunningProgram, agentFlags, startProgram } from '../support/run-program.ts';

const { values: args } = parseArgs({
  options: { minutes: { type: 'string' }, rate: { type: 'string' }, update: { type: 'boolean' } },
});
const minutes = (args.minutes ?? '1,5,10').split(',').map(Number);
const requestsPerSecond = Number(args.rate ?? 500);
const page = fileURLToPath(new URL('../../docs/delivery-and-exits.md', import.meta.url));

const TICK_MILLIS = 20;
const CONNECTIONS = 8;
/** A tenth of them calls another server as well. */
const PATHS = [...Array.from({ length: 9 }, () => '/hello'), '/fetch'];

interface Memory {
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** Sends requests at a steady rate, as far as they are answered, until it is told to stop. */
function startLoad(port: number): { readonly count: () => number; readonly stop: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const begin = performance.now();
  let sent = 0;
  let answered = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - begin) / 1000) * requestsPerSecond;
    // Whoever falls behind does not pile up work.
    while (sent < due && sent - answered < 10 * CONNECTIONS) {
      const done = (): void => void answered++;
      const path = PATHS[sent++ % PATHS.length];
      get({ agent, port, host: '127.0.0.1', path }, (response) => response.resume().on('end', done)).on('error', done);
    }
  }, TICK_MILLIS);
  return { count: () => answered, stop: () => (clearInterval(timer), agent.destroy()) };
}

async function measure(program: RunningProgram): Promise<Memory> {
  const answer = once(program.child, 'message') as Promise<[Memory]>;
  program.send({});
  return (await answer)[0];
}

async function startAnswering(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end());
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const backend = await startAnswering();
const RECEIVERS: Readonly<Record<string, string | undefined>> = {
  'without agent': undefined,
  'healthy receiver': await startAnswering(),
  'dead receiver': `http://127.0.0.1:${await closedPort()}`,
};

/** All at the same time, so that they share what else the machine does. */
const columns = await Promise.all(
  Object.entries(RECEIVERS).map(async ([name, receiver]) => {
    const program = await startProgram({
      program: 'memory.cjs',
      flags: ['--expose-gc', ...(receiver === undefined ? [] : agentFlags)],
      env: { BACKEND: backend, OTEL_EXPORTER_OTLP_ENDPOINT: receiver },
    });
    const load = startLoad(program.port);
    const begin = performance.now();
    const cells: string[] = [];
    for (const minute of minutes) {
      await sleep(begin + minute * 60_000 - performance.now());
      const { heapBytes, rssBytes } = await measure(program);
      cells.push(`${toMiB(heapBytes)} / ${toMiB(rssBytes)}`);
      console.log(`${name}, ${minute} min: ${cells.at(-1)}, ${load.count()} requests`);
    }
    const answered = load.count();
    load.stop();
    await program.kill('SIGTERM');
    return { name, cells, answered };
  }),
);

function toMiB(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}

const header = ['after', ...columns.map(({ name }) => name)];
const rows = [
  header,
  header.map(() => '---'),
  ...minutes.map((minute, index) => [`${minute} min`].concat(columns.map(({ cells }) => cells[index] ?? ''))),
  ['requests', ...columns.map(({ answered }) => answered)],
].map((cells) => `| ${cells.join(' | ')} |`);
const load = `${cpus().length} cores, load ${loadavg()[2]?.toFixed(1)}`;
const table = [
  `Heap after a collection / resident, MiB, at ${requestsPerSecond} requests a second (Node ${process.versions.node}, ${load}):`,
  '',
  ...rows,
].join('\n');
console.log(table);
if (args.update === true) {
  const text = readFileSync(page, 'utf8');
  writeFileSync(
    page,
    text.replace(
      /<!-- memory -->[\s\S]*<!-- end of memory -->/,
      `<!-- memory -->\n\n${table}\n\n<!-- end of memory -->`,
    ),
  );
}
process.exit();
