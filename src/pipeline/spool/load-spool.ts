// Called by start-pipeline.ts: the spool where a folder is named, and not a file of it read where none is.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import { reportInternalError } from '../../log/guard.ts';
import type * as startSpoolModule from './start-spool.ts';
import type { SpoolOfProcess } from './start-spool.ts';

/** Opens nothing yet; undefined where `export.spool.dir` names no folder. */
export function loadSpool(config: Config, cwd: string): SpoolOfProcess | undefined {
  const dir = config['export.spool.dir'];
  if (dir === undefined) return undefined;
  try {
    return load().startSpool({
      dir: resolve(cwd, dir),
      maxBytes: config['export.spool.maxBytes'],
      maxAgeMillis: config['export.spool.maxAgeMillis'],
    });
  } catch (error) {
    reportInternalError('the start of the spool', error);
    return undefined;
  }
}

/** The build makes it a file beside the agent's; run from source, it is the TypeScript file. */
function load(): typeof startSpoolModule {
  const path = import.meta.url.endsWith('.ts') ? './start-spool.ts' : './spool.cjs';
  return createRequire(import.meta.url)(path) as typeof startSpoolModule;
}
