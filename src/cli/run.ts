// `tracing run -- <command>`: any command, with the agent in front of each Node.js process that it starts.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { readEnv } from '../config/read-env.ts';
import { readNotice } from '../viewer/protocol.ts';
import { DEFAULT_PORT, printViewer, tryStart, untilStopped } from './view.ts';

const WRONG_USAGE = 2;
/** What a shell answers for a command that it cannot find or start. */
const NOT_FOUND = 127;
const NOT_STARTED = 126;
/** And beyond this for one that a signal ended. */
const SIGNAL = 128;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/** With `--view` first: a viewer beside the command, unless one runs already. */
export async function run(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first !== '--view') return runCommand(args);
  const viewer =
    readNotice(readEnv()) === undefined
      ? await tryStart({ port: DEFAULT_PORT, database: undefined, isAnnounced: true })
      : undefined;
  if (viewer !== undefined) printViewer(viewer);
  const code = await runCommand(rest);
  // A short program is over before its traces are read. Whoever stopped it himself wants the viewer stopped as well.
  if (viewer !== undefined && code < SIGNAL && process.stderr.isTTY) {
    console.error(`tracing: the command ended with ${code}; Ctrl-C ends the viewer\n  ${viewer.link}`);
    await untilStopped();
  }
  viewer?.[Symbol.dispose]();
  return code;
}

/** Starts the command; resolves with its exit code, 128 + the number of the signal it died of, or 2 for wrong usage. */
function runCommand(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args[0] === '--' ? args.slice(1) : args;
  if (command === undefined || command.startsWith('-')) {
    console.error('tracing: run needs a command: npx tracing run -- node app.js');
    return Promise.resolve(WRONG_USAGE);
  }
  const env = readEnv();
  const preload = new URL('preload.cjs', import.meta.url).href;
  // The terminal's own Ctrl-C reaches the child too; what is sent to this process alone is passed on.
  const child = spawn(command, rest, {
    stdio: 'inherit',
    env: { ...env, NODE_OPTIONS: [env['NODE_OPTIONS'], `--import ${preload}`].filter(Boolean).join(' ') },
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  return new Promise((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'command not found' : (error.code ?? error.message);
      console.error(`tracing: ${command}: ${reason}`);
      resolve(error.code === 'ENOENT' ? NOT_FOUND : NOT_STARTED);
    });
    child.on('exit', (code, signal) => resolve(code ?? SIGNAL + (signal === null ? 0 : constants.signals[signal])));
  });
}
