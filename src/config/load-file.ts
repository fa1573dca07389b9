// Loaded by read-file.ts only when there is a file to load: cosmiconfig and yaml cost 4 ms each to evaluate, bundled.
// cosmiconfig's own search class, not cosmiconfigSync(): that would first look for a configuration of cosmiconfig itself in the working
// directory, with its default loaders, and so run a `.config/config.js` that is none of ours (its rejection would end the program).
import { basename, extname } from 'node:path';
import type { LoaderSync, PublicExplorerBase } from 'cosmiconfig';
import * as cosmiconfig from 'cosmiconfig/dist/ExplorerSync.js';
import type { LoadedFile } from './loaded-file.ts';
import { loadModule } from './load-module.ts';
import { loadYaml } from './load-yaml.ts';

interface Found {
  readonly config: LoadedFile | undefined;
  readonly filepath: string;
  readonly isEmpty?: boolean;
}

interface Explorer extends PublicExplorerBase {
  search(from: string): Found | null;
  load(path: string): Found | null;
}

// The class is marked @internal, so its declaration file is empty; the constructor takes cosmiconfig's own InternalOptions.
const { ExplorerSync } = cosmiconfig as unknown as { ExplorerSync: new (options: object) => Explorer };

const text: LoaderSync = (path, content) => loadYaml(path, content, []);
const script: LoaderSync = (path) => loadModule(path);

// cosmiconfig takes the property `tracing` of what this returns.
const json: LoaderSync = (path, content) => {
  if (basename(path) !== 'package.json') return loadYaml(path, content, []);
  const loaded = loadYaml(path, content, ['tracing']);
  return loaded.ok && loaded.value === undefined ? {} : { tracing: loaded };
};

const LOADERS: Readonly<Record<string, LoaderSync>> = {
  noExt: text,
  '.tracingrc': text,
  '.yaml': text,
  '.yml': text,
  '.json': json,
  '.js': script,
  '.cjs': script,
  '.mjs': script,
  '.ts': script,
  '.cts': script,
  '.mts': script,
};

/** Loads the first of `places` in `folder` that holds a configuration; undefined if none does. */
export function loadFrom(folder: string, places: readonly string[]): LoadedFile | undefined {
  return toLoaded(createExplorer(places).search(folder));
}

/** Loads one file by its path. */
export function loadPath(path: string): LoadedFile {
  const ending = extname(path);
  if (ending !== '' && LOADERS[ending] === undefined) {
    const known = Object.keys(LOADERS).filter((name) => name.startsWith('.'));
    return { path, ok: false, line: undefined, reason: `has an unknown ending; use ${known.join(', ')} or none` };
  }
  const reason = 'has no tracing property';
  return toLoaded(createExplorer([]).load(path)) ?? { path, ok: false, line: undefined, reason };
}

function createExplorer(searchPlaces: readonly string[]): Explorer {
  return new ExplorerSync({
    moduleName: 'tracing',
    searchPlaces,
    loaders: LOADERS,
    searchStrategy: 'none',
    ignoreEmptySearchPlaces: false,
    cache: false,
    transform: (result: unknown) => result,
    metaConfigFilePath: null,
    mergeImportArrays: true,
    mergeSearchPlaces: true,
  });
}

function toLoaded(found: Found | null): LoadedFile | undefined {
  if (found === null) return undefined;
  if (found.config !== undefined) return found.config;
  const issues = [{ line: undefined, text: 'is empty', hidesUrls: false }];
  return { path: found.filepath, ok: true, value: null, issues, lineOf: () => undefined };
}
