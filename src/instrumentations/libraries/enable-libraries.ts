// Enabled by agent.ts: loads an instrumentation when the program first uses its library, and remembers what became of each.
import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import type { DiagLogger } from '@opentelemetry/api';
import { type LoadedFile, type UsedPackage, watchModules } from '../../hooks/module-hooks.ts';
import { reportInternalError, watchErrors } from '../../log/guard.ts';
import { toErrorText } from '../../log/log.ts';
import { createWatchdog } from '../../log/watchdog.ts';
import { isFramework, isOnByDefault, toLibraryOptions, wantsSpans } from './default-options.ts';
import type {
  LibraryBundle,
  LibraryHook,
  LibraryHost,
  LibraryName,
  LibraryOptions,
  LibraryRow,
  LibraryState,
  SeenLibrary,
} from './library.ts';
import type * as routes from './routes/routes.ts';
import { libraries } from './table.ts';

export interface LibrariesOptions {
  /** What the configuration says of `instrumentations.<name>`; undefined where it says nothing. */
  readonly optionsOf: (name: LibraryName) => boolean | LibraryOptions | undefined;
  /** Called before an instrumentation that makes spans is started; tells whether log records go anywhere. */
  readonly beforeSpans?: () => { readonly sendsLogs: boolean };
  readonly log: Pick<DiagLogger, 'warn'>;
  /** Reads one of the bundles beside the agent: `pg`, `routes`. */
  readonly load?: (name: string) => unknown;
}

/** The libraries of the process. Disposing it stops the watch; what is patched stays as it is. */
export interface Libraries extends Disposable {
  /** Every copy of a package of the table that the program has asked for. */
  seen(): readonly SeenLibrary[];
}

/** Watches for the packages of the table; nothing else is loaded until one of them is used. */
export function enableLibraries({
  optionsOf,
  beforeSpans = () => ({ sendsLogs: false }),
  log,
  load = loadBundle,
}: LibrariesOptions): Libraries {
  const rowsOf = Map.groupBy(
    libraries.flatMap((row) => Object.keys(row.modules).map((module) => ({ module, row }))),
    ({ module }) => module,
  );
  const builtins = [...rowsOf.keys()].filter((module) => isBuiltin(module));
  const seen = new Map<string, SeenLibrary>();
  const hooksOf = new Map<string, LibraryHook[]>();
  /** Instrumentations that have been started, or could not be. */
  const started = new Map<string, string | undefined>();

  function onFirstUse(used: UsedPackage): boolean {
    const rows = rowsOf.get(used.name) ?? [];
    return rows.map(({ row }) => use(row, used)).includes(true);
  }

  function use(row: LibraryRow, { name, folder }: UsedPackage): boolean {
    const version = readVersion(folder);
    const settle = (state: LibraryState, reason?: string): boolean => {
      remember({ name, version, folder, instrumentation: row.name, state, ...(reason !== undefined && { reason }) });
      return state === 'traced';
    };
    const options = toOptions(row.name);
    if (options === undefined) return settle('disabled', `instrumentations.${row.name} is off`);
    const ranges = row.modules[name] ?? [];
    try {
      const { isSupported } = bundleOf(row.name);
      if (version !== undefined && !isSupported(version, ranges)) {
        return settle('unsupported', `version ${version} is outside ${ranges.join(' || ')}`);
      }
    } catch (error) {
      return settle('failed', fail(row.name, error));
    }
    const failure = startOnce(row, options);
    if (failure !== undefined) return settle('failed', failure);
    return settle('traced');
  }

  /** The reason why it did not start, or undefined. */
  function startOnce(row: LibraryRow, options: LibraryOptions): string | undefined {
    if (!started.has(row.name)) {
      // First, so that what the instrumentation itself loads does not start it again.
      started.set(row.name, undefined);
      try {
        for (const hook of start(row, options)) {
          const hooks = hooksOf.get(hook.module) ?? [];
          hooks.push(hook);
          hooksOf.set(hook.module, hooks);
        }
      } catch (error) {
        started.set(row.name, fail(row.name, error));
      }
    }
    return started.get(row.name);
  }

  function start(row: LibraryRow, options: LibraryOptions): readonly LibraryHook[] {
    const hooks = isFramework(row.name) ? loadRoutes().start(row.name) : [];
    if (row.package === undefined || !wantsSpans(row.name, options)) return hooks;
    const { sendsLogs } = beforeSpans();
    const given = toLibraryOptions(row.name, options, sendsLogs);
    return [...hooks, ...bundleOf(row.name, true).start(given, createHost(row.name))];
  }

  function createHost(name: LibraryName): LibraryHost {
    const turnOffs: (() => void)[] = [];
    const watchdog = createWatchdog(name, () => {
      for (const turnOff of turnOffs) turnOff();
    });
    return {
      onError: (error) => watchErrors(watchdog, () => reportInternalError(`the instrumentation of ${name}`, error)),
      onTurnOff: (turnOff) => void turnOffs.push(turnOff),
    };
  }

  // The exports of our own bundles; a test starts every one of them.
  const loadRoutes = (): typeof routes => load('routes') as typeof routes;
  const bundleOf = (name: string, spans = !isFramework(name)): LibraryBundle =>
    load(spans ? name : 'routes') as LibraryBundle;

  function patch(exports: unknown, file: LoadedFile): unknown {
    const key = toKey(file.packageName, file.folder);
    let current = exports;
    for (const hook of hooksOf.get(file.packageName) ?? []) {
      try {
        current = hook.patch(current, file.name, file.folder) ?? current;
      } catch (error) {
        const known = seen.get(key);
        if (known !== undefined) remember({ ...known, state: 'failed', reason: fail(file.packageName, error) });
        return current;
      }
    }
    return current;
  }

  function onTooLate(name: string, folder: string): void {
    for (const { row } of rowsOf.get(name) ?? []) {
      const reason = 'loaded before the agent; put the agent first';
      remember({ name, version: readVersion(folder), folder, instrumentation: row.name, state: 'too-late', reason });
    }
  }

  function toOptions(name: LibraryName): LibraryOptions | undefined {
    const given = optionsOf(name) ?? isOnByDefault(name);
    if (given === false) return undefined;
    return given === true ? {} : given;
  }

  function remember(library: SeenLibrary): void {
    seen.set(toKey(library.name, library.folder), library);
  }

  function fail(name: string, error: unknown): string {
    const reason = toErrorText(error);
    log.warn(`${name} cannot be traced, the application is not affected: ${reason}`);
    return reason;
  }

  /** Node's own modules are there already: what is wanted of them is done at once. */
  function startBuiltins(): void {
    for (const module of builtins) {
      for (const { row } of rowsOf.get(module) ?? []) {
        const options = toOptions(row.name);
        if (options === undefined || startOnce(row, options) !== undefined) continue;
        for (const hook of hooksOf.get(module) ?? []) hook.patch(process.getBuiltinModule(module), module, undefined);
        syncBuiltinESMExports();
      }
    }
  }

  startBuiltins();
  const names = new Set(rowsOf.keys());
  for (const module of builtins) names.delete(module);
  const watch = watchModules({ names, onFirstUse, patch, onTooLate });
  return {
    seen: () => [...seen.values()],
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

const toKey = (name: string, folder: string): string => `${name}\n${folder}`;

function readVersion(folder: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      readonly version?: unknown;
    };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

function loadBundle(name: string): unknown {
  return createRequire(import.meta.url)(`./libraries/${name}.cjs`);
}
