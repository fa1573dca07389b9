// The tests of commands call them in their own process with this, where it makes no difference: a process for each would take most of the time.
import type { TestContext } from 'node:test';
import { main } from '../../src/cli/main.ts';

export interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Of the agent and of colours. */
const OURS = /^(?:OTEL_.*|LOGFIRE_.*|TRACING_.*|FORCE_COLOR|NO_COLOR|NODE_ENV)$/;

/** Runs the command line in a folder and an environment. One at a time: both belong to the process. */
export async function callMain(
  t: TestContext,
  args: readonly string[],
  { cwd = process.cwd(), env = {} }: CallOptions = {},
): Promise<Called> {
  const [folder, before] = [process.cwd(), { ...process.env }];
  const out = t.mock.method(console, 'log', () => {});
  const error = t.mock.method(console, 'error', () => {});
  const toText = ({ mock }: typeof out): string => mock.calls.map((call) => `${call.arguments.join(' ')}\n`).join('');
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) if (OURS.test(name)) delete process.env[name];
  Object.assign(process.env, env);
  try {
    const code = await main(args);
    return { code, stdout: toText(out), stderr: toText(error) };
  } finally {
    out.mock.restore();
    error.mock.restore();
    process.chdir(folder);
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}
