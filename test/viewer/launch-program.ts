// Tests of commands that go on until they are stopped use this: run-program.ts waits for programs that say they are ready, these say so in words.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

export interface Launched {
  readonly child: ChildProcess;
  /** All of stdout and stderr until now. */
  output(): string;
  /** Resolves with what was found; rejects, with what it printed, when the program ends before. */
  waitForOutput(wanted: RegExp): Promise<RegExpExecArray>;
  /** Sends SIGINT, as Ctrl-C does, and resolves with the exit code. */
  stop(): Promise<number | null>;
}

export interface LaunchOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Only what never comes takes this long, however busy the machine is. */
const TIMEOUT_MILLIS = 60_000;

/** Starts a program in a clean environment; it is killed when the test is over. */
export function launchProgram(t: Pick<TestContext, 'after'>, { program, args, env }: LaunchOptions): Launched {
  const clean = Object.entries(process.env).filter(
    ([name]) => !/^(?:NODE_|OTEL_|LOGFIRE_|TRACING_|FORCE_COLOR)/.test(name),
  );
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...Object.fromEntries(clean), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const checks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const check of checks) check();
    });
  }
  const exited = once(child, 'exit') as Promise<[number | null]>;
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return {
    child,
    output: () => text,
    waitForOutput: (wanted) =>
      new Promise((resolve, reject) => {
        const fail = (why: string): void => reject(new Error(`${args.join(' ')} ${why}\n${text}`));
        const timer = setTimeout(() => fail(`did not print ${String(wanted)}`), TIMEOUT_MILLIS);
        const check = (): void => {
          const found = wanted.exec(text);
          if (found === null) return;
          clearTimeout(timer);
          resolve(found);
        };
        checks.add(check);
        void exited.then(([code]) => {
          clearTimeout(timer);
          fail(`ended with ${code}`);
        });
        check();
      }),
    async stop() {
      child.kill('SIGINT');
      const [code] = await exited;
      return code;
    },
  };
}
