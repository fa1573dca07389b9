// `tracing open <file>`: shows a file of OTLP JSON, such as export.file writes, or a page that was saved with its trace, in a viewer of its own.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromSavedPage } from '../viewer/share/saved-page.ts';
import { openInBrowser } from './open-in-browser.ts';
import { tryStart, untilStopped } from './view.ts';

const FAILED = 1;
const WRONG_USAGE = 2;

/** Resolves with the exit code when the viewer is stopped. */
export async function open(args: readonly string[]): Promise<number> {
  let options;
  try {
    options = parseArgs({
      args: [...args],
      options: { open: { type: 'boolean', default: true } },
      allowNegative: true,
      allowPositionals: true,
    });
  } catch (error) {
    console.error(`tracing: ${error instanceof Error ? error.message : String(error)}`);
    return WRONG_USAGE;
  }
  const [file, ...rest] = options.positionals;
  if (file === undefined || rest.length > 0) {
    console.error('tracing: open needs one file: npx tracing open spans.jsonl');
    return WRONG_USAGE;
  }
  const data = read(file);
  if (data === undefined) return FAILED;
  const viewer = await tryStart({ port: 0, database: undefined, isAnnounced: false });
  if (viewer === undefined) return FAILED;
  let spans = 0;
  for (const item of data) spans += viewer.add(item);
  if (spans === 0) {
    console.error(`tracing: ${file}: no spans in it`);
    viewer[Symbol.dispose]();
    return FAILED;
  }
  console.error(
    `tracing viewer  ${spans} ${spans === 1 ? 'span' : 'spans'} of ${file}\n  open   ${viewer.link}\n  Ctrl-C ends it.`,
  );
  if (options.values.open) openInBrowser(viewer.link);
  await untilStopped();
  viewer[Symbol.dispose]();
  return 0;
}

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
