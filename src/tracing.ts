// Called by agent.ts, at the start or with the first thing that can be traced: what makes spans of requests, and what sends them.
import { dirname } from 'node:path';
import { type Worker, isMainThread } from 'node:worker_threads';
import { type DiagLogger, logs } from '@opentelemetry/api';
import packageJson from '../package.json' with { type: 'json' };
import { announce } from './announce.ts';
import type { Config } from './config/config.ts';
import type { Env } from './config/option.ts';
import { type Console, createConsole } from './exporters/console/create-console.ts';
import { subscribe } from './hooks/channels.ts';
import { createMethodFacts } from './http-semconv/method.ts';
import { createCapture } from './instrumentations/capture/capture.ts';
import { enableConsole } from './instrumentations/console.ts';
import { enableRequests } from './instrumentations/enable-requests.ts';
import { enableLambda } from './instrumentations/lambda/lambda.ts';
import type { LambdaFunction } from './instrumentations/lambda/read-lambda.ts';
import { enableThreadContext } from './instrumentations/threads/threads.ts';
import type { Instrumentation, InstrumentationTools } from './instrumentations/tools.ts';
import { createTraceHeaders } from './instrumentations/trace-headers.ts';
import { guard } from './log/guard.ts';
import { enableWatched } from './log/watchdog.ts';
import { process } from './natives.ts';
import { type Destinations, NOWHERE, createDestinations } from './pipeline/destinations.ts';
import { type LogfireProject, readLogfireProjects } from './pipeline/logfire.ts';
import { isMetricsOn } from './pipeline/metrics-on.ts';
import { type Pipeline, startPipeline } from './pipeline/start-pipeline.ts';
import { type ThreadStart, announceToThreads } from './pipeline/threads/thread-start.ts';
import { type Redactor, createRedactor } from './redaction/create-redactor.ts';
import type { Registered } from './registration.ts';
import { isBrief, isQuietProcess } from './standing.ts';
import { createRedactors } from './url-rules/create-redactors.ts';
import { createUrlFilter } from './url-rules/url-filter.ts';
import { createUrlRules } from './url-rules/url-rules.ts';

const { name: PACKAGE_NAME, version: AGENT_VERSION } = packageJson;

/** What the process is started as. */
export interface Surroundings {
  /** In a worker: what the main thread's agent has left for it. */
  readonly thread: ThreadStart | undefined;
  readonly env: Env;
  readonly lambda: LambdaFunction | undefined;
  /** The program's main file; undefined for `node -e` and the REPL. */
  readonly entry: string | undefined;
  readonly cwd: string;
  /** Seconds after the process, when the agent was started. */
  readonly startedAt: number;
}

/** The configuration, and what is made of it alone. */
export interface Configured {
  readonly config: Config;
  /** The config file that was read. */
  readonly file: string | undefined;
  /** Redaction fails closed: hide every value that might be secret. */
  readonly urlHidden: boolean;
  readonly log: DiagLogger;
}

/** What all threads of the process share, from the start on. */
export type ThreadMemory = Pick<ThreadStart, 'env' | 'traffic' | 'board'>;

/** Running instrumentations of requests, and the pipeline behind them. */
export interface Tracing extends Registered, Pick<Pipeline, 'leaving' | 'sendsLogs'>, Disposable {}

/** Starts all of it. @throws whatever goes wrong; what was started until then is stopped again */
export function startTracing(
  surroundings: Surroundings,
  { config, file, urlHidden }: Omit<Configured, 'log'>,
  memory: ThreadMemory,
): Tracing {
  const { redactor } = createRedactors(config, urlHidden);
  const configured: Redacting = { config, file, redactor };
  const started: Disposable[] = [];
  const stop = (): void => {
    for (const part of started.toReversed()) part[Symbol.dispose]();
  };
  try {
    const receivers = findReceivers(surroundings, configured);
    const instrumentations: Instrumentation[] = [];
    const pipeline = startSending(surroundings, configured, receivers, memory, () => {
      for (const { endWhatIsOver } of instrumentations) endWhatIsOver?.();
    });
    started.push(pipeline);
    started.push(...joinThreads(surroundings, pipeline, memory));
    instrumentations.push(...enableRequests(config, createTools(surroundings, configured, pipeline)));
    started.push(...instrumentations);
    started.push(...enableOthers(surroundings, config, pipeline));
    if (isMainThread && !isQuietProcess(surroundings.env)) greet(surroundings, configured, receivers);
    const { provider, propagator, leaving, sendsLogs } = pipeline;
    return { provider, propagator, leaving, sendsLogs, [Symbol.dispose]: stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Makes what hides secrets in our own words, also where nothing is configured yet. */
export function createLineRedactor(configured?: Pick<Configured, 'config' | 'urlHidden'>): (text: string) => string {
  const plain =
    configured === undefined ? createRedactor() : createRedactors(configured.config, configured.urlHidden).plain;
  return (text) => plain.redact(text, 'string');
}

interface Redacting extends Pick<Configured, 'config' | 'file'> {
  readonly redactor: Redactor;
}

/** All that is told of spans. A worker has none of its own. */
interface Receivers extends Destinations {
  readonly logfire: readonly LogfireProject[];
  readonly terminal: Console | undefined;
}

function findReceivers({ thread, env, cwd }: Surroundings, { config, redactor }: Redacting): Receivers {
  const logfire = thread === undefined || isMetricsOn(config) ? readLogfireProjects(config, cwd) : [];
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
  { config, redactor }: Redacting,
  { destinations, viewer, logfire, terminal }: Receivers,
  { traffic }: ThreadMemory,
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
    cwd,
    processors: terminal?.processor === undefined ? [] : [terminal.processor],
    thread,
    traffic,
    platform: lambda?.attributes,
  });
}

/** Leaves word for the workers that the program makes, and listens to them. */
function joinThreads({ thread, entry, cwd }: Surroundings, pipeline: Pipeline, memory: ThreadMemory): Disposable[] {
  const messages = memory.board === undefined ? undefined : enableThreadContext(memory.board);
  const onWorker = ({ worker }: { readonly worker: Worker }): void => {
    pipeline.threads.listenTo(worker);
    messages?.onWorker(worker);
  };
  return [
    // A worker leaves the same word that it has found to its own.
    ...(thread === undefined ? [announceToThreads({ entry, cwd, ...memory, ...pipeline.forThreads })] : []),
    ...(messages === undefined ? [] : [messages]),
    subscribe({ worker_threads: onWorker }),
  ];
}

function createTools(
  { lambda, cwd }: Surroundings,
  { config, file, redactor }: Redacting,
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

/** The console and Lambda. */
function enableOthers({ lambda }: Surroundings, config: Config, pipeline: Pipeline): Disposable[] {
  const enabled: Disposable[] = [];
  const enable = (name: string, create: () => Disposable): void => {
    const part = enableWatched(name, create, (broken) => broken[Symbol.dispose]());
    if (part !== undefined) enabled.push(part);
  };
  if (pipeline.sendsLogs && config['logs.console']) enable('console', () => enableConsole(logs.getLogger('console')));
  if (lambda !== undefined) {
    const given = config['instrumentations.aws-lambda'] ?? true;
    const options = given === true ? {} : given === false ? undefined : given;
    enable('aws-lambda', () => enableLambda({ lambda, options, flush: (limitMillis) => pipeline.flush(limitMillis) }));
  }
  return enabled;
}

function greet(
  { entry, startedAt }: Surroundings,
  { config, redactor }: Redacting,
  { destinations, viewer, terminal }: Receivers,
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
