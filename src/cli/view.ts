// `tracing view`: the local trace viewer, until Ctrl-C. Its code is a file of its own, read when it is asked for.
import { parseArgs } from 'node:util';
import { readEnv } from '../config/read-env.ts';
import { readNotice } from '../viewer/protocol.ts';
import type { Viewer, ViewerOptions } from '../viewer/start-viewer.ts';
import { createCliRedactor } from './cli-redactor.ts';
import { loadViewer } from './load-viewer.ts';
import { openInBrowser } from './open-in-browser.ts';

const FAILED = 1;
const WRONG_USAGE = 2;
export const DEFAULT_PORT = 4319;

/** Resolves with the exit code when the viewer is stopped. */
export async function view(args: readonly string[]): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { port: { type: 'string' }, db: { type: 'string' }, open: { type: 'boolean' } },
    }));
  } catch (error) {
    console.error(`tracing: ${error instanceof Error ? error.message : String(error)}`);
    return WRONG_USAGE;
  }
  const port = readPort(values.port);
  if (port === undefined) {
    console.error(`tracing: --port: expected a number up to 65535, got ${values.port}`);
    return WRONG_USAGE;
  }
  const running = values.port === undefined && values.db === undefined ? readNotice(readEnv()) : undefined;
  if (running !== undefined) {
    const link = `${running.url}/#token=${running.token}`;
    console.error(`tracing: a viewer is running already\n  ${link}`);
    if (values.open) openInBrowser(link);
    return 0;
  }
  const viewer = await tryStart({ port, database: values.db, isAnnounced: true });
  if (viewer === undefined) return FAILED;
  printViewer(viewer);
  if (values.open) openInBrowser(viewer.link);
  await untilStopped();
  viewer[Symbol.dispose]();
  return 0;
}

/** Starts a viewer, or says in one line why it cannot be. */
export async function tryStart(
  options: Pick<ViewerOptions, 'port' | 'database' | 'isAnnounced'>,
): Promise<Viewer | undefined> {
  try {
    const { startViewer } = await loadViewer();
    return await startViewer({ ...options, redactor: createCliRedactor(), env: readEnv() });
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const reason = error instanceof Error ? error.message : String(error);
    console.error(
      `tracing: ${isTaken ? `port ${options.port} is taken: tracing view --port <number>, 0 for any that is free` : reason}`,
    );
    return undefined;
  }
}

/** The lines that say where the viewer is. */
export function printViewer({ link, ports }: Viewer): void {
  const [main, ...others] = ports;
  console.error(`tracing viewer  ready\n  open   ${link}`);
  console.error(`  OTLP   http://127.0.0.1:${main}${others.map((port) => `, :${port}`).join('')} (HTTP and gRPC)`);
  console.error('  Programs started with the agent, and nothing else configured, send here. Ctrl-C ends it.');
}

/** Resolves at the first signal that asks the process to end. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
}
