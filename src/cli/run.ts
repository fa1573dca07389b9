// `tracing run -- <command>`: any command, with the agent in front of each Node.js process that it starts.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { readEnv } from '../config/read-env.ts';
import { type Command, UsageError, toHint } from './command.ts';
import { toStartOptions } from './start-options.ts';

/** What a shell answers for a command that it cannot find or start. */
const NOT_FOUND = 127;
const NOT_STARTED = 126;

/** Passed on when this process alone gets them. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
/** A terminal sends these to every process in front of it, the command too: passed on, they would reach it twice. */
const FROM_KEYBOARD = ['SIGINT', 'SIGQUIT'] as const;

export const run: Command = {
  help: `  npx tracing run -- node app.js
  npx tracing run -- npm start
  npx tracing run 'npm run build && npm start'     one text is a line for the shell
  npx tracing run --view -- node app.js            shows its traces in a browser

Starts the command with the agent in NODE_OPTIONS. Its input, output, terminal and signals are its own, and so are its
exit code and the signal that it dies of. npm, pnpm, yarn and npx are not traced, what they start is.

Options
  --view  starts a viewer beside the command, unless one is running; in a terminal it stays until Ctrl-C
`,
  async run(args) {
    const isViewed = args[0] === '--view';
    const rest = isViewed ? args.slice(1) : args;
    const [command, ...parameters] = rest[0] === '--' ? rest.slice(1) : rest;
    if (command === undefined) throw new UsageError('run needs a command: npx tracing run -- node app.js');
    if (command.startsWith('-')) {
      const hint = toHint(command.replace(/^-+/, ''), ['help', 'view'], '--');
      throw new UsageError(
        `run has no option ${command}${hint}; a command comes behind --: npx tracing run -- node app.js`,
      );
    }
    const viewed = isViewed ? await (await import('./viewed.ts')).startViewed() : undefined;
    const ending = await start(command, parameters);
    await viewed?.end(ending);
    // Who waits for this process sees the signal as if there were no process in between.
    if (ending.signal !== null && !DUMPS_CORE.has(ending.signal)) process.kill(process.pid, ending.signal);
    return ending.code;
  },
};

/** How the command ended. */
export interface Ending {
  /** Its exit code; 128 and the signal's number where it died of one. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
  /** Whether somebody told it to end. */
  readonly isStopped: boolean;
}

function start(command: string, args: readonly string[]): Promise<Ending> {
  const env = readEnv();
  const preload = new URL('preload.cjs', import.meta.url).href;
  const child = spawn(command, args, {
    ...toStartOptions(command, args),
    stdio: 'inherit',
    env: { ...env, NODE_OPTIONS: [env['NODE_OPTIONS'], `--import ${preload}`].filter(Boolean).join(' ') },
  });
  const forwarding = forwardSignals(child);
  return new Promise((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'command not found' : (error.code ?? error.message);
      console.error(`tracing: ${command}: ${reason}`);
      forwarding.stop();
      resolve({ code: error.code === 'ENOENT' ? NOT_FOUND : NOT_STARTED, signal: null, isStopped: false });
    });
    child.on('exit', (code, signal) => {
      const isStopped = forwarding.stop();
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), signal, isStopped });
    });
  });
}

/** The command has left what there is to see; a second core, of ours, would hide it. */
const DUMPS_CORE: ReadonlySet<string> = new Set([
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
]);

/** Until it is stopped; that tells whether one of the signals asked the command to end. */
function forwardSignals(child: ChildProcess): { stop(): boolean } {
  const hasKeyboard = [0, 1, 2].some((descriptor) => isatty(descriptor));
  let isStopped = false;
  const note = (signal: NodeJS.Signals): void => void (isStopped ||= !FOR_PROGRAMS.has(signal));
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const signals = [...FORWARDED, ...FROM_KEYBOARD];
  for (const signal of signals) process.on(signal, note);
  for (const signal of hasKeyboard ? FORWARDED : signals) process.on(signal, forward);
  return {
    stop() {
      for (const signal of signals) {
        process.removeListener(signal, note);
        process.removeListener(signal, forward);
      }
      return isStopped;
    },
  };
}

/** What they mean is a program's own affair. */
const FOR_PROGRAMS: ReadonlySet<string> = new Set(['SIGUSR1', 'SIGUSR2']);
