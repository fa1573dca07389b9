// Called by the preload: reads the configuration, builds the pipeline, enables the instrumentations. The one file that sees every stage.
import { dirname } from 'node:path';
import { type Worker, isMainThread } from 'node:worker_threads';
import { type DiagLogger, logs } from '@opentelemetry/api';
import packageJson from '../package.json' with { type: 'json' };
import { type StandingAside, announce } from './announce.ts';
import type { Config } from './config/config.ts';
import type { Env } from './config/option.ts';
import { readConfig } from './config/read-config.ts';
import { readEnv } from './config/read-env.ts';
import { readThreadEnv } from './config/thread-env.ts';
import { type Console, createConsole } from './exporters/console/create-console.ts';
import { watchAbort } from './hooks/abort.ts';
import { subscribe } from './hooks/channels.ts';
import { createMethodFacts } from './http-semconv/method.ts';
import { createCapture } from './instrumentations/capture/capture.ts';
import { enableConsole } from './instrumentations/console.ts';
import { enableRequests } from './instrumentations/enable-requests.ts';
import { enableLambda } from './instrumentations/lambda/lambda.ts';
import { type LambdaFunction, readLambda } from './instrumentations/lambda/read-lambda.ts';
import { reportBundledEntry } from './instrumentations/libraries/bundled-entry.ts';
import { enableLibraries } from './instrumentations/libraries/enable-libraries.ts';
import type { Instrumentation, InstrumentationTools } from './instrumentations/tools.ts';
import { createBoardMemory } from './instrumentations/threads/context-board.ts';
import { enableThreadContext } from './instrumentations/threads/threads.ts';
import { createTraceHeaders } from './instrumentations/trace-headers.ts';
import { guard, throwInternalErrors } from './log/guard.ts';
import { createLog, toErrorText, useAsDiag } from './log/log.ts';
import { enableWatched } from './log/watchdog.ts';
import { writeStderr } from './log/write-stderr.ts';
import { type Destinations, NOWHERE, createDestinations } from './pipeline/destinations.ts';
import { type LogfireProject, readLogfireProjects } from './pipeline/logfire.ts';
import { type Pipeline, startPipeline } from './pipeline/start-pipeline.ts';
import { isMetricsOn } from './pipeline/metrics-on.ts';
import { type ThreadStart, announceToThreads, readThreadStart } from './pipeline/threads/thread-start.ts';
import { type Redactor, createRedactor } from './redaction/create-redactor.ts';
import {
  isBrief,
  isNoProgram,
  isPackageManager,
  isQuietProcess,
  isRepl,
  isSdkRegistered,
  readEntryFile,
  readWorkingDirectory,
} from './standing.ts';
import { createRedactors } from './url-rules/create-redactors.ts';
import { createUrlFilter } from './url-rules/url-filter.ts';
import { createUrlRules } from './url-rules/url-rules.ts';

const { name: PACKAGE_NAME, version: AGENT_VERSION } = packageJson;

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
    for (const part of started.toReversed()) part[Symbol.dispose]();
  };
  try {
    return start(started) ? { stop } : undefined;
  } catch (error) {
    stop();
    announce({ step: 'standing aside', reason: 'failed', error });
    const reason = createRedactor().redact(toErrorText(error), 'string').replaceAll(/\s+/g, ' ');
    writeStderr(`tracing: could not start, the program runs untraced: ${reason}\n`);
    return undefined;
  }
}

/** Puts every part that runs into `started`, so that all of it can be stopped; false when the agent stands aside. */
function start(started: Disposable[]): boolean {
  const startedAt = process.uptime();
  if (isNoProgram()) return standAside('no program');
  const surroundings = readSurroundings();
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

  const receivers = findReceivers(surroundings, configured);
  const instrumentations: Instrumentation[] = [];
  const pipeline = startSending(surroundings, configured, receivers, () => {
    for (const { endWhatIsOver } of instrumentations) endWhatIsOver?.();
  });
  started.push(pipeline);
  started.push(...joinThreads(surroundings, config, pipeline));
  instrumentations.push(...enableRequests(config, createTools(surroundings, configured, pipeline)));
  started.push(...instrumentations);
  started.push(...enableOthers(surroundings, configured, pipeline));
  if (isMainThread && !isQuietProcess(surroundings.env)) greet(surroundings, configured, receivers, startedAt);
  return true;
}

function standAside(reason: StandingAside): false {
  announce({ step: 'standing aside', reason });
  return false;
}

/** What the process is started as. */
interface Surroundings {
  /** In a worker: what the main thread's agent has left for it. */
  readonly thread: ThreadStart | undefined;
  readonly env: Env;
  readonly lambda: LambdaFunction | undefined;
  /** The program's main file; undefined for `node -e` and the REPL. */
  readonly entry: string | undefined;
  readonly cwd: string;
}

function readSurroundings(): Surroundings {
  const thread = readThreadStart();
  const env = thread === undefined ? readEnv() : { ...readEnv(), ...thread.env };
  const lambda = isMainThread ? readLambda(env) : undefined;
  const { entry, cwd } = thread ?? { entry: lambda?.handler.file ?? readEntryFile(), cwd: readWorkingDirectory() };
  return { thread, env, lambda, entry, cwd };
}

/** The configuration, and what is made of it alone. */
interface Configured {
  readonly config: Config;
  /** The config file that was read. */
  readonly file: string | undefined;
  readonly redactor: Redactor;
  readonly log: DiagLogger;
}

function configure({ thread, env, entry, cwd }: Surroundings): Configured {
  const result = readConfig({ env, entry, cwd });
  const { config, issues, urlHidden, file } = result;
  announce({ step: 'configured', result, version: AGENT_VERSION });
  const { plain, redactor } = createRedactors(config, urlHidden);
  const redact = (text: string): string => plain.redact(text, 'string');
  const log = createLog({ level: config['log.level'], redact, write: writeStderr });
  // In a worker they are the same that the main thread has said.
  for (const { level, message } of thread === undefined ? issues : []) log[level](message);
  return { config, file, redactor, log };
}

