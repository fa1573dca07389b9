// Called by config, url and doctor: the configuration as the agent would read it here, with what hides secrets in it.
import { resolve } from 'node:path';
import type { ConfigResult } from '../config/read-config.ts';
import { readConfig } from '../config/read-config.ts';
import { readEnv } from '../config/read-env.ts';
import type { Redactor } from '../redaction/create-redactor.ts';
import { readWorkingDirectory } from '../standing.ts';
import { createRedactors } from '../url-rules/create-redactors.ts';

/** What a command knows before it begins. */
export interface Situation extends ConfigResult {
  readonly cwd: string;
  /** Of what is recorded. */
  readonly redactor: Redactor;
  /** Of what is said to the person who mends the configuration. */
  readonly plain: Redactor;
}

/** The option of every command that reads the configuration. */
export const ENTRY_OPTION = { entry: { type: 'string' } } as const;

/** Reads the configuration for a program, or for the working directory. */
export function readSituation(entry: string | undefined): Situation {
  const cwd = readWorkingDirectory();
  const result = readConfig({ env: readEnv(), entry: entry === undefined ? undefined : resolve(cwd, entry), cwd });
  return { ...result, ...createRedactors(result.config, result.urlHidden), cwd };
}
