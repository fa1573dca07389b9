// Called by read-config.ts: finds the config file of a project and loads it.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { findPlaces, findReason } from './find-places.ts';
import type { Project } from './find-project.ts';
import type * as loader from './load-file.ts';
import type { LoadedFile } from './loaded-file.ts';

/** The files that were met, in the order of the search; the last one is the configuration if it is `ok`. */
export function readFile(project: Project, named: string | undefined, cwd: string): readonly LoadedFile[] {
  if (named === 'none') return [];
  if (named !== undefined) return [readNamed(resolve(cwd, named))];

  const met: LoadedFile[] = [];
  for (const folder of project.folders) {
    const { path, hasConfig } = project.package ?? { path: '', hasConfig: false };
    const { loadable, broken } = findPlaces(folder, hasConfig && path === join(folder, 'package.json'));
    for (const { path, reason } of broken) met.push({ path, ok: false, line: undefined, reason });
    if (loadable.length === 0) continue;
    const loaded = load(join(folder, loadable[0] ?? ''), (loader) => loader.loadFrom(folder, loadable));
    if (loaded !== undefined) return [...met, loaded];
  }
  return met;
}

function readNamed(path: string): LoadedFile {
  const reason = findReason(path);
  if (reason === undefined) return load(path, (loader) => loader.loadPath(path));
  return { path, ok: false, line: undefined, reason: reason === 'absent' ? 'does not exist' : reason };
}

type Loader = typeof loader;

function load<T extends LoadedFile | undefined>(path: string, use: (loader: Loader) => T): T | LoadedFile {
  try {
    // The build makes load-file a second file beside the preload; run from source, it is the TypeScript file.
    const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.cjs';
    return use(createRequire(import.meta.url)(`./load-file${ending}`) as Loader);
  } catch {
    return { path, ok: false, line: undefined, reason: 'cannot be loaded' };
  }
}
