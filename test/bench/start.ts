// Run by hand, `node scripts/build.ts && node test/bench/start.ts [--upstream <folder>] [--rounds 21]`: what a start costs without an agent,
// with ours, and with OpenTelemetry's where a folder is given that has @opentelemetry/auto-instrumentations-node installed.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SCRIPTS, toFiles } from '../support/loaded-files.ts';
import { agentFlags, runProgram } from '../support/run-program.ts';

const UPSTREAM = '@opentelemetry/auto-instrumentations-node';
const root = fileURLToPath(new URL('../../', import.meta.url));
const { values: args } = parseArgs({ options: { upstream: { type: 'string' }, rounds: { type: 'string' } } });
const rounds = Number(args.rounds ?? 21);

const PROGRAMS = {
  'no library': "require('node:http').createServer()",
  'a server that listens': "require('node:http').createServer().listen(0, '127.0.0.1')",
  express: "require('express')()",
  'express and pg': "require('express')(); new (require('pg').Pool)()",
} as const;
const AGENTS: Readonly<Record<string, readonly string[]>> = {
  'no agent': [],
  ours: agentFlags,
  ...(args.upstream !== undefined && {
    upstream: ['--require', createRequire(join(args.upstream, 'package.json')).resolve(`${UPSTREAM}/register`)],
  }),
};

interface Start {
  readonly cpuMillis: number;
  readonly files: readonly string[];
}

async function start(flags: readonly string[], code: string): Promise<Start> {
  const report = 'const { user, system } = process.cpuUsage();';
  const print = `console.log(JSON.stringify({ cpuMillis: (user + system) / 1000, files: ${SCRIPTS} }))`;
  const { stdout } = await runProgram({
    // It exits before anything is sent: what is measured is the start.
    code: `${code}; ${report} ${print}; process.exit()`,
    flags,
    cwd: root,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', TRACING_CONFIG: 'none' },
  });
  const { cpuMillis, files } = JSON.parse(stdout) as Start;
  return { cpuMillis, files: toFiles(files) };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const toPackage = (file: string): string =>
  /.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)?.[0] ?? join(root, 'dist');

/** Bytes and packages of a folder with everything below it. */
function measureFolder(folder: string): { readonly bytes: number; readonly packages: number } {
  let bytes = 0;
  let packages = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    bytes += statSync(path).size;
    if (path === join(toPackage(path), 'package.json')) packages += 1;
  }
  return { bytes, packages };
}

const toMegabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function printInstall(): void {
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as Readonly<Record<string, { readonly size: number; readonly unpackedSize: number }>>;
  const [ours] = Object.values(packed);
  console.log('\n| installed | size | packages |\n|---|---|---|');
  if (ours) console.log(`| ours | ${toMegabytes(ours.unpackedSize)} (download ${toMegabytes(ours.size)}) | 1 |`);
  if (args.upstream === undefined) return;
  const { bytes, packages } = measureFolder(join(args.upstream, 'node_modules'));
  console.log(`| upstream | ${toMegabytes(bytes)} | ${packages} |`);
}

const runs = new Map<string, number[]>();
const filesOf = new Map<string, readonly string[]>();
for (let round = 0; round < rounds; round += 1) {
  for (const [program, code] of Object.entries(PROGRAMS)) {
    for (const [agent, flags] of Object.entries(AGENTS)) {
      const { cpuMillis, files } = await start(flags, code);
      const key = `${program}\n${agent}`;
      runs.set(key, [...(runs.get(key) ?? []), cpuMillis]);
      filesOf.set(key, files);
    }
  }
}

console.log(`Node ${process.version}, ${new Date().toISOString().slice(0, 10)}, ${rounds} interleaved rounds`);
if (args.upstream !== undefined) {
  const manifest = readFileSync(join(args.upstream, 'node_modules', ...UPSTREAM.split('/'), 'package.json'), 'utf8');
  console.log(`${UPSTREAM} ${(JSON.parse(manifest) as { readonly version: string }).version}`);
}
console.log('\n| program | agent | CPU, ms: min | median | files of the agent | packages |\n|---|---|---|---|---|---|');
for (const [key, millis] of runs) {
  const [program = '', agent = ''] = key.split('\n');
  const own = new Set(filesOf.get(`${program}\nno agent`));
  const added = (filesOf.get(key) ?? []).filter((file) => !own.has(file));
  const packages = new Set(added.map(toPackage)).size;
  const cells = [program, agent, Math.min(...millis).toFixed(0), median(millis).toFixed(0), added.length, packages];
  console.log(`| ${cells.join(' | ')} |`);
}
printInstall();
