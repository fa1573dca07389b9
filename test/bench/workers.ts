// Run by hand, `node scripts/build.ts && node test/bench/workers.ts [--rounds 30] [--agent <other preload.cjs>]`: what a worker thread costs from
// its start to its end, without the agent and with it, and with another build of it where one is given.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { agentFlags, runProgram } from '../support/run-program.ts';

const { values: args } = parseArgs({ options: { rounds: { type: 'string' }, agent: { type: 'string' } } });
const rounds = Number(args.rounds ?? 30);
const AGENTS: Readonly<Record<string, readonly string[]>> = {
  'no agent': [],
  ...(args.agent !== undefined && { other: ['--import', args.agent] }),
  ours: agentFlags,
};
/** What a worker does before it ends. */
const JOBS = { nothing: '', 'one request': 'fetch(process.env.BACKEND).then((response) => response.text())' } as const;

interface Result {
  readonly wallMillis: number;
  readonly cpuMillis: number;
}

async function measure(flags: readonly string[], job: string): Promise<Result> {
  const code = `
    const { once } = require('node:events');
    const { Worker } = require('node:worker_threads');
    const { writeFileSync, mkdtempSync } = require('node:fs');
    const server = require('node:http').createServer((request, response) => response.end('x')).listen(0, async () => {
      process.env.BACKEND = 'http://127.0.0.1:' + server.address().port;
      const file = mkdtempSync(require('node:os').tmpdir() + '/workers-') + '/worker.cjs';
      writeFileSync(file, ${JSON.stringify(job)});
      await once(new Worker(file), 'exit');
      const before = process.cpuUsage();
      const start = performance.now();
      for (let i = 0; i < 5; i++) await once(new Worker(file), 'exit');
      const { user, system } = process.cpuUsage(before);
      console.log(JSON.stringify({ wallMillis: (performance.now() - start) / 5, cpuMillis: (user + system) / 5000 }));
      process.exit();
    });`;
  const { stdout } = await runProgram({
    code,
    flags,
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', TRACING_CONFIG: 'none' },
  });
  return JSON.parse(stdout) as Result;
}

const results = new Map<string, Result[]>();
for (let round = 0; round < rounds; round += 1) {
  for (const [job, source] of Object.entries(JOBS)) {
    for (const [agent, flags] of Object.entries(AGENTS)) {
      const key = `${job} | ${agent}`;
      results.set(key, [...(results.get(key) ?? []), await measure(flags, source)]);
    }
  }
}

const median = (values: readonly number[]): string =>
  (values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0).toFixed(1);
console.log(`Node ${process.version}, ${rounds} interleaved rounds of 5 workers`);
console.log(
  '\n| a worker that does | agent | ms, median | least | CPU ms, median | least |\n|---|---|---|---|---|---|',
);
for (const [key, list] of results) {
  const columns = (['wallMillis', 'cpuMillis'] as const).flatMap((name) => {
    const values = list.map((result) => result[name]);
    return [median(values), Math.min(...values).toFixed(1)];
  });
  console.log(`| ${key} | ${columns.join(' | ')} |`);
}
