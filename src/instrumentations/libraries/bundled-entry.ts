// Called by agent.ts: says why there are no spans of libraries, where a bundler has put them into the program's own file.
import { basename } from 'node:path';
import type { DiagLogger } from '@opentelemetry/api';
import { libraries } from './table.ts';

export interface BundledEntryOptions {
  /** The program's main file. */
  readonly entry: string;
  /** Whether any library has been asked for by its name. */
  readonly hasSeen: () => boolean;
  readonly log: Pick<DiagLogger, 'warn'>;
}

/** Long after everything that a program loads at its start is loaded, long before a person gives up looking for spans. */
const DELAY_MILLIS = 1000;
/** A program with a library inside is larger than most that a person writes, and than anything worth a look. */
const MIN_BYTES = 50_000;
const MAX_BYTES = 50_000_000;
/** esbuild, rollup, rolldown and webpack leave the path of every module beside it, unless they minify. */
const MODULE_PATH = /node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//g;

/** The libraries whose code is in a file that is a bundle; none for a file that a person wrote. Rejects where it cannot be read. */
export async function findBundledLibraries(file: string): Promise<readonly string[]> {
  // Only now: few programs have use for it, and every start would load it.
  const { readFile, stat } = process.getBuiltinModule('node:fs').promises;
  const { size } = await stat(file);
  if (size < MIN_BYTES || size > MAX_BYTES) return [];
  const names = new Set(libraries.flatMap(({ modules }) => Object.keys(modules)));
  const source = await readFile(file, 'latin1');
  const found = [...source.matchAll(MODULE_PATH)].map(([, name = '']) => name).filter((name) => names.has(name));
  return [...new Set(found)];
}

/** Looks into the main file once, if no library was met; one line names those that are in it. */
export function reportBundledEntry({ entry, hasSeen, log }: BundledEntryOptions): Disposable {
  async function look(): Promise<void> {
    const found = await findBundledLibraries(entry);
    if (found.length === 0) return;
    log.warn(
      `${found.join(', ')} cannot be traced inside the bundle ${basename(entry)}; keep packages outside of it (esbuild: --packages=external)`,
    );
  }

  const timer = setTimeout(() => {
    // An entry that cannot be read is no concern of ours.
    if (!hasSeen()) look().catch(() => {});
  }, DELAY_MILLIS);
  timer.unref();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
