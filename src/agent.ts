// Called by the preload: reads the configuration, watches for the program's first use of what can be traced, and then starts tracing.ts.
import { AsyncLocalStorage } from 'node:async_hooks';
import { isMainThread } from 'node:worker_threads';
import packageJson from '../package.json' with { type: 'json' };
import { type StandingAside, announce } from './announce.ts';
import type { Config } from './config/config.ts';
import { readConfig } from './config/read-config.ts';
import { readEnv } from './config/read-env.ts';
import { readThreadEnv } from './config/thread-env.ts';
import { watchAbort } from './hooks/abort.ts';
import { watchFirstUse } from './hooks/first-use.ts';
import { watchUncaught } from './hooks/uncaught.ts';
import { readLambda } from './instrumentations/lambda/read-lambda.ts';
import { reportBundledEntry } from './instrumentations/libraries/bundled-entry.ts';
import { enableLibraries } from './instrumentations/libraries/enable-libraries.ts';
import { createBoardMemory } from './instrumentations/threads/context-board.ts';
import { loadTracing } from './load-tracing.ts';
import { throwInternalErrors } from './log/guard.ts';
import { createLog, toErrorText, useAsDiag } from './log/log.ts';
import { enableWatched } from './log/watchdog.ts';
import { writeStderr } from './log/write-stderr.ts';
import { mayStartLate } from './may-start-late.ts';
import { type LeavingWork, flushOnLeaving } from './pipeline/leaving.ts';
import { announceToThreads, createTraffic, readThreadStart } from './pipeline/threads/thread-start.ts';
import { DEFAULT_MARKER } from './redaction/redactor-options.ts';
import { complete, register } from './registration.ts';
import {
  isNoProgram,
  isPackageManager,
  isRepl,
  isSdkRegistered,
  readEntryFile,
  readWorkingDirectory,
} from './standing.ts';
import type { Configured, Surroundings, ThreadMemory, Tracing } from './tracing.ts';

/** A running agent. */
export interface Agent {
  /** Takes everything that the agent put into the process out of it again. */
  stop(): void;
}

/**
 * Starts the agent in this process, or says in one line why it does not. Never throws: a program that cannot be traced runs untraced.
 * @returns the running agent, or undefined when it stands aside
 */
export function startAgent(): Agent | undefined {
  const started: Disposable[] = [];
  const stop = (): void => {
    for (const part of started.splice(0).toReversed()) part[Symbol.dispose]();
  };
  const fail = (error: unknown): void => {
    stop();
    announce({ step: 'standing aside', reason: 'failed', error });
    writeStderr(`tracing: could not start, the program runs untraced: ${toReason(error)}\n`);
  };
  try {
    return start(started, fail) ? { stop } : undefined;
  } catch (error) {
    fail(error);
    return undefined;
  }
}

/** Puts every part that runs into `started`, so that all of it can be stopped; false when the agent stands aside. */
function start(started: Disposable[], fail: (error: unknown) => void): boolean {
  const startedAt = process.uptime();
  if (isNoProgram()) return standAside('no program');
  const surroundings = readSurroundings(startedAt);
  if (isPackageManager(surroundings.entry)) return standAside('package manager');
  const configured = configure(surroundings);
  const { config, log } = configured;
  if (!config.enabled) return standAside('disabled');
  if (isSdkRegistered()) {
    log.warn('another OpenTelemetry SDK is registered in this process already; this one stands down');
    return standAside('another SDK');
  }
  throwInternalErrors(surroundings.env['TRACING_THROW_INTERNAL_ERRORS'] === '1');
  started.push(useAsDiag(log, config['log.level']));

  const memory = toThreadMemory(surroundings, config);
  const tracing = new LateTracing(() => loadTracing().startTracing(surroundings, configured, memory), fail);
  started.push(
    register(() => tracing.start()),
    tracing,
    ...watchEnd(config, tracing),
  );
  if (mayStartLate(config, surroundings)) started.push(...waitForUse(surroundings, config, memory, tracing));
  else tracing.startNow();
  started.push(...watchLibraries(surroundings, configured, tracing));
  return true;
}

