// Loaded by --require before everything else in the program that `doctor` runs: writes down what happens there. A bundle of its own; the
// agent knows nothing of it, but for the channel of announce.ts.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as threads from 'node:worker_threads';
import { readEnv } from '../../config/read-env.ts';
import { readEntryFile, readWorkingDirectory } from '../../standing.ts';
import { startLook } from './start-look.ts';
import { REPORT_FOLDER, type ProcessReport } from './report.ts';
import { watchAgent } from './watch-agent.ts';
import { watchModules } from './watch-modules.ts';
import { watchExit } from './watch-exit.ts';

// Taken at load: a program under test that fakes its timers must not stop ours.
const { setInterval } = globalThis;

const WRITE_EVERY_MILLIS = 200;

const { isMainThread, threadId } = threads;

function start(folder: string): void {
  const entry = readEntryFile();
  const modules = watchModules();
  const agent = watchAgent({
    onConfigured: () => {
      modules.agentStarts();
      // One look for a program, not for every thread or worker of a cluster.
      if (isMainThread && readEnv()['NODE_UNIQUE_ID'] === undefined) startLook(folder, entry);
    },
    // After the agent's own listener, which sends the last spans.
    onRunning: () => void process.on('exit', writeIfPossible),
  });
  const readExit = watchExit(() => agent.report(undefined).spans.open);
  const file = join(folder, `${process.pid}-${threadId}.json`);
  let written = '';

  const write = (): void => {
    const report: ProcessReport = {
      pid: process.pid,
      threadId,
      nodeVersion: process.versions.node,
      execArgv: process.execArgv,
      entry,
      lateFlags: process.argv
        .slice(2)
        .filter((flag) => /^(?:--import|--require|-r)(?:=|$)|^@tracing\/agent$/.test(flag)),
      loaders: readLoaders(),
      cwd: readWorkingDirectory(),
      startedAt: performance.timeOrigin,
      ...agent.report(modules.loadedBy()),
      packages: modules.packages(),
      exit: readExit(),
    };
    const text = JSON.stringify(report);
    if (text === written) return;
    written = text;
    // In one step, so that nobody reads half of it.
    writeFileSync(`${file}.part`, text, { mode: 0o600 });
    renameSync(`${file}.part`, file);
  };
  const writeIfPossible = (): void => {
    try {
      write();
    } catch {
      // The folder is gone: doctor waits no longer.
    }
  };
  mkdirSync(folder, { recursive: true });
  writeIfPossible();
  setInterval(writeIfPossible, WRITE_EVERY_MILLIS).unref();
  process.on('exit', writeIfPossible);
}

/** Behind `--loader x` or `--loader=x`. */
function readLoaders(): readonly string[] {
  const flags = [...(readEnv()['NODE_OPTIONS'] ?? '').split(/\s+/), ...process.execArgv].join(' ');
  return [...flags.matchAll(/--(?:experimental-)?loader[= ](\S+)/g)].map(([, name = '']) => name);
}

const folder = readEnv()[REPORT_FOLDER];
// The thread of a --loader is Node's own; an older Node does not tell it apart.
if (folder !== undefined && folder !== '' && !threads.isInternalThread) start(folder);
