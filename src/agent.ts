// Called by the preload: reads the configuration, builds the pipeline, enables the instrumentations. The one file that sees every stage.
import { dirname } from 'node:path';
import { type Worker, isMainThread } from 'node:worker_threads';
import { logs } from '@opentelemetry/api';
import packageJson from '../package.json' with { type: 'json' };
import { announce } from './announce.ts';
import { readConfig } from './config/read-config.ts';
import { readEnv } from './config/read-env.ts';
import { readThreadEnv } from './config/thread-env.ts';
import { createConsole } from './exporters/console/create-console.ts';
import { watchAbort } from './hooks/abort.ts';
import { subscribe } from './hooks/channels.ts';
import { createMethodFacts } from './http-semconv/method.ts';
import { createCapture } from './instrumentations/capture/capture.ts';
import { enableConsole } from './instrumentations/console.ts';
import { enableHttpClient } from './instrumentations/http/client.ts';
import { enableHttpServer } from './instrumentations/http/server.ts';
import { enableHttp2Client } from './instrumentations/http2/client.ts';
import { enableHttp2Server } from './instrumentations/http2/server.ts';
import { enableLambda } from './instrumentations/lambda/lambda.ts';
import { readLambda } from './instrumentations/lambda/read-lambda.ts';
import { reportBundledEntry } from './instrumentations/libraries/bundled-entry.ts';
import { enableLibraries } from './instrumentations/libraries/enable-libraries.ts';
import type { Instrumentation, InstrumentationTools } from './instrumentations/tools.ts';
import { createBoardMemory } from './instrumentations/threads/context-board.ts';
import { enableThreadContext } from './instrumentations/threads/threads.ts';
import { createTraceHeaders } from './instrumentations/trace-headers.ts';
import { enableUndici } from './instrumentations/undici/undici.ts';
import { guard, throwInternalErrors } from './log/guard.ts';
import { createLog, toErrorText, useAsDiag } from './log/log.ts';
import { enableWatched } from './log/watchdog.ts';
import { writeStderr } from './log/write-stderr.ts';
import { NOWHERE, createDestinations } from './pipeline/destinations.ts';
import { readLogfireProjects } from './pipeline/logfire.ts';
import { startPipeline } from './pipeline/start-pipeline.ts';
import { isMetricsOn } from './pipeline/metrics-on.ts';
import { announceToThreads, readThreadStart } from './pipeline/threads/thread-start.ts';
import { createRedactor } from './redaction/create-redactor.ts';
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