/** Tracing, from the first time on that somebody wants it. */
class LateTracing implements Disposable {
  readonly #start: () => Tracing;
  readonly #fail: (error: unknown) => void;
  /** What is started runs on for long, and must not keep what the program has on its hands at that moment. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #tracing: Tracing | undefined;
  #isTried = false;

  constructor(start: () => Tracing, fail: (error: unknown) => void) {
    this.#start = start;
    this.#fail = fail;
  }

  /** Starts it unless it runs. Undefined while it is being started, and where it cannot be, which is said once. */
  start(): Tracing | undefined {
    if (this.#isTried) return this.#tracing;
    try {
      this.startNow();
    } catch (error) {
      this.#fail(error);
    }
    return this.#tracing;
  }

  /** @throws whatever goes wrong */
  startNow(): void {
    this.#isTried = true;
    this.#tracing = this.#outside(this.#start);
    complete(this.#tracing);
  }

  get leaving(): LeavingWork | undefined {
    return this.#tracing?.leaving;
  }

  [Symbol.dispose](): void {
    this.#isTried = true;
    this.#tracing?.[Symbol.dispose]();
    this.#tracing = undefined;
  }
}

function standAside(reason: StandingAside): false {
  announce({ step: 'standing aside', reason });
  return false;
}

function readSurroundings(startedAt: number): Surroundings {
  const thread = readThreadStart();
  const env = thread === undefined ? readEnv() : { ...readEnv(), ...thread.env };
  const lambda = isMainThread ? readLambda(env) : undefined;
  const { entry, cwd } = thread ?? { entry: lambda?.handler.file ?? readEntryFile(), cwd: readWorkingDirectory() };
  return { thread, env, lambda, entry, cwd, startedAt };
}

function configure({ thread, env, entry, cwd }: Surroundings): Configured {
  const result = readConfig({ env, entry, cwd });
  const { config, issues, urlHidden, file } = result;
  announce({ step: 'configured', result, version: packageJson.version });
  let redact: ((text: string) => string) | undefined;
  const log = createLog({
    level: config['log.level'],
    redact: (text) => (redact ??= createLineRedactor({ config, urlHidden }))(text),
    write: writeStderr,
  });
  // In a worker they are the same that the main thread has said.
  for (const { level, message } of thread === undefined ? issues : []) log[level](message);
  return { config, file, urlHidden, log };
}

function toThreadMemory({ thread, env }: Surroundings, config: Config): ThreadMemory {
  if (thread !== undefined) return thread;
  const board = config['propagation.workers'] ? createBoardMemory() : undefined;
  return { env: readThreadEnv(env), traffic: createTraffic(), board };
}

/** Listens to the end of the process from the start on, so that a program that counts its listeners always counts the same. */
function watchEnd(config: Config, tracing: LateTracing): Disposable[] {
  const exitMillis = config['export.exitMillis'];
  return [
    flushOnLeaving({ isRepl: isRepl(), exitMillis, work: () => tracing.leaving, watchAbort }),
    watchUncaught(() => {}),
  ];
}

/** Starts tracing with the first thing that can be traced; at once where that could not be seen. */
function waitForUse(
  { entry, cwd }: Surroundings,
  config: Config,
  memory: ThreadMemory,
  tracing: LateTracing,
): Disposable[] {
  try {
    const watch = watchFirstUse(() => tracing.start());
    const maxItems = config['export.batch.maxQueueSpans'];
    const word = { entry, cwd, ...memory, wantsStarts: false, sendsLogs: false, maxItems };
    // When a worker is made it is too late to tell it anything.
    return [watch, announceToThreads(word)];
  } catch {
    tracing.startNow();
    return [];
  }
}

/** The libraries of the program, and the look at a program that has them in its own file. */
function watchLibraries({ entry }: Surroundings, { config, log }: Configured, tracing: LateTracing): Disposable[] {
  const enabled: Disposable[] = [];
  const enable = <Part extends Disposable>(name: string, create: () => Part): Part | undefined => {
    const part = enableWatched(name, create, (broken) => broken[Symbol.dispose]());
    if (part !== undefined) enabled.push(part);
    return part;
  };
  const libraries = enable('libraries', () =>
    enableLibraries({
      optionsOf: (name) => config[`instrumentations.${name}`],
      beforeSpans: () => ({ sendsLogs: tracing.start()?.sendsLogs === true }),
      log,
    }),
  );
  announce({ step: 'running', seenLibraries: () => libraries?.seen() ?? [] });
  if (entry !== undefined && isMainThread && libraries !== undefined)
    enable('bundled programs', () => reportBundledEntry({ entry, hasSeen: () => libraries.seen().length > 0, log }));
  return enabled;
}

/** Hides secrets in a line of the log. What does is in the file that tracing starts from; where that cannot be loaded, nothing of the line is shown. */
function createLineRedactor(configured: Pick<Configured, 'config' | 'urlHidden'>): (text: string) => string {
  try {
    return loadTracing().createLineRedactor(configured);
  } catch {
    return () => DEFAULT_MARKER;
  }
}

/** Why it could not start, on one line. No message where what would redact it is what could not be loaded. */
function toReason(error: unknown): string {
  try {
    return loadTracing().createLineRedactor()(toErrorText(error)).replaceAll(/\s+/g, ' ');
  } catch {
    const { name = 'Error', code = '' } = Object(error) as Partial<NodeJS.ErrnoException>;
    return `${name} ${code}`.trimEnd();
  }
}
