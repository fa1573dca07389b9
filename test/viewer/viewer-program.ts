// Tests of the viewer as a program start it with this: `tracing view` in a runtime folder of its own, so that nobody else's agents find it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TraceList } from '../../src/viewer/model.ts';
import { type ViewerNotice, readNotice } from '../../src/viewer/protocol.ts';
import { type Launched, launchProgram } from './launch-program.ts';

export const tracing = fileURLToPath(new URL('../../bin/tracing.js', import.meta.url));

/** Only what never comes takes this long, however busy the machine is. */
const TIMEOUT_MILLIS = 60_000;

/** A folder for XDG_RUNTIME_DIR that is gone when the test is over. */
export function makeRuntimeFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'viewer-run-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Of programs that look for a viewer, and find none but those of this test. */
export const makeViewerEnv = (t: Pick<TestContext, 'after'>): Readonly<Record<string, string>> => ({
  XDG_RUNTIME_DIR: makeRuntimeFolder(t),
  TRACING_VIEWER: 'on',
});

export interface ViewerProgram extends ViewerNotice {
  readonly program: Launched;
  /** For programs that are to find it. */
  readonly env: Readonly<Record<string, string>>;
  /** Opens the page. */
  readonly link: string;
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Resolves with the traces of a query once there are so many; asks again and again until then. */
  waitForTraces(query: string, count?: number): Promise<TraceList['traces']>;
}

/** Starts a viewer on a port of its own; it is stopped when the test is over. */
export async function startViewerProgram(
  t: Pick<TestContext, 'after'>,
  args: readonly string[] = [],
): Promise<ViewerProgram> {
  const env = makeViewerEnv(t);
  const program = launchProgram(t, { program: tracing, args: ['view', '--port', '0', ...args], env });
  await program.waitForOutput(/Ctrl-C/);
  const notice = readNotice(env);
  if (notice === undefined) throw new Error(`no viewer has announced itself\n${program.output()}`);
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${notice.url}${path}`, { ...init, headers: { authorization: `Bearer ${notice.token}` } });
  return {
    ...notice,
    program,
    env,
    link: `${notice.url}/#token=${notice.token}`,
    ask,
    async waitForTraces(query, count = 1) {
      for (const startMillis = Date.now(); ;) {
        const { traces } = (await (await ask(`/api/traces?query=${encodeURIComponent(query)}`)).json()) as TraceList;
        if (traces.length >= count) return traces;
        if (Date.now() - startMillis > TIMEOUT_MILLIS)
          throw new Error(
            `${traces.length} of ${count} traces match ${query}\n${await (await ask('/api/traces')).text()}`,
          );
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
  };
}
