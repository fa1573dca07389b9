// Integration tests run real programs with this: in a clean environment, with or without the agent, and never leave one behind.
import { spawn, type ChildProcess, type Serializable } from 'node:child_process';
import { resolve as resolvePath } from 'node:path';
import { fileURLToPath } from 'node:url';

const preload = new URL('../../dist/preload.cjs', import.meta.url);

/** The folder of the fixture programs; a `program` without a leading `/` is looked up there. */
export const appsFolder: string = fileURLToPath(new URL('../fixtures/apps/', import.meta.url));
/** `node --import <built preload>`. */
export const agentFlags: readonly string[] = ['--import', preload.href];
/** The same, with an agent that waits for the endpoint of its last spans however busy the machine is; not for tests of how long it waits. */
export const patientFlags: readonly string[] = [
  '--require',
  fileURLToPath(new URL('patient.cjs', import.meta.url)),
  ...agentFlags,
];
/** `node --require <built preload>`. */
export const agentRequireFlags: readonly string[] = ['--require', fileURLToPath(preload)];

/** What node runs: a file, the text of `node -e`, or neither (a REPL, or a program on stdin). */
export type ProgramSource =
  | { program: string; code?: never }
  | { code: string; program?: never }
  | { program?: never; code?: never };

export type ProgramOptions = ProgramSource & {
  /** Of node: `agentFlags`, `--input-type=module`, … */
  flags?: readonly string[];
  args?: readonly string[];
  /** Added to the clean environment; undefined removes a name. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /** The node binary; the one that runs the test if not given. */
  node?: string;
  /** Written to stdin, which then ends. Without it, stdin is empty. */
  input?: string;
  /** runProgram: for the whole run. startProgram: until it is ready. Default 60 000. */
  timeoutMillis?: number;
  /** startProgram: from kill() to the exit; `timeoutMillis` if not given. */
  graceMillis?: number;
};

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** From spawn to exit. */
  millis: number;
}

export interface RunningProgram extends AsyncDisposable {
  /** Of the ready message; 0 if it names none. */
  port: number;
  /** All the ready message said. */
  ready: Record<string, unknown>;
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves once stdout or stderr has what is looked for; rejects, with what it printed, when it exits or `timeoutMillis` pass before. */
  waitForOutput(wanted: RegExp): Promise<void>;
  /** Sends an IPC message. */
  send(message: Serializable): void;
  /** Sends a signal (SIGTERM) and resolves with the exit; a program that outlives `graceMillis` is killed and exits by SIGKILL. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  exited: Promise<Exit>;
}

/** Only a program that hangs takes this long, however busy the machine is. */
const DEFAULT_TIMEOUT_MILLIS = 60_000;
const OUTPUT_GRACE_MILLIS = 500;

/** Runs a program to its end. Rejects, with what it printed, when `timeoutMillis` pass; by then it is killed. */
export async function runProgram(options: ProgramOptions): Promise<Exit> {
  const running = launch(options, false);
  const timeoutMillis = options.timeoutMillis ?? DEFAULT_TIMEOUT_MILLIS;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    running.killAll();
  }, timeoutMillis);
  const exit = await running.exited.finally(() => clearTimeout(timer));
  if (late) throw new Error(`${running.title} still ran after ${timeoutMillis} ms\n${printed(exit)}`);
  return exit;
}

/**
 * Starts a server and resolves when it says it is ready: by an IPC message that is an object, or by a line `ready <json>` on stdout.
 * Rejects, with what it printed, when it exits before or `timeoutMillis` pass. `ipc: false` starts it without an IPC channel.
 * `const program = await closeAfter(t, startProgram(…))` kills it at the end of the test.
 */
