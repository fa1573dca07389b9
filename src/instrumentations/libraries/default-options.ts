// Called when an instrumentation is started: what it is told unless the configuration says otherwise.
import type { LibraryOptions } from './library.ts';

/** Instrumentations of Node's own modules: a span for every file or socket. */
const OFF: ReadonlySet<string> = new Set(['dns', 'fs', 'net']);

/** Frameworks whose own instrumentation makes a span for every piece of middleware; routes/ reads their routes without any. */
const FRAMEWORKS: ReadonlySet<string> = new Set([
  'connect',
  'express',
  'fastify',
  'hapi',
  'hono',
  'koa',
  'restify',
  'router',
]);

/** Instrumentations that put the ids of the trace into records, and can send these as well. */
const LOGGERS: ReadonlySet<string> = new Set(['bunyan', 'pino', 'winston']);

const DEFAULTS: Readonly<Record<string, LibraryOptions>> = {
  fastify: { registerOnInitialization: true },
  // Else every file that Node reads of the program is a trace.
  fs: { requireParentSpan: true },
  // Resolvers that only read a property are most of them.
  graphql: { ignoreTrivialResolveSpans: true, mergeItems: true },
};

/** Whether an instrumentation is on where the configuration says nothing. */
export function isOnByDefault(name: string): boolean {
  return !OFF.has(name);
}

/** Whether routes/ knows the framework. */
export function isFramework(name: string): boolean {
  return FRAMEWORKS.has(name);
}

/** Whether the spans of an instrumentation are wanted: of a framework's middleware only when asked for. */
export function wantsSpans(name: string, options: LibraryOptions): boolean {
  return !FRAMEWORKS.has(name) || options['middleware'] === true;
}

/** The options that the instrumentation itself gets. Loggers send their records only where these go somewhere. */
export function toLibraryOptions(name: string, options: LibraryOptions, sendsLogs: boolean): LibraryOptions {
  const quiet = LOGGERS.has(name) && !sendsLogs ? { disableLogSending: true } : {};
  return { ...DEFAULTS[name], ...options, ...quiet, middleware: undefined };
}
