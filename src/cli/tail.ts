// `tracing tail [--errors] [query]`: a line for every trace that the viewer gets, until Ctrl-C. Lines go to stdout: they are what was asked for.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { TraceList } from '../viewer/model.ts';
import type { ViewerNotice } from '../viewer/protocol.ts';
import { askViewer, findViewer, reportNoAnswer, toLookParams } from './ask-viewer.ts';

const WRONG_USAGE = 2;
const INTERVAL_MILLIS = 500;
/** Spans come from several programs, a second apart: a trace is printed when as much time has passed without another. */
const SETTLED_ROUNDS = 3;
const MAX_TRACES = 200;

/** Resolves with the exit code: when the viewer ends, or with 2 for wrong usage. */
export async function tail(args: readonly string[]): Promise<number> {
  let options;
  try {
    options = parseArgs({ args: [...args], options: { errors: { type: 'boolean' } }, allowPositionals: true });
  } catch (error) {
    console.error(`tracing: ${error instanceof Error ? error.message : String(error)}`);
    return WRONG_USAGE;
  }
  const { values, positionals } = options;
  const query = positionals.map((part) => (positionals.length > 1 ? quote(part) : part)).join(' ');
  try {
    await follow(findViewer(), values.errors ? `trace.errors>0${query === '' ? '' : ` (${query})`}` : query);
    return 0;
  } catch (error) {
    return reportNoAnswer(error);
  }
}

/** What a shell has taken the quotation marks from. */
function quote(part: string): string {
  if (!/\s/.test(part) || part.includes('"')) return part;
  const [, head = '', value = part] = /^([\w.]+(?:!=|>=|<=|=|>|<|~))(.*)$/s.exec(part) ?? [];
  return `${head}"${value}"`;
}

async function follow(viewer: ViewerNotice, query: string): Promise<void> {
  const params = new URLSearchParams({ query, as: 'text', limit: String(MAX_TRACES), ...toLookParams() });
  const ask = async (): Promise<TraceList & { readonly lines: readonly string[] }> =>
    (await (await askViewer(viewer, `/api/traces?${params.toString()}`)).json()) as TraceList & {
      readonly lines: readonly string[];
    };
  // What is there already is no news.
  const printed = new Set((await ask()).traces.map(({ id }) => id));
  const waiting = new Map<string, { spans: number; rounds: number }>();
  for (;;) {
    await sleep(INTERVAL_MILLIS);
    const { traces, lines } = await ask();
    for (const [index, { id, spans }] of [...traces.entries()].toReversed()) {
      if (printed.has(id)) continue;
      const before = waiting.get(id);
      const rounds = before?.spans === spans ? before.rounds + 1 : 0;
      waiting.set(id, { spans, rounds });
      if (rounds < SETTLED_ROUNDS) continue;
      waiting.delete(id);
      printed.add(id);
      process.stdout.write(lines[index] ?? '');
    }
  }
}
