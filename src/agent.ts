// Called by the preload: reads the configuration, builds the pipeline, enables the instrumentations. The one file that sees every stage.
import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { logs } from '@opentelemetry/api';
import packageJson from '../package.json' with { type: 'json' };
import { readConfig } from './config/read-config.ts';
import { readEnv } from './config/read-env.ts';
import type { Config } from './config/config.ts';
import { createConsole } from './exporters/console/create-console.ts';
import type { Destination } from './exporters/destination.ts';
import { sendToViewer } from './exporters/viewer/send-to-viewer.ts';
import { createMethodFacts } from './http-semconv/method.ts';
import { createCapture } from './instrumentations/capture/capture.ts';
import { enableConsole } from './instrumentations/console.ts';
import { enableHttpClient } from './instrumentations/http/client.ts';
import { enableHttpServer } from './instrumentations/http/server.ts';
import { enableHttp2Client } from './instrumentations/http2/client.ts';
import { enableHttp2Server } from './instrumentations/http2/server.ts';
import { reportBundledEntry } from './instrumentations/libraries/bundled-entry.ts';
import { enableLibraries } from './instrumentations/libraries/enable-libraries.ts';
import type { Instrumentation } from './instrumentations/tools.ts';
import { createTraceHeaders } from './instrumentations/trace-headers.ts';
import { enableUndici } from './instrumentations/undici/undici.ts';
import { guard, throwInternalErrors } from './log/guard.ts';
import { createLog, toErrorText, useAsDiag } from './log/log.ts';
import { writeStderr } from './log/write-stderr.ts';
import { createDestinations } from './pipeline/destinations.ts';
import { readLogfireProjects } from './pipeline/logfire.ts';
import { startPipeline } from './pipeline/start-pipeline.ts';
import { createRedactor } from './redaction/create-redactor.ts';
import {
  isPackageManager,
  isQuietProcess,
  isRepl,
  isSdkRegistered,
  readEntryFile,
  readWorkingDirectory,
} from './standing.ts';
import { compileGivenRegex } from './url-rules/linear-regex.ts';
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
    const reason = createRedactor().redact(toErrorText(error), 'string').replaceAll(/\s+/g, ' ');
    writeStderr(`tracing: could not start, the program runs untraced: ${reason}\n`);
    return undefined;
  }
}

/** Puts every part that runs into `started`, so that all of it can be stopped; false when the agent stands aside. */
function start(started: Disposable[]): boolean {
  const startedAt = performance.now();
  const env = readEnv();
  const entry = readEntryFile();
  if (isPackageManager(entry)) return false;
  const cwd = readWorkingDirectory();
  const { config: given, issues, urlHidden, file } = readConfig({ env, entry, cwd });
  const plain = createRedactor({
    keys: given['url.redact.keys'],
    allow: given['url.redact.allow'],
    marker: given['url.redact.marker'],
    paths: given['url.redact.paths'],
    values: given['url.redact.values'].map((given) => compileGivenRegex(given)),
    query: given['url.query'],
  });
  // While the url section is broken everything that may be secret is hidden, but not in the lines that say which file to mend.
  const redactor = urlHidden ? plain.extend({ hideAll: true }) : plain;
  const log = createLog({
    level: given['log.level'],
    redact: (text) => plain.redact(text, 'string'),
    write: writeStderr,
  });
  for (const { level, message } of issues) log[level](message);
  if (!given.enabled) return false;
  if (isSdkRegistered()) {
    log.warn('another OpenTelemetry SDK is registered in this process already; this one stands down');
    return false;
  }
  throwInternalErrors(env['TRACING_THROW_INTERNAL_ERRORS'] === '1');
  started.push(useAsDiag(log, given['log.level']));

  const logfire = readLogfireProjects(given);
  const toDestinations = (config: Config): readonly Destination[] =>
    createDestinations({ config, logfire, cwd, redact: (text) => redactor.redact(text, 'client') });
  const asked = toDestinations(given);
  const viewer = asked.length > 0 ? undefined : sendToViewer(given, env);
  const config = viewer?.config ?? given;
  const destinations = viewer === undefined ? asked : toDestinations(config);
  const terminal = createConsole({
    config,
    env,
    hasDestination: destinations.length > 0,
    isViewed: viewer !== undefined,
    cwd,
  });
  const instrumentations: Instrumentation[] = [];
  const pipeline = startPipeline({
    config,
    redactor,
    scope: { name: PACKAGE_NAME, version: AGENT_VERSION },
    destinations,
    logfire,
    beforeExitFlush: guard('exit', () => {
      for (const { endWhatIsOver } of instrumentations) endWhatIsOver?.();
    }),
    isRepl: isRepl(),
    processors: terminal.processor === undefined ? [] : [terminal.processor],
  });
  started.push(pipeline);
  const tools = {
    tracer: pipeline.tracer,
    redactor,
    urlRules: createUrlRules({
      redactor,
      ignore: config['url.ignore'],
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
  const http = config['instrumentations.http']
    ? [enableHttpServer, enableHttpClient, enableHttp2Server, enableHttp2Client]
    : [];
  const undici = config['instrumentations.undici'] ? [enableUndici] : [];
  for (const enable of [...http, ...undici]) {
    const instrumentation = enable(tools);
    instrumentations.push(instrumentation);
    started.push(instrumentation);
  }
  if (pipeline.sendsLogs && config['logs.console']) started.push(enableConsole(logs.getLogger('console')));
  const libraries = enableLibraries({
    optionsOf: (name) => config[`instrumentations.${name}`],
    sendsLogs: pipeline.sendsLogs,
    log,
  });
  started.push(libraries);
  if (entry !== undefined && isMainThread) {
    started.push(reportBundledEntry({ entry, hasSeen: () => libraries.seen().length > 0, log }));
  }

  if (isMainThread && !isQuietProcess(env)) {
    terminal.showBanner({
      version: AGENT_VERSION,
      nodeVersion: process.versions.node,
      serviceName: redactor.redact(config['service.name'], 'string'),
      pid: process.pid,
      readyMillis: performance.now() - startedAt,
      watching: ['http', 'http2', 'fetch', 'undici'],
      destinations: viewer === undefined ? destinations.map(({ address }) => address) : [`viewer ${viewer.url}`],
    });
  }
  return true;
}
