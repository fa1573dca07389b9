// Called by read-file.ts: which of cosmiconfig's search places exist in a folder, and which of those it would pass over in silence.
// cosmiconfig pays an exception for every place that does not exist (21 a folder), so it is asked only where something does.
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** No configuration is bigger; a bigger file is an accident, or an attack. */
const MAX_BYTES = 1024 * 1024;

const ENDINGS = ['', '.json', '.yaml', '.yml', '.js', '.ts', '.cjs', '.mjs'];

/** The search places of cosmiconfig 10 for the name `tracing`, in its order. */
export const SEARCH_PLACES: readonly string[] = [
  'package.json',
  ...ENDINGS.map((ending) => `.tracingrc${ending}`),
  ...ENDINGS.map((ending) => `.config/tracingrc${ending}`),
  ...['.js', '.ts', '.cjs', '.mjs'].map((ending) => `tracing.config${ending}`),
];

/** The places of one folder that exist: those that can be loaded, and the others with the reason. */
export interface Places {
  readonly loadable: readonly string[];
  readonly broken: readonly { readonly path: string; readonly reason: string }[];
}

/** Looks at the search places of a folder; at its package.json only if that is known to have a configuration. */
export function findPlaces(folder: string, inPackage: boolean): Places {
  const loadable: string[] = [];
  const broken: { path: string; reason: string }[] = [];
  const subfolder = join(folder, '.config');
  const subfolderReason = findFolderReason(subfolder);
  if (subfolderReason !== undefined && subfolderReason !== 'absent') {
    broken.push({ path: subfolder, reason: subfolderReason });
  }
  for (const place of SEARCH_PLACES) {
    if (place === 'package.json' && !inPackage) continue;
    if (subfolderReason !== undefined && place.startsWith('.config/')) continue;
    const path = join(folder, place);
    const reason = findReason(path);
    if (reason === undefined) loadable.push(place);
    else if (reason !== 'absent') broken.push({ path, reason });
  }
  return { loadable, broken };
}

/** Why a file cannot be loaded: 'absent', a phrase for a report, or undefined if it can. */
export function findReason(path: string): string | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return 'absent';
    if (stats.isDirectory()) return 'is a folder, not a file';
    // Reading a pipe or a device would wait for ever.
    if (!stats.isFile()) return 'is not a regular file';
    if (stats.size > MAX_BYTES) return 'is larger than 1 MiB';
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return `cannot be read (${toCode(error)})`;
  }
}

/** The code of a system error, such as EACCES. */
export function toCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}

function findFolderReason(path: string): string | undefined {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return 'absent';
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return `cannot be opened (${toCode(error)})`;
  }
}
