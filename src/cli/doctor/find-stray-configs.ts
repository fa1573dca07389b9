// Used by look.ts where no configuration was found: files that were probably meant to be one.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SEARCH_PLACES } from '../../config/find-places.ts';
import { findProject } from '../../config/find-project.ts';

/** A file that is not read, and where it would be. */
export interface StrayConfig {
  readonly path: string;
  readonly problem: 'name' | 'folder';
  /** The path under which it would be read. */
  readonly meant: string;
}

/** Names that people give to such a file. `tracing.js` is not among them: programs call their own set-up that. */
const LOOKS_LIKE_CONFIG = /^\.?tracing(?:[-_.]?rc)?(?:\.config)?(?:\.(?:json[c5]?|ya?ml|toml|ini|txt|[cm]?[jt]s))?$/i;
const OWN_SET_UP = /^tracing(?:\.[cm]?[jt]s)?$/;

const PLACES: ReadonlySet<string> = new Set(
  SEARCH_PLACES.filter((place) => !place.includes('/') && place !== 'package.json'),
);
const SUBFOLDERS = ['config', 'src', 'conf', 'etc', '.config'];
const MOST_PARENTS = 3;

/** Finds files with a wrong name where the search goes, and with a right one where it does not. */
export function findStrayConfigs(entry: string | undefined, cwd: string): readonly StrayConfig[] {
  const { folders } = findProject(entry, cwd);
  const [nearest = cwd] = folders;
  const top = folders.at(-1) ?? cwd;
  const misnamed = folders.flatMap((folder) =>
    list(folder)
      .filter((name) => !PLACES.has(name) && LOOKS_LIKE_CONFIG.test(name) && !OWN_SET_UP.test(name))
      .map((name): StrayConfig => ({
        path: join(folder, name),
        problem: 'name',
        meant: join(folder, toRightName(name)),
      })),
  );
  const others = [
    cwd,
    ...toParents(top),
    ...[top, cwd].flatMap((folder) => SUBFOLDERS.map((name) => join(folder, name))),
  ];
  const misplaced = [...new Set(others)]
    .filter((folder) => !folders.includes(folder))
    .flatMap((folder) =>
      list(folder)
        .filter((name) => PLACES.has(name))
        .map((name): StrayConfig => ({
          path: join(folder, name),
          problem: 'folder',
          meant: join(nearest === top ? nearest : top, name),
        })),
    );
  return [...misnamed, ...misplaced];
}

function toRightName(name: string): string {
  if (/\.config\.[cm]?[jt]s$/i.test(name))
    return `tracing.config${/\.[^.]+$/.exec(name)?.[0].replace(/m?ts$/, 'ts') ?? '.js'}`;
  const [ending = ''] = /\.(?:json|ya?ml)$/i.exec(name) ?? [];
  return `.tracingrc${ending.toLowerCase()}`;
}

function toParents(folder: string): readonly string[] {
  const parents: string[] = [];
  for (let at = dirname(folder); parents.length < MOST_PARENTS && at !== dirname(at); at = dirname(at))
    parents.push(at);
  return parents;
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
