// A script: runs the test suite of another project without and with the agent and compares test by test. How and what came out: docs/compliance.md.
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startSink } from '../support/otlp-sink.ts';
import { type Difference, countFailures, findBroken, judge } from './suites/compare-runs.ts';
import { type TestResult, isFormat } from './suites/parse-results.ts';
import { type SuiteCommand, runCommand } from './suites/run-command.ts';

const USAGE = `node test/compliance/run-suite.ts --dir <checkout> --name <name> --command <command> --format <format>
  [--files <glob>]…   the command runs once per file; {file} in it is the file
  [--skip <text>]…    without the files whose path has this text
  [--env K=V]…        for both runs
  [--agent-env K=V]…  for the run with the agent
  [--load <flag>]     of Node, --import=<url of the agent>; {agent} in it is the agent's path
  [--timeout <s>]     of one command, 300
  [--again <n>]       how often the file of a suspicious test runs again, 3
  [--quiet]           without a line per file
format: mocha-json | test-lines | tap | exit-code. {report} is a file that is parsed instead of stdout, {reporter} prints test-lines.`;

const MAX_REASON_LINES = 20;
const preload = new URL('../../dist/preload.cjs', import.meta.url);
/** Both ways to send no trace headers. */
const NO_HEADERS: readonly Record<string, string>[] = [
  { TRACING_CONFIG: fileURLToPath(new URL('suites/no-trace-headers.yml', import.meta.url)) },
  { OTEL_PROPAGATORS: 'none' },
];

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    name: { type: 'string' },
    command: { type: 'string' },
    format: { type: 'string' },
    files: { type: 'string', multiple: true, default: [] },
    skip: { type: 'string', multiple: true, default: [] },
    env: { type: 'string', multiple: true, default: [] },
    'agent-env': { type: 'string', multiple: true, default: [] },
    load: { type: 'string', default: `--import=${preload.href}` },
    timeout: { type: 'string', default: '300' },
    again: { type: 'string', default: '3' },
    quiet: { type: 'boolean', default: false },
  },
});
const { dir, name, command, format = '' } = values;
if (dir === undefined || name === undefined || command === undefined || !isFormat(format)) {
  console.error(USAGE);
  process.exit(2);
}

const suite: SuiteCommand = {
  dir: resolve(dir),
  command,
  format,
  env: toEnvironment(values.env),
  timeoutMillis: Number(values.timeout) * 1000,
};
// What runs at the moment is killed when this process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const sink = await startSink();
const agentEnv = {
  TRACING_CONSOLE: 'off',
  OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
  OTEL_SERVICE_NAME: name,
  ...toEnvironment(values['agent-env']),
  NODE_OPTIONS: [values.load.replace('{agent}', fileURLToPath(preload)), suite.env['NODE_OPTIONS']]
    .filter(Boolean)
    .join(' '),
};

interface Suspect extends Difference {
  file: string;
  /** Of the runs after the first. */
  failed: string;
}

const totals = {
  without: { pass: 0, fail: 0, skip: 0 },
  with: { pass: 0, fail: 0, skip: 0 },
};
const verdicts = { broken: [] as Suspect[], header: [] as Suspect[], flaky: [] as Suspect[] };
const failingAnyway: string[] = [];
/** What the agent said, and at which file it said so first. */
const said = new Map<string, string>();
let spans = 0;

const found = values.files.length === 0 ? [''] : globSync(values.files, { cwd: suite.dir }).toSorted();
const files = found.filter((file) => !values.skip.some((text) => file.includes(text)));
for (const file of files) {
  const without = await run(file, {});
  const before = sink.spans.length;
  const withAgent = await run(file, agentEnv);
  spans += sink.spans.length - before;
  for (const { outcome } of without) totals.without[outcome]++;
  for (const { outcome } of withAgent) totals.with[outcome]++;
  failingAnyway.push(...without.filter(({ outcome }) => outcome === 'fail').map(({ title }) => `  ${file}: ${title}`));
  const differences = findBroken(without, withAgent);
  if (!values.quiet)
    console.log(`${file}: ${without.length} tests${differences.map(({ title }) => `\n  ${title}?`).join('')}`);
  if (differences.length > 0) await retry(file, differences);
}
report();
await sink.stop();
process.exitCode = verdicts.broken.length > 0 ? 1 : 0;

async function run(file: string, env: Record<string, string>): Promise<TestResult[]> {
  const { results, said: lines } = await runCommand(suite, file, env);
  for (const line of lines) if (!said.has(line)) said.set(line, file);
  return results;
}

/** Runs the file of suspicious tests again, in turn without and with the agent, and then in each of the ways in which the agent adds no header. */
async function retry(file: string, differences: readonly Difference[]): Promise<void> {
  const without: TestResult[][] = [];
  const withAgent: TestResult[][] = [];
  for (let round = 0; round < Number(values.again); round++) {
    without.push(await run(file, {}));
    withAgent.push(await run(file, agentEnv));
  }
  const noHeader: TestResult[][] = [];
  for (const difference of differences) {
    const { title } = difference;
    const mustExist = difference.without === 'pass';
    const again = {
      without: countFailures(title, without, mustExist),
      with: countFailures(title, withAgent, mustExist),
    };
    const suspect = { ...difference, file, failed: `again: ${again.without} without, ${again.with} with` };
    if (judge(again) === 'flaky') {
      verdicts.flaky.push(suspect);
      continue;
    }
    if (noHeader.length === 0) {
      for (const env of NO_HEADERS) noHeader.push(await run(file, { ...agentEnv, ...env }));
    }
    verdicts[countFailures(title, noHeader, mustExist) === 0 ? 'header' : 'broken'].push(suspect);
  }
}

function report(): void {
  const describe = ({ pass, fail, skip }: typeof totals.with): string => `${pass} pass, ${fail} fail, ${skip} skipped`;
  console.log(`\n${name}, Node ${process.versions.node}, ${files.length} files`);
  console.log(`without: ${describe(totals.without)}`);
  console.log(`with:    ${describe(totals.with)}; ${spans} spans`);
  list('broken by the agent', verdicts.broken);
  list('only by the header it adds (pass with `propagation.to: []`, and with OTEL_PROPAGATORS=none)', verdicts.header);
  list('flaky', verdicts.flaky);
  console.log([`failing without the agent too: ${failingAnyway.length}`, ...failingAnyway].join('\n'));
  for (const [line, file] of said) console.log(`the agent said: ${line} (${file})`);
  for (const error of new Set(sink.errors.map(String))) console.log(`the sink could not read: ${error}`);
}

function list(heading: string, suspects: readonly Suspect[]): void {
  console.log(`${heading}: ${suspects.length}`);
  for (const { file, title, reason, failed, without, with: is } of suspects) {
    console.log(`  ${file}: ${title} (${without} -> ${is}; ${failed})\n${indent(reason)}`);
  }
}

/** The beginning of a reason: stacks and dumps can be endless. */
function indent(reason: string): string {
  return reason.trimEnd().split('\n').slice(0, MAX_REASON_LINES).join('\n').replaceAll(/^/gm, '    ');
}

function toEnvironment(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
