// `tracing trace <id>`: one trace of the viewer as a tree with bars, on stdout. The beginning of the identifier is enough.
import type { TraceList } from '../viewer/model.ts';
import { NoAnswer, askViewer, findViewer, reportNoAnswer, toLookParams } from './ask-viewer.ts';
import { type Command, EXIT, UsageError, parse } from './command.ts';

export const trace: Command = {
  help: `  npx tracing trace 7f3c91

Prints one trace of the viewer as a tree with bars. The beginning of its identifier will do.
`,
  async run(args) {
    const { positionals } = parse(args, {});
    const [id, ...rest] = positionals;
    if (id === undefined || rest.length > 0 || !/^[\da-f]{1,32}$/i.test(id))
      throw new UsageError('trace needs the identifier of a trace, or its beginning: npx tracing trace 7f3c91');
    try {
      process.stdout.write(await draw(id));
      return EXIT.done;
    } catch (error) {
      return reportNoAnswer(error);
    }
  },
};

/** Throws NoAnswer when there is no such trace, or more than one, or no viewer. */
async function draw(id: string): Promise<string> {
  const viewer = findViewer();
  const list = (await (await askViewer(viewer, `/api/traces?limit=2&query=trace%3D${id}`)).json()) as TraceList;
  const [found, another] = list.traces;
  if (found === undefined) throw new NoAnswer(`there is no trace ${id}`);
  if (another !== undefined) throw new NoAnswer(`${list.matched} traces begin with ${id}`);
  const look = new URLSearchParams(toLookParams()).toString();
  return (await askViewer(viewer, `/api/traces/${found.id}/text?${look}`)).text();
}
