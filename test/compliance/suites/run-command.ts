// Called by run-suite.ts: runs one command of a suite in a clean environment and reads the results of its tests.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Format, type TestResult, parseResults } from './parse-results.ts';

export interface SuiteCommand {
  /** The checkout; the command runs there. */
  dir: string;
  /** For the shell. `{file}` is the test file, `{report}` a file whose text is parsed instead of stdout, `{reporter}` ours for node:test. */
  command: string;
  format: Format;
  env: Readonly<Record<string, string>>;
  timeoutMillis: number;
}

export interface CommandRun {
  results: TestResult[];
  /** What the agent itself said, each line once. */
  said: string[];
}

/** The title of the result that a run gets when it ends badly and no test says why, or that `exit-code` always has. */
const PROCESS = '(the process)';

const reporter = fileURLToPath(new URL('test-lines-reporter.js', import.meta.url));

/** Runs it once; `env` is added to the suite's own. What still runs after `timeoutMillis` is killed, with all its children. */
export async function runCommand(suite: SuiteCommand, file: string, env: Record<string, string>): Promise<CommandRun> {
  const folder = mkdtempSync(join(tmpdir(), 'suite-'));
  const report = join(folder, 'report');
  try {
    const places: Record<string, string> = { file, report, reporter };
    const command = suite.command.replaceAll(/\{(\w+)\}/g, (whole, name: string) => places[name] ?? whole);
    const { stdout, stderr, failure } = await runInShell(command, suite, env);
    const output = suite.command.includes('{report}') ? readOrEmpty(report) : stdout;
    const results = parseResults(suite.format, output);
    if (suite.format === 'exit-code' || (failure !== '' && !results.some(({ outcome }) => outcome === 'fail'))) {
      results.push(
        failure === ''
          ? { title: PROCESS, outcome: 'pass' }
          : { title: PROCESS, outcome: 'fail', reason: `${failure}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}` },
      );
    }
    const said = stderr.split('\n').filter((line) => line.startsWith('tracing: '));
    return { results, said: [...new Set(said)] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface ShellRun {
  stdout: string;
  stderr: string;
  /** Why it did not end well: its exit code, its signal, or the time. Empty where it did. */
  failure: string;
}

function runInShell(command: string, suite: SuiteCommand, env: Record<string, string>): Promise<ShellRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, {
      cwd: suite.dir,
      env: { ...cleanEnvironment(suite.dir), ...suite.env, ...env },
      shell: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that servers a test forgot are killed with it.
      detached: true,
    });
    const killAll = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // ESRCH: all of them are gone already.
      }
    };
    process.once('exit', killAll);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killAll();
    }, suite.timeoutMillis);
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.once('error', reject);
    // What outlives the shell would hold the pipes open for ever.
    child.once('exit', killAll);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      process.removeListener('exit', killAll);
      const ended = signal === null ? (code === 0 ? '' : `exit code ${code}`) : `signal ${signal}`;
      resolve({ ...output, failure: late ? `still running after ${suite.timeoutMillis} ms` : ended });
    });
  });
}

/** This process's environment without what steers Node, the agent, colours and proxies; this Node and the suite's own tools first. */
function cleanEnvironment(dir: string): NodeJS.ProcessEnv {
  const unwanted =
    /^(?:NODE_.*|npm_.*|OTEL_.*|LOGFIRE_.*|TRACING_.*|FORCE_COLOR|NO_COLOR|CI|(?:https?|no|all)_proxy)$/i;
  const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name));
  const path = [dirname(process.execPath), join(dir, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path };
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
