// Called by `tracing tail` and `tracing trace`: finds the viewer that runs and asks its API.
import { readEnv } from '../config/read-env.ts';
import { decideColor } from '../exporters/console/decide-color.ts';
import { type ViewerNotice, readNotice } from '../viewer/protocol.ts';
import { EXIT } from './command.ts';

/** Why a command cannot go on, for a person. */
export class NoAnswer extends Error {}

/** Throws NoAnswer when no viewer runs. */
export function findViewer(): ViewerNotice {
  const notice = readNotice(readEnv());
  if (notice === undefined) throw new NoAnswer('no viewer is running: npx tracing view');
  return notice;
}

/** Asks the API; throws NoAnswer with what the viewer says is wrong. */
export async function askViewer({ url, token }: ViewerNotice, path: string): Promise<Response> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } }).catch(() => {
    throw new NoAnswer(`the viewer at ${url} does not answer`);
  });
  if (response.ok) return response;
  const { error } = (await response.json()) as {
    readonly error: { readonly message: string; readonly column?: number };
  };
  const at = error.column === undefined ? '' : ` (character ${error.column + 1})`;
  throw new NoAnswer(`${error.message}${at}`);
}

/** What the viewer has to know of this terminal to draw for it, as parameters. */
export function toLookParams(): Readonly<Record<string, string>> {
  const color = decideColor({ env: readEnv(), option: 'auto', isTerminal: process.stdout.isTTY });
  return { columns: String(process.stdout.columns ?? 120), color: String(color) };
}

/** Prints the reason and returns the exit code, or rethrows what is not expected. */
export function reportNoAnswer(error: unknown): number {
  if (!(error instanceof NoAnswer)) throw error;
  console.error(`tracing: ${error.message}`);
  return EXIT.failed;
}
