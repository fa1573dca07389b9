// Called by agent.ts for the workers of the program: the variables that they are to share with the main thread.
import type { Env, Option } from './option.ts';
import { options } from './options.ts';

const rows: Readonly<Record<string, Option>> = options;

/** Ours that belong to no option. */
const OTHERS = ['TRACING_CONFIG', 'TRACING_THROW_INTERNAL_ERRORS'];

/**
 * Those that say what is recorded and what is hidden. Not where it is sent: a worker sends nothing, and one that is started without the
 * environment is to find no key of it.
 */
export function readThreadEnv(env: Env): Env {
  const shared = new Set(OTHERS);
  const kept = new Set<string>();
  for (const [key, row] of Object.entries(rows)) {
    const isShared = row.secret !== true && !key.startsWith('export.') && !key.startsWith('metrics.');
    for (const { name } of row.env ?? []) (isShared ? shared : kept).add(name);
  }
  const found: Record<string, string> = {};
  for (const name of shared) {
    const value = env[name];
    if (value !== undefined && !kept.has(name)) found[name] = value;
  }
  return found;
}
