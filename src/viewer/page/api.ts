// Used by the page's state: asks the viewer that served the page. The token comes in the link's fragment, which is sent to nobody, and stays in
// this origin's own storage, so that reloading and further tabs work.
import type { ApiError } from '../model.ts';

const KEY = 'token';

/** Takes the token out of the address, where it would be seen, and keeps it. */
export function takeToken(): void {
  const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (token === undefined) return;
  localStorage.setItem(KEY, token);
  history.replaceState(null, '', '#/traces');
}

/** What the viewer says is wrong; `column` where it is a query. */
export class AskError extends Error {
  readonly status: number;
  readonly column: number | undefined;
  constructor(status: number, message: string, column?: number) {
    super(message);
    this.status = status;
    this.column = column;
  }
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${localStorage.getItem(KEY) ?? ''}` };
  const response = await fetch(path, { ...init, headers }).catch(() => {
    throw new AskError(0, 'the viewer does not answer');
  });
  if (response.ok) return response;
  const { error } = (await response.json().catch(() => ({ error: { message: response.statusText } }))) as ApiError;
  throw new AskError(response.status, error.message, error.column);
}

/** Asks for JSON; rejects with an AskError. */
export async function askJson<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return (await (await ask(path, signal === undefined ? {} : { signal })).json()) as Answer;
}

export async function askText(path: string): Promise<string> {
  return (await ask(path)).text();
}

export async function change(method: 'PUT' | 'DELETE', path: string): Promise<void> {
  await ask(path, { method });
}

/** Saves what a path answers as a file. */
export async function download(path: string): Promise<void> {
  const response = await ask(path);
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'trace';
  const url = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const RETRY_MILLIS = 1_000;

/** Calls back with every revision of the store, and whether the viewer is there; tries again for ever. */
export async function followChanges(
  onRevision: (revision: number) => void,
  onState: (isConnected: boolean) => void,
): Promise<void> {
  for (;;) {
    try {
      const { body } = await ask('/api/changes');
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      onState(true);
      for (let text = ''; ;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) break;
        text += value;
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        const last = events.findLast((event) => event.startsWith('data: '));
        if (last !== undefined) onRevision(Number(last.slice('data: '.length)));
      }
    } catch {
      // Said by onState.
    }
    onState(false);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLIS));
  }
}
