// Used by the probe: has the configuration looked at, and the destinations tried, in the environment that the program has; by a process of its
// own, so that neither waits for the other.
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { readEnv } from '../../config/read-env.ts';
import { REPORT_FOLDER } from './report.ts';

/** The name of the command, which no help shows. */
export const LOOK_COMMAND = '__look';

/** Flags that decide how a connection is made; the others are the program's alone. */
const OF_CONNECTIONS =
  /^--(?:use-(?:system|openssl|bundled)-ca|tls-[\w.-]+|dns-result-order=\w+|no-network-family[\w-]*|use-env-proxy)$/;

/** Starts the look; what it finds is written to `look-<pid>.json` in the folder. */
export function startLook(folder: string, entry: string | undefined): void {
  const { NODE_OPTIONS = '', [REPORT_FOLDER]: _, ...env } = readEnv();
  const flags = [...NODE_OPTIONS.split(/\s+/), ...process.execArgv].filter((flag) => OF_CONNECTIONS.test(flag));
  const output = openSync(join(folder, `look-${process.pid}.json`), 'w', 0o600);
  const child = spawn(
    process.execPath,
    [...flags, join(__dirname, '../bin/tracing.js'), LOOK_COMMAND, ...(entry === undefined ? [] : [entry])],
    { env, stdio: ['ignore', output, 'ignore'], detached: true },
  );
  child.on('error', () => {});
  child.unref();
}
