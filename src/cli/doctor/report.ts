// What the probe writes down inside a process, and doctor reads: plain JSON, without a secret in it.
import type { StandingAside } from '../../announce.ts';
import type { SeenLibrary } from '../../instrumentations/libraries/library.ts';

/** The variable that names the folder of the reports. Not one of the agent's: those are checked for misspelling. */
export const REPORT_FOLDER = '_TRACING_DOCTOR';

/** What one process, or one thread of it, looks like from inside. */
export interface ProcessReport {
  readonly pid: number;
  /** 0 is the main thread. */
  readonly threadId: number;
  readonly nodeVersion: string;
  readonly execArgv: readonly string[];
  /** The program's main file; undefined for `node -e` and the REPL. */
  readonly entry: string | undefined;
  /** What follows the entry on the command line, as far as it looks like a flag of Node's that came too late. */
  readonly lateFlags: readonly string[];
  /** Modules that --loader and --experimental-loader name. */
  readonly loaders: readonly string[];
  readonly cwd: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly agent: AgentReport;
  readonly packages: readonly LoadedPackage[];
  readonly libraries: readonly SeenLibrary[];
  /** Of @opentelemetry/api, as it is registered; undefined while nobody has. */
  readonly registeredApi: string | undefined;
  readonly spans: SpanCounts;
  readonly deliveries: readonly DeliveryCounts[];
  /** The first process.exit() of the program. */
  readonly exit: { readonly atMillis: number; readonly openSpans: number } | undefined;
}

export interface AgentReport {
  readonly state: 'absent' | 'disabled by variable' | 'starting' | 'running' | 'standing aside';
  readonly reason: StandingAside | undefined;
  readonly error: string | undefined;
  readonly version: string | undefined;
  /** Who asked for it: a flag or NODE_OPTIONS, or a file of the program. */
  readonly loadedBy: 'flag' | 'program' | undefined;
  readonly loadedAtMillis: number | undefined;
  readonly hasConsole: boolean | undefined;
}

/** A package that was asked for, once for every copy. */
export interface LoadedPackage {
  readonly name: string;
  readonly version: string | undefined;
  readonly folder: string;
  /** Asked for before the agent had started. */
  readonly beforeAgent: boolean;
}

export interface SpanCounts {
  /** Started, by the agent or by an instrumentation of a library. */
  readonly made: number;
  /** Of those, the ones that are sent. */
  readonly sampled: number;
  /** Requests for which nothing was made, because their trace is not kept. */
  readonly unsampled: number;
  /** Requests that a rule ignores. */
  readonly ignored: number;
  /** Not ended yet. */
  readonly open: number;
}

export interface DeliveryCounts {
  readonly address: string;
  readonly delivered: number;
  readonly lost: number;
  readonly reason: string | undefined;
}
