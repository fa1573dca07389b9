// The tests of commands run them with this in a pseudo-terminal, by `script` of util-linux.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

/** False where there is no `script`, or another one. */
export const hasTerminal: boolean = /util-linux/.test(
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '',
);

export interface TerminalOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Of the terminal; 100 if not given. */
  readonly columns?: number;
}

export interface Terminal {
  readonly child: ChildProcess;
  /** All that was printed, line ends as `\n`. */
  text(): string;
  /** Types on the keyboard; `\x03` is Ctrl-C. */
  type(keys: string): void;
  waitFor(wanted: RegExp): Promise<void>;
  /** The exit code; 128 + the number of the signal that it died of. */
  readonly exited: Promise<number | null>;
}

/** Starts `node` with arguments in a terminal of its own; the test ends it. */
export function startInTerminal(
  t: TestContext,
  args: readonly string[],
  { cwd, env = {}, columns = 100 }: TerminalOptions = {},
): Terminal {
  const unwanted = /^(?:NODE_.*|OTEL_.*|LOGFIRE_.*|TRACING_.*|FORCE_COLOR|NO_COLOR|CI)$/;
  const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name));
  const line = [process.execPath, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const child = spawn('script', ['-qefc', `stty cols ${columns}; exec ${line}`, '/dev/null'], {
    cwd,
    env: { ...Object.fromEntries(kept), TERM: 'xterm-256color', TRACING_VIEWER: 'off', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk.replaceAll('\r\n', '\n')));
  t.after(() => child.kill('SIGKILL'));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    exited,
    text: () => text,
    type: (keys) => void child.stdin.write(keys),
    waitFor: (wanted) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!wanted.test(text)) return;
          child.stdout.off('data', check);
          resolve();
        };
        child.stdout.on('data', check);
        exited.then(() => reject(new Error(`it did not print ${String(wanted)} but:\n${text}`)), reject);
        check();
      }),
  };
}

/** Runs to the end. */
export async function runInTerminal(
  t: TestContext,
  args: readonly string[],
  options?: TerminalOptions,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const terminal = startInTerminal(t, args, options);
  const code = await terminal.exited;
  return { code, text: terminal.text() };
}