export async function startProgram(options: ProgramOptions & { ipc?: boolean }): Promise<RunningProgram> {
  const { child, title, output, exited, killAll } = launch(options, options.ipc ?? true);
  const timeoutMillis = options.timeoutMillis ?? DEFAULT_TIMEOUT_MILLIS;

  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const timer = setTimeout(() => {
      killAll();
      reject(new Error(`${title} was not ready after ${timeoutMillis} ms\n${printed(output)}`));
    }, timeoutMillis);
    const settle = (message: unknown): void => {
      clearTimeout(timer);
      child.off('message', settle);
      child.stdout?.off('data', readLine);
      resolve(typeof message === 'object' && message !== null ? { ...message } : {});
    };
    // Registered after the collector in launch(), so output.stdout already holds the chunk.
    const readLine = (): void => {
      const line = /^ready (\{.*\})\r?\n/m.exec(output.stdout)?.[1];
      if (line !== undefined) settle(JSON.parse(line));
    };
    child.on('message', settle);
    child.stdout?.on('data', readLine);
    exited
      .finally(() => clearTimeout(timer))
      .then((exit) => {
        reject(new Error(`${title} ended with ${exit.code ?? exit.signal} before it was ready\n${printed(exit)}`));
      }, reject);
  });

  const waitForOutput = async (wanted: RegExp): Promise<void> => {
    const finished = new AbortController();
    const { signal } = finished;
    const isThere = (): boolean => wanted.test(output.stdout) || wanted.test(output.stderr);
    const came = new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (isThere()) resolve();
      };
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', check);
        signal.addEventListener('abort', () => stream?.off('data', check));
      }
      const fail = (): void => reject(new Error(`${title} did not print ${String(wanted)}\n${printed(output)}`));
      const timer = setTimeout(fail, timeoutMillis);
      signal.addEventListener('abort', () => clearTimeout(timer));
      void exited.finally(fail).catch(() => {});
      check();
    });
    await came.finally(() => finished.abort());
  };
  const kill = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> => {
    child.kill(signal);
    const timer = setTimeout(killAll, options.graceMillis ?? timeoutMillis);
    const exit = await exited;
    clearTimeout(timer);
    return exit;
  };
  return {
    port: typeof ready['port'] === 'number' ? ready['port'] : 0,
    ready,
    child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    waitForOutput,
    send: (message) => void child.send(message),
    kill,
    exited,
    async [Symbol.asyncDispose]() {
      killAll();
      await exited;
    },
  };
}

/**
 * The environment of this process without what would change a traced program: Node's, OpenTelemetry's, ours, colours, proxies. A viewer that
 * whoever runs the tests has open is not found, unless a test sets TRACING_VIEWER itself.
 */
function cleanEnvironment(changes: ProgramOptions['env'] = {}): NodeJS.ProcessEnv {
  const unwanted =
    /^(?:NODE_.*|OTEL_.*|LOGFIRE_.*|TRACING_.*|FORCE_COLOR|NO_COLOR|BACKEND|PORT|(?:https?|no|all)_proxy)$/i;
  const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name));
  return { ...Object.fromEntries(kept), TRACING_VIEWER: 'off', ...changes };
}

const leftovers = new Set<() => void>();
process.once('exit', () => {
  for (const killAll of leftovers) killAll();
});

interface Launched {
  child: ChildProcess;
  title: string;
  output: { stdout: string; stderr: string };
  exited: Promise<Exit>;
  killAll: () => void;
}

function launch(options: ProgramOptions, ipc: boolean): Launched {
  const { program, code, flags = [], args = [], input } = options;
  const source = program !== undefined ? [resolvePath(appsFolder, program)] : code !== undefined ? ['-e', code] : [];
  const startMillis = performance.now();
  const child = spawn(options.node ?? process.execPath, [...flags, ...source, ...args], {
    cwd: options.cwd,
    env: cleanEnvironment(options.env),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    // A process group of its own, so that programs which the program starts are killed with it.
    detached: true,
  });
  const killAll = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // ESRCH: all of them are gone already.
    }
  };
  leftovers.add(killAll);

  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  // EPIPE of a program that does not read its input is no failure of the test.
  child.stdin?.on('error', () => {}).end(input);

  const exited = new Promise<Exit>((resolve, reject) => {
    let millis = 0;
    child.once('error', (error) => {
      leftovers.delete(killAll);
      reject(error);
    });
    child.once('exit', () => {
      millis = performance.now() - startMillis;
      // Output still in the pipe comes before 'close'; a grandchild that holds the pipe open would delay it for ever.
      const grace = setTimeout(killAll, OUTPUT_GRACE_MILLIS);
      child.once('close', () => clearTimeout(grace));
    });
    child.once('close', (exitCode, signal) => {
      killAll();
      leftovers.delete(killAll);
      resolve({ code: exitCode, signal, ...output, millis });
    });
  });
  // Whoever awaits it gets the rejection; nobody has to.
  exited.catch(() => {});
  return { child, title: [...flags, ...source, ...args].join(' '), output, exited, killAll };
}

const printed = ({ stdout, stderr }: { stdout: string; stderr: string }): string =>
  `stdout: ${stdout}\nstderr: ${stderr}`;
