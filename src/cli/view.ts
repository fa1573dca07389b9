// `tracing view`: the local trace viewer, until Ctrl-C. Its code is a file of its own, read when it is asked for.
import { readEnv } from '../config/read-env.ts';
import { readNotice } from '../viewer/protocol.ts';
import type { Viewer, ViewerOptions } from '../viewer/start-viewer.ts';
import { type Command, EXIT, UsageError, parse } from './command.ts';
import { loadViewer } from './load-viewer.ts';
import { openInBrowser } from './open-in-browser.ts';
import { readSituation } from './read-situation.ts';

export const DEFAULT_PORT = 4319;

export const view: Command = {
  help: `  npx tracing view
  npx tracing view --port 4320 --db traces.db

Shows the traces of every program on this machine in a browser, until Ctrl-C. Programs that are started with the agent,
and have no other destination configured, find it by themselves. It takes OTLP over HTTP and gRPC from any other.

Options
  --port <number>  ${DEFAULT_PORT} if not given; 0 for any that is free
  --db <file>      keeps the traces in a file, beyond this viewer
  --open           opens the page
`,
  async run(args) {
    const { values, positionals } = parse(args, {
      port: { type: 'string' },
      db: { type: 'string' },
      open: { type: 'boolean' },
    });
    if (positionals.length > 0) throw new UsageError('view takes no names: npx tracing view --port 4320');
    const port = readPort(values.port);
    const running = values.port === undefined && values.db === undefined ? readNotice(readEnv()) : undefined;
    if (running !== undefined) {
      const link = `${running.url}/#token=${running.token}`;
      console.error(`tracing: a viewer is running already\n  ${link}`);
      if (values.open === true) openInBrowser(link);
      return EXIT.done;
    }
    const viewer = await tryStart({ port, database: values.db, isAnnounced: true });
    if (viewer === undefined) return EXIT.failed;
    printViewer(viewer);
    if (values.open === true) openInBrowser(viewer.link);
    await untilStopped();
    viewer[Symbol.dispose]();
    return EXIT.done;
  },
};

/** Starts a viewer, or says in one line why it cannot be. */
export async function tryStart(
  options: Pick<ViewerOptions, 'port' | 'database' | 'isAnnounced'>,
): Promise<Viewer | undefined> {
  try {
    const { startViewer } = await loadViewer();
    return await startViewer({ ...options, redactor: readSituation(undefined).redactor, env: readEnv() });
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

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new UsageError(`--port is a number up to 65535, not ${text}`);
}