/** More requests than this are hardly open that cannot be ended. */
const MAX_TRIES = 1000;

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
  if (isNoProgram()) {
    announce({ step: 'standing aside', reason: 'no program' });
    return false;
  }
  const thread = readThreadStart();
  const env = thread === undefined ? readEnv() : { ...readEnv(), ...thread.env };
  const lambda = isMainThread ? readLambda(env) : undefined;
  const { entry, cwd } = thread ?? { entry: lambda?.handler.file ?? readEntryFile(), cwd: readWorkingDirectory() };
  if (isPackageManager(entry)) {
    announce({ step: 'standing aside', reason: 'package manager' });
    return false;
  }
  const result = readConfig({ env, entry, cwd });
  const { config, issues, urlHidden, file } = result;
  announce({ step: 'configured', result, version: AGENT_VERSION });
  const { plain, redactor } = createRedactors(config, urlHidden);
  const log = createLog({
    level: config['log.level'],
    redact: (text) => plain.redact(text, 'string'),
    write: writeStderr,
  });
  // In a worker they are the same that the main thread has said.
  for (const { level, message } of thread === undefined ? issues : []) log[level](message);
  if (!config.enabled) {
    announce({ step: 'standing aside', reason: 'disabled' });
    return false;
  }
  if (isSdkRegistered()) {
    announce({ step: 'standing aside', reason: 'another SDK' });
    log.warn('another OpenTelemetry SDK is registered in this process already; this one stands down');
    return false;
  }
  throwInternalErrors(env['TRACING_THROW_INTERNAL_ERRORS'] === '1');
  started.push(useAsDiag(log, config['log.level']));

  const logfire = thread === undefined || isMetricsOn(config) ? readLogfireProjects(config) : [];
  const redact = (text: string): string => redactor.redact(text, 'client');
  const { destinations, viewer } =
    thread === undefined ? createDestinations({ config, env, logfire, cwd, redact }) : NOWHERE;
  const terminal =
    thread === undefined
      ? createConsole({ config, env, hasDestination: destinations.length > 0, isViewed: viewer !== undefined, cwd })
      : undefined;
  announce({ step: 'sending', destinations, hasConsole: terminal?.processor !== undefined });
  const instrumentations: Instrumentation[] = [];
  const pipeline = startPipeline({
    config,
    redactor,
    scope: { name: PACKAGE_NAME, version: AGENT_VERSION },
    destinations,
    logsTarget: viewer?.logs,
    logfire,
    beforeExitFlush: guard('exit', () => {
      for (const { endWhatIsOver } of instrumentations) endWhatIsOver?.();
    }),
    isRepl: isRepl(),
    cwd,
    watchAbort,
    processors: terminal?.processor === undefined ? [] : [terminal.processor],
    thread,
    platform: lambda?.attributes,
  });
  started.push(pipeline);
  const board = thread?.board ?? (config['propagation.workers'] ? createBoardMemory() : undefined);
  // A worker leaves the same word that it has found to its own.
  if (thread === undefined)
    started.push(announceToThreads({ env: readThreadEnv(env), entry, cwd, board, ...pipeline.forThreads }));
  const messages = board === undefined ? undefined : enableThreadContext(board);
  if (messages !== undefined) started.push(messages);
  started.push(
    subscribe({
      worker_threads({ worker }: { readonly worker: Worker }) {
        pipeline.threads.listenTo(worker);
        messages?.onWorker(worker);
      },
    }),
  );
  const tools = {
    tracer: pipeline.tracer,
    redactor,
    urlRules: createUrlRules({
      redactor,
      ignore: [...config['url.ignore'], ...(lambda?.runtimeUrls ?? [])],
      rules: config['url.rules'],
      filter: createUrlFilter(config['url.filter'], { folder: file === undefined ? cwd : dirname(file), redactor }),
    }),
    capture: createCapture(config),
    traceHeaders: createTraceHeaders(config['propagation.to']),
    sampling: pipeline.sampling,
    trustForwarded: config['http.trustForwarded'],
    toMethodFacts: createMethodFacts(config['http.knownMethods']),
    requireParent: config['http.requireParent'],
  };
  announce({ step: 'watching', tools });
  const enabling: ReadonlyArray<readonly [name: string, enable: (tools: InstrumentationTools) => Instrumentation]> = [
    ...(config['instrumentations.http']
      ? ([
          ['http server', enableHttpServer],
          ['http client', enableHttpClient],
          ['http2 server', enableHttp2Server],
          ['http2 client', enableHttp2Client],
        ] as const)
      : []),
    ...(config['instrumentations.undici'] ? ([['undici', enableUndici]] as const) : []),
  ];
  for (const [name, enable] of enabling) {
    const instrumentation = enableWatched(name, () => enable(tools), turnOff);
    if (instrumentation !== undefined) instrumentations.push(instrumentation);
  }
  started.push(...instrumentations);
  const enableOther = <Part extends Disposable>(name: string, enable: () => Part): Part | undefined => {
    const part = enableWatched(name, enable, (enabled) => enabled[Symbol.dispose]());
    if (part !== undefined) started.push(part);
    return part;
  };
  if (pipeline.sendsLogs && config['logs.console'])
    enableOther('console', () => enableConsole(logs.getLogger('console')));
  const libraries = enableOther('libraries', () =>
    enableLibraries({ optionsOf: (name) => config[`instrumentations.${name}`], sendsLogs: pipeline.sendsLogs, log }),
  );
  announce({ step: 'running', seenLibraries: () => libraries?.seen() ?? [] });
  if (lambda !== undefined) {
    const given = config['instrumentations.aws-lambda'] ?? true;
    const lambdaOptions = given === true ? {} : given === false ? undefined : given;
    enableOther('aws-lambda', () =>
      enableLambda({ lambda, options: lambdaOptions, flush: (limitMillis) => pipeline.flush(limitMillis) }),
    );
  }
  if (entry !== undefined && isMainThread && libraries !== undefined)
    enableOther('bundled programs', () =>
      reportBundledEntry({ entry, hasSeen: () => libraries.seen().length > 0, log }),
    );

  if (isMainThread && !isQuietProcess(env)) {
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
  return true;
}

/** Takes a broken instrumentation out, and ends the spans that it holds. */
function turnOff(instrumentation: Instrumentation): void {
  instrumentation[Symbol.dispose]();
  const letGo = instrumentation.letGo ?? instrumentation.endWhatIsOver;
  // Ending one may fail as well; it is gone then, and the next call comes to those behind it.
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    try {
      return letGo?.call(instrumentation);
    } catch {
      // The log has said what is wrong with it.
    }
  }
}
