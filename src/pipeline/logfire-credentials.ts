// Asked by logfire.ts, and at the start by may-start-late.ts: where a project's token for Logfire lies when no token is configured.
import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';

/** What Logfire's own command line writes for a project. */
const CREDENTIALS_FILE = 'logfire_credentials.json';

/** The file to look into, which need not be there; undefined where none is wanted. */
export function toCredentialsFile(config: Config, cwd: string): string | undefined {
  if (config['export.logfire.enabled'] === false || config['export.logfire.token'].length > 0) return undefined;
  return resolve(cwd, config['export.logfire.credentialsDir'], CREDENTIALS_FILE);
}
