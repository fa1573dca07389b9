// `tracing open <file>`: shows a file of OTLP JSON, such as export.file writes, or a page that was saved with its trace, in a viewer of its own.
import { readFileSync } from 'node:fs';
import { fromSavedPage } from '../viewer/share/saved-page.ts';
import { type Command, EXIT, UsageError, parse } from './command.ts';
import { openInBrowser } from './open-in-browser.ts';
import { tryStart, untilStopped } from './view.ts';

export const open: Command = {
  help: `  npx tracing open spans.jsonl
  npx tracing open trace.html --no-open

Shows a file of OTLP JSON lines, such as TRACING_FILE writes, or a page that was saved with its trace, in a viewer of
its own, until Ctrl-C.

Options
  --no-open  only prints the link
`,
  async run(args) {
    const { values, positionals } = parse(args, { 'no-open': { type: 'boolean' } });
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0)
      throw new UsageError('open needs one file: npx tracing open spans.jsonl');
    const data = read(file);
    if (data === undefined) return EXIT.failed;
    const viewer = await tryStart({ port: 0, database: undefined, isAnnounced: false });
    if (viewer === undefined) return EXIT.failed;
    let spans = 0;
    for (const item of data) spans += viewer.add(item);
    if (spans === 0) {
      console.error(`tracing: ${file}: no spans in it`);
      viewer[Symbol.dispose]();
      return EXIT.failed;
    }
    console.error(
      `tracing viewer  ${spans} ${spans === 1 ? 'span' : 'spans'} of ${file}\n  open   ${viewer.link}\n  Ctrl-C ends it.`,
    );
    if (values['no-open'] !== true) openInBrowser(viewer.link);
    await untilStopped();
    viewer[Symbol.dispose]();
    return EXIT.done;
  },
};

/** The OTLP JSON of a file: one object, one on each line, or the one in a saved page. A line that cannot be read is said and left out. */
function read(file: string): readonly unknown[] | undefined {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    console.error(`tracing: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  const whole = toJson(fromSavedPage(text) ?? text);
  if (whole !== undefined) return [whole];
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const data = toJson(line);
    if (data === undefined) console.error(`tracing: ${file}:${index + 1} is no JSON`);
    return data === undefined ? [] : [data];
  });
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
