// Asked by agent.ts at the start: whether tracing may wait for the first thing that can be traced.
import { channel } from 'node:diagnostics_channel';
import { existsSync, fstatSync } from 'node:fs';
import { AGENT_CHANNEL } from './announce.ts';
import type { Config } from './config/config.ts';
import { toCredentialsFile } from './pipeline/logfire-credentials.ts';
import { isLogsOn } from './pipeline/logs-on.ts';
import { isMetricsOn } from './pipeline/metrics-on.ts';
import { isOtlpOn } from './pipeline/otlp-on.ts';
import type { Surroundings } from './tracing.ts';

/**
 * True for a service that sends its spans away and shows nothing: it pays for tracing when it listens or makes its first request, and a
 * program that does neither never does.
 */
export function mayStartLate(config: Config, { thread, lambda, cwd }: Surroundings): boolean {
  // A worker reports to its main thread, a function of Lambda may be frozen at any time, and `tracing doctor` wants to see all of it.
  if (thread !== undefined || lambda !== undefined || channel(AGENT_CHANNEL).hasSubscribers) return false;
  if (isMetricsOn(config) || config['metrics.runtime'] || isLogsOn(config) || config['logs.console']) return false;
  // A bundle of its own takes Node's timers when it is read, which must be before the program can replace them.
  if ((config['export.otlp.tracesProtocol'] ?? config['export.otlp.protocol']) === 'grpc') return false;
  // What they name is read at the start, and what is wrong with it is said.
  if (config['url.filter'] !== undefined || config['export.spool.dir'] !== undefined || hasCertificates(config))
    return false;
  // Of Logfire's credentials too, which a program that gives up its rights may not read later.
  const credentials = toCredentialsFile(config, cwd);
  if (credentials !== undefined && (config['export.logfire.enabled'] === true || existsSync(credentials))) return false;
  const isSent = isOtlpOn(config) || config['export.logfire.token'].length > 0;
  const isSilent = config['export.console'] === 'off' || config['export.console'] === 'auto';
  return isSent && isSilent && !isTerminal(2);
}

function hasCertificates(config: Config): boolean {
  return Object.entries(config).some(
    ([key, path]) => key.startsWith('export.otlp.certificates.') && path !== undefined,
  );
}

/**
 * @note Whether it may be one is asked first: node:tty loads half of Node's network. As `bigint`, since Node 22.18 takes what the last other stat
 * has found for the folder that it resolves: after a pipe, `require` follows no link (pnpm's) any more.
 */
function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd, { bigint: true }).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(fd);
  } catch {
    return false; // It is closed.
  }
}
