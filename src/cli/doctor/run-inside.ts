// Called by doctor: runs the person's own command for a moment, with the probe in every Node.js process of it, and collects what they report.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readEnv } from '../../config/read-env.ts';
import { toStartOptions } from '../start-options.ts';
import { findMain } from './facts.ts';
import type { Look } from './look.ts';
import { type ProcessReport, REPORT_FOLDER } from './report.ts';

/** What a run has shown. */
export interface Run {
  readonly outcome: RunOutcome;
  readonly millis: number;
  /** Of what the command wrote to stderr, nothing of it redacted. */
  readonly said: Said;
  readonly processes: readonly ProcessReport[];
  /** By process id. */
  readonly looks: ReadonlyMap<number, Look>;
}

/** The lines that tell most. */
export interface Said {
  /** An error, or whatever came last. */
  readonly error: string | undefined;
  /** What the agent said when it could not start. */
  readonly agent: string | undefined;
}

export type RunOutcome =
  | { readonly ended: 'not started'; readonly code: string }
  | { readonly ended: 'by itself'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly ended: 'by doctor' };

export interface RunOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly seconds: number;
  /** Puts the agent in front of the program, as `tracing run` does. */
  readonly withAgent: boolean;
}

/** How long a program may take to leave, to be seen, and a look to end, before nobody waits for it any longer. */
const GRACE_MILLIS = 3000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const START_MILLIS = 30_000;
const LOOK_MILLIS = 15_000;
const MOST_TEXT = 64 * 1024;

/** Runs the command until it ends, or for so many seconds; then it is told to end, and everything that it has started. */
export async function runInside({ command, args, seconds, withAgent }: RunOptions): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-doctor-'));
  try {
    const startedAt = performance.now();
    const env = readEnv();
    const child = spawn(command, args, {
      ...toStartOptions(command, args),
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...env, NODE_OPTIONS: toNodeOptions(env['NODE_OPTIONS'], withAgent), [REPORT_FOLDER]: folder },
      // A group of its own, so that whatever it starts can be ended with it.
      detached: process.platform !== 'win32',
    });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-MOST_TEXT)));
    const exited = new Promise<RunOutcome>((resolve) => {
      child.on('error', (error: NodeJS.ErrnoException) =>
        resolve({ ended: 'not started', code: error.code ?? error.message }),
      );
      child.on('exit', (code, signal) => resolve({ ended: 'by itself', code, signal }));
    });
    const kill = (signal: NodeJS.Signals): void => killGroup(child.pid, signal);
    // Who ends doctor ends what it has started.
    const onSignal = (signal: NodeJS.Signals): void => {
      kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      stopListening();
      process.kill(process.pid, signal);
    };
    const stopListening = (): void => {
      for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
    const late = waitForProgram(folder)
      .then(() => sleep(seconds * 1000, undefined, { ref: false }))
      .then((): RunOutcome => ({ ended: 'by doctor' }));
    const outcome = await Promise.race([exited, late]);
    const millis = Math.round(performance.now() - startedAt);
    kill('SIGTERM');
    await Promise.race([exited, sleep(GRACE_MILLIS, undefined, { ref: false })]);
    kill('SIGKILL');
    const looks = await readLooks(folder);
    stopListening();
    return { outcome, millis, said: toSaid(text), processes: readReports(folder), looks };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function toNodeOptions(given: string | undefined, withAgent: boolean): string {
  const file = (name: string): string => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
  // The probe before everything else, so that it sees what comes before the agent.
  const agent = withAgent ? `--import ${new URL('preload.cjs', import.meta.url).href}` : '';
  return [`--require ${file('probe.cjs')}`, given, agent].filter(Boolean).join(' ');
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // ESRCH: all of them are gone.
  }
}

function toSaid(text: string): Said {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return {
    error: lines.find((line) => /^\s*(?:Uncaught )?\w*Error\b(?: \[\w+\])?:/.test(line)) ?? lines.at(-1),
    agent: /^tracing: could not (?:start|load), the program runs untraced: (.*)$/m.exec(text)?.[1],
  };
}

function readReports(folder: string): readonly ProcessReport[] {
  return list(folder)
    .filter((name) => /^\d+-\d+\.json$/.test(name))
    .flatMap((name) => readJsonFile(join(folder, name)) ?? [])
    .map((report) => report as ProcessReport)
    .toSorted((a, b) => a.startedAt - b.startedAt);
}

/** The seconds are the program's: npm and its kin take long to begin it. */
async function waitForProgram(folder: string): Promise<void> {
  const deadline = performance.now() + START_MILLIS;
  while (performance.now() < deadline && findMain(readReports(folder)) === undefined) {
    await sleep(50, undefined, { ref: false });
  }
}

/** Waits for the looks that have begun. */
async function readLooks(folder: string): Promise<ReadonlyMap<number, Look>> {
  const looks = new Map<number, Look>();
  const deadline = performance.now() + LOOK_MILLIS;
  const names = list(folder).filter((name) => /^look-\d+\.json$/.test(name));
  for (const name of names) {
    let look = readJsonFile(join(folder, name));
    while (look === undefined && performance.now() < deadline) {
      await sleep(20);
      look = readJsonFile(join(folder, name));
    }
    if (look !== undefined) looks.set(Number(name.replace(/\D/g, '')), look as Look);
  }
  return looks;
}

/** Nothing, where the folder is gone: doctor waits no longer. */
function list(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Undefined while it is not written to its end. */
function readJsonFile(path: string): unknown {
  try {
    // The last line: a configuration that is a program may print something before.
    return JSON.parse(readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}
