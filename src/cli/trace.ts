// `tracing trace <id>`: one trace of the viewer as a tree with bars, on stdout. The beginning of the identifier is enough.
import type { TraceList } from '../viewer/model.ts';
import { NoAnswer, askViewer, findViewer, reportNoAnswer, toLookParams } from './ask-viewer.ts';

const WRONG_USAGE = 2;

/** Resolves with the exit code: 0, 1 when there is no such trace or no viewer, 2 for wrong usage. */
export async function trace([id, ...rest]: readonly string[]): Promise<number> {
  if (id === undefined || rest.length > 0 || !/^[\da-f]{1,32}$/i.test(id)) {
    console.error('tracing: trace needs the identifier of a trace, or its beginning: npx tracing trace 7f3c91');
    return WRONG_USAGE;
  }
  try {
    const viewer = findViewer();
    const list = (await (await askViewer(viewer, `/api/traces?limit=2&query=trace%3D${id}`)).json()) as TraceList;
    const [found, another] = list.traces;
    if (found === undefined) throw new NoAnswer(`there is no trace ${id}`);
    if (another !== undefined) throw new NoAnswer(`${list.matched} traces begin with ${id}`);
    const text = await (
      await askViewer(viewer, `/api/traces/${found.id}/text?${new URLSearchParams(toLookParams()).toString()}`)
    ).text();
    process.stdout.write(text);
    return 0;
  } catch (error) {
    return reportNoAnswer(error);
  }
}
