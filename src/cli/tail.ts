// `tracing tail [--errors] [query]`: a line for every trace that the viewer gets, until Ctrl-C. Lines go to stdout: they are what was asked for.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TraceList } from '../viewer/model.ts';
import type { ViewerNotice } from '../viewer/protocol.ts';
import { askViewer, findViewer, reportNoAnswer, toLookParams } from './ask-viewer.ts';
import { type Command, EXIT, parse } from './command.ts';

const INTERVAL_MILLIS = 500;
/** Spans come from several programs, a second apart: a trace is printed when as much time has passed without another. */
const SETTLED_ROUNDS = 3;
const MAX_TRACES = 200;

export const tail: Command = {
  help: `  npx tracing tail
  npx tracing tail --errors
  npx tracing tail 'service=shop duration>200ms'

Prints a line for every trace that the viewer gets, until Ctrl-C. The query is that of its page: docs/viewer.md.

Options
  --errors  only traces in which something failed
`,
  async run(args) {
    const { values, positionals } = parse(args, { errors: { type: 'boolean' } });
    const query = positionals.map((part) => (positionals.length > 1 ? quote(part) : part)).join(' ');
    try {
      await follow(findViewer(), values.errors === true ? `trace.errors>0${query === '' ? '' : ` (${query})`}` : query);
      return EXIT.done;
    } catch (error) {
      return reportNoAnswer(error);
    }
  },
};

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
