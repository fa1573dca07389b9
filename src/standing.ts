// Called by agent.ts before anything is built: processes in which the agent has no business.
import { basename, sep } from 'node:path';
import { isInternalThread } from 'node:worker_threads';
import { process, realpathSync } from './natives.ts';

/** The program's main file as the command line names it; undefined for `node -e`, `node -p` and the REPL, whose first argument is none. */
export function readEntryFile(): string | undefined {
  return isEval() ? undefined : process.argv[1];
}

function isEval(): boolean {
  return process.execArgv.some((flag) => /^(?:-e|-p|-pe|--eval|--print)(?:=|$)/.test(flag));
}

/** True where Node reads lines and evaluates them one by one: `node -i`, or `node` alone in a terminal. */
export function isRepl(): boolean {
  if (process.execArgv.some((flag) => flag === '-i' || flag === '--interactive')) return true;
  return !isEval() && process.argv[1] === undefined && process.getBuiltinModule('node:tty').isatty(0);
}

/**
 * True where no program runs: `node --check`, and the thread in which hooks of `module.register()` live, which Node 22 gives its --require
 * preloads too. There a hook of ours would be asked before Node can answer, and break every import.
 */
export function isNoProgram(): boolean {
  return isInternalThread || process.execArgv.some((flag) => flag === '-c' || flag === '--check');
}

/**
 * True for what may be over before anybody wants to read a banner: `node -e`, `node -p`, and programs out of node_modules, such as compilers
 * and linters. They get theirs with the first trace.
 */
export function isBrief(entry: string | undefined): boolean {
  if (entry === undefined) return isEval();
  const folder = `${sep}node_modules${sep}`;
  if (entry.includes(folder)) return true;
  try {
    return realpathSync(entry).includes(folder);
  } catch {
    return false;
  }
}

/** The working directory, or the root where it is deleted already. */
export function readWorkingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

/** Entry files of the tools that start programs: under NODE_OPTIONS the preload lands in them first, and they are not the service. */
const PACKAGE_MANAGER = /[\\/]node_modules[\\/](?:npm|pnpm|yarn|corepack|@yarnpkg[\\/]cli-dist)[\\/]/;
const PACKAGE_MANAGER_BIN = /^(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack)(?:-cli)?(?:\.[cm]?js)?$/;

/** True for npm, npx, pnpm, yarn and corepack themselves. */
export function isPackageManager(entry: string | undefined): boolean {
  return entry !== undefined && (PACKAGE_MANAGER.test(entry) || PACKAGE_MANAGER_BIN.test(basename(entry)));
}

/** True when the program, or another agent, has registered an OpenTelemetry SDK before us. */
export function isSdkRegistered(): boolean {
  // The key under which every copy of @opentelemetry/api 1.x keeps what is registered.
  const api: unknown = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1'));
  return typeof api === 'object' && api !== null && 'trace' in api;
}

/** True where a banner would only be noise: workers of a cluster, whose primary has said it, and the files that `node --test` runs. */
export function isQuietProcess(env: Readonly<Record<string, string | undefined>>): boolean {
  return env['NODE_UNIQUE_ID'] !== undefined || env['NODE_TEST_CONTEXT'] !== undefined;
}