/** All that is told of spans. A worker has none of its own. */
interface Receivers extends Destinations {
  readonly logfire: readonly LogfireProject[];
  readonly terminal: Console | undefined;
}

function findReceivers({ thread, env, cwd }: Surroundings, { config, redactor }: Configured): Receivers {
  const logfire = thread === undefined || isMetricsOn(config) ? readLogfireProjects(config) : [];
  const redact = (text: string): string => redactor.redact(text, 'client');
  const found = thread === undefined ? createDestinations({ config, env, logfire, cwd, redact }) : NOWHERE;
  const { destinations, viewer } = found;
  const hasDestination = destinations.length > 0;
  const terminal =
    thread === undefined
      ? createConsole({ config, env, hasDestination, isViewed: viewer !== undefined, cwd })
      : undefined;
  announce({ step: 'sending', destinations, hasConsole: terminal?.processor !== undefined });
  return { ...found, logfire, terminal };
}

function startSending(
  { thread, lambda, cwd }: Surroundings,
  { config, redactor }: Configured,
  { destinations, viewer, logfire, terminal }: Receivers,
  beforeExitFlush: () => void,
): Pipeline {
  return startPipeline({
    config,
    redactor,
    scope: { name: PACKAGE_NAME, version: AGENT_VERSION },
    destinations,
    logsTarget: viewer?.logs,
    logfire,
    beforeExitFlush: guard('exit', beforeExitFlush),
    isRepl: isRepl(),
    cwd,
    watchAbort,
    processors: terminal?.processor === undefined ? [] : [terminal.processor],
    thread,
    platform: lambda?.attributes,
  });
}

/** Leaves word for the workers that the program makes, and listens to them. */
function joinThreads({ thread, env, entry, cwd }: Surroundings, config: Config, pipeline: Pipeline): Disposable[] {
  const board = thread?.board ?? (config['propagation.workers'] ? createBoardMemory() : undefined);
  const messages = board === undefined ? undefined : enableThreadContext(board);
  const onWorker = ({ worker }: { readonly worker: Worker }): void => {
    pipeline.threads.listenTo(worker);
    messages?.onWorker(worker);
  };
  return [
    // A worker leaves the same word that it has found to its own.
    ...(thread === undefined
      ? [announceToThreads({ env: readThreadEnv(env), entry, cwd, board, ...pipeline.forThreads })]
      : []),
    ...(messages === undefined ? [] : [messages]),
    subscribe({ worker_threads: onWorker }),
  ];
}

function createTools(
  { lambda, cwd }: Surroundings,
  { config, file, redactor }: Configured,
  { tracer, sampling }: Pipeline,
): InstrumentationTools {
  const tools = {
    tracer,
    redactor,
    urlRules: createUrlRules({
      redactor,
      ignore: [...config['url.ignore'], ...(lambda?.runtimeUrls ?? [])],
      rules: config['url.rules'],
      filter: createUrlFilter(config['url.filter'], { folder: file === undefined ? cwd : dirname(file), redactor }),
    }),
    capture: createCapture(config),
    traceHeaders: createTraceHeaders(config['propagation.to']),
    sampling,
    trustForwarded: config['http.trustForwarded'],
    toMethodFacts: createMethodFacts(config['http.knownMethods']),
    requireParent: config['http.requireParent'],
  };
  announce({ step: 'watching', tools });
  return tools;
}

/** The console, the libraries, Lambda and the look at a bundled program: whatever else the program is watched at. */
function enableOthers({ lambda, entry }: Surroundings, { config, log }: Configured, pipeline: Pipeline): Disposable[] {
  const enabled: Disposable[] = [];
  const enable = <Part extends Disposable>(name: string, create: () => Part): Part | undefined => {
    const part = enableWatched(name, create, (broken) => broken[Symbol.dispose]());
    if (part !== undefined) enabled.push(part);
    return part;
  };
  const { sendsLogs } = pipeline;
  if (sendsLogs && config['logs.console']) enable('console', () => enableConsole(logs.getLogger('console')));
  const libraries = enable('libraries', () =>
    enableLibraries({ optionsOf: (name) => config[`instrumentations.${name}`], sendsLogs, log }),
  );
  announce({ step: 'running', seenLibraries: () => libraries?.seen() ?? [] });
  if (lambda !== undefined) {
    const given = config['instrumentations.aws-lambda'] ?? true;
    const options = given === true ? {} : given === false ? undefined : given;
    enable('aws-lambda', () => enableLambda({ lambda, options, flush: (limitMillis) => pipeline.flush(limitMillis) }));
  }
  if (entry !== undefined && isMainThread && libraries !== undefined)
    enable('bundled programs', () => reportBundledEntry({ entry, hasSeen: () => libraries.seen().length > 0, log }));
  return enabled;
}

function greet(
  { entry }: Surroundings,
  { config, redactor }: Configured,
  { destinations, viewer, terminal }: Receivers,
  startedAt: number,
): void {
  const facts = {
    version: AGENT_VERSION,
    nodeVersion: process.versions.node,
    serviceName: redactor.redact(config['service.name'], 'string'),
    pid: process.pid,
    readyMillis: (process.uptime() - startedAt) * 1000,
    watching: ['http', 'http2', 'fetch', 'undici'],
    destinations: viewer === undefined ? destinations.map(({ address }) => address) : [`viewer ${viewer.url}`],
  };
  terminal?.showBanner(facts, isBrief(entry) ? 'with the first trace' : 'now');
}
