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

Starts the command with the agent in NODE_OPTIONS. Its input, output, terminal and signals are its own, and so are its
exit code and the signal that it dies of. npm, pnpm, yarn and npx are not traced, what they start is.
`,
  run(args) {
    const [command, ...rest] = args[0] === '--' ? args.slice(1) : args;
    if (command === undefined) throw new UsageError('run needs a command: npx tracing run -- node app.js');
    if (command.startsWith('-')) {
      const hint = toHint(command.replace(/^-+/, ''), ['help'], '--');
      throw new UsageError(
        `run has no option ${command}${hint}; a command comes behind --: npx tracing run -- node app.js`,
      );
    }
    return start(command, rest);
  },
};

function start(command: string, args: readonly string[]): Promise<number> {
  const env = readEnv();
  const preload = new URL('preload.cjs', import.meta.url).href;
  const child = spawn(command, args, {
    ...toStartOptions(command, args),
    stdio: 'inherit',
    env: { ...env, NODE_OPTIONS: [env['NODE_OPTIONS'], `--import ${preload}`].filter(Boolean).join(' ') },
  });
  const stopForwarding = forwardSignals(child);
  return new Promise((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'command not found' : (error.code ?? error.message);
      console.error(`tracing: ${command}: ${reason}`);
      resolve(error.code === 'ENOENT' ? NOT_FOUND : NOT_STARTED);
    });
    child.on('exit', (code, signal) => {
      stopForwarding();
      // Who waits for this process sees the signal as if there were no process in between.
      if (signal !== null && !DUMPS_CORE.has(signal)) process.kill(process.pid, signal);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
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

function forwardSignals(child: ChildProcess): () => void {
  const hasKeyboard = [0, 1, 2].some((descriptor) => isatty(descriptor));
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const wait = (): void => {};
  for (const signal of FORWARDED) process.on(signal, forward);
  for (const signal of FROM_KEYBOARD) process.on(signal, hasKeyboard ? wait : forward);
  return () => {
    for (const signal of [...FORWARDED, ...FROM_KEYBOARD]) {
      process.removeListener(signal, forward);
      process.removeListener(signal, wait);
    }
  };
}
