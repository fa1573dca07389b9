// Called by read-config.ts: which folders are searched, and what the project's package.json says. Reads no configuration.
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPlainObject } from './describe.ts';

// package.json files are small; a bigger one is no reason to stop, but is not read.
const MAX_BYTES = 4 * 1024 * 1024;

/** The nearest package.json, as far as it concerns us. */
interface Package {
  readonly path: string;
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** It has a `tracing` property, or might have one: it cannot be parsed. */
  readonly hasConfig: boolean;
}

/** Where a program lives: the folders to search, nearest first, and its package.json. */
export interface Project {
  readonly folders: readonly string[];
  readonly package: Package | undefined;
}

/**
 * Finds the project of a program: from the folder of its entry file up to the nearest package.json. Without an entry, or if the entry
 * belongs to an installed package (`next start`), from the working directory. Where no package.json is found, parent folders are not
 * searched: in /tmp anybody could put a file for others to run.
 */
export function findProject(entry: string | undefined, cwd: string): Project {
  const start = toStart(entry, cwd);
  const own = start === undefined ? undefined : climb(start);
  if (own?.package !== undefined) return own;
  const working = climb(cwd);
  const nearest = start === undefined || start === cwd ? [] : [start];
  if (working.package !== undefined) return { folders: [...nearest, ...working.folders], package: working.package };
  return { folders: [...nearest, cwd], package: undefined };
}

function climb(start: string): Project {
  const folders: string[] = [];
  for (let folder = start; ; folder = dirname(folder)) {
    folders.push(folder);
    const found = readPackage(join(folder, 'package.json'));
    if (found !== undefined) return { folders, package: found };
    if (dirname(folder) === folder) return { folders, package: undefined };
  }
}

// The folder of the entry file; undefined where the entry does not tell.
function toStart(entry: string | undefined, cwd: string): string | undefined {
  if (entry === undefined || entry === '') return undefined;
  try {
    const path = resolve(cwd, entry.startsWith('file:') ? fileURLToPath(entry) : entry);
    const real = toRealPath(path);
    if (real.split(sep).includes('node_modules')) return undefined;
    return statSync(real, { throwIfNoEntry: false })?.isDirectory() === true ? real : dirname(real);
  } catch {
    return undefined;
  }
}

// `node app` runs app.js: the entry need not exist as it is written, but its folder does.
function toRealPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return join(realpathSync.native(dirname(path)), 'entry');
  }
}

function readPackage(path: string): Package | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() !== true) return undefined;
    if (stats.size > MAX_BYTES) return { path, name: undefined, version: undefined, hasConfig: false };
    return parsePackage(path, readFileSync(path, 'utf8'));
  } catch {
    return { path, name: undefined, version: undefined, hasConfig: false };
  }
}

function parsePackage(path: string, text: string): Package {
  try {
    const json: unknown = JSON.parse(text.replace(/^\uFEFF/u, ''));
    const content = isPlainObject(json) ? json : {};
    return {
      path,
      name: toText(content['name']),
      version: toText(content['version']),
      hasConfig: Object.hasOwn(content, 'tracing'),
    };
  } catch {
    return { path, name: undefined, version: undefined, hasConfig: /"tracing"\s*:/u.test(text) };
  }
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' && value.length <= 256 ? value.trim() : undefined;
}
