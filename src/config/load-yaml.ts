// Called by load-file.ts for YAML and JSON (which YAML contains): values with the line of every key.
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { printable } from './describe.ts';
import type { FileIssue, LoadedFile } from './loaded-file.ts';

type Step = string | number;

/** Reads the object at `root` of a YAML or JSON text. No piece of the text gets into a message. */
export function loadYaml(path: string, text: string, root: readonly string[]): LoadedFile {
  const lines = new LineCounter();
  const toLine = (offset: number) => lines.linePos(offset).line || undefined;
  try {
    // prettyErrors would quote the lines around an error, which may hold a header or a key.
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error', merge: true });
    const error = document.errors.find((error) => error.code !== 'DUPLICATE_KEY');
    if (error !== undefined) return { path, ok: false, line: toLine(error.pos[0]), reason: toReason(error) };
    const issues = [...document.errors, ...document.warnings].map((found) => toIssue(document, text, toLine, found));
    const value: unknown = root.reduce<unknown>(
      (value, key) => (value as Record<string, unknown>)[key],
      document.toJS(),
    );
    return { path, ok: true, value, issues, lineOf: (steps) => findLine(document, [...root, ...steps], toLine) };
  } catch {
    // Nesting deeper than the stack, or aliases that multiply ("billion laughs").
    return { path, ok: false, line: undefined, reason: 'is nested too deeply, or multiplies its aliases' };
  }
}

function toReason(error: YAMLError): string {
  return `is not valid YAML or JSON (${error.code.toLowerCase().replaceAll('_', ' ')})`;
}

function toIssue(
  document: Document,
  text: string,
  toLine: (offset: number) => number | undefined,
  found: YAMLError,
): FileIssue {
  const [start] = found.pos;
  const line = toLine(start);
  const hidesUrls = isUrlSection(document, start);
  if (found.code !== 'DUPLICATE_KEY') return { line, text: `${toReason(found)}; reading on`, hidesUrls };
  const key = /^["']?([^"'\s:]+)/u.exec(text.slice(start, start + 200))?.[1] ?? 'a key';
  return { line, text: `${printable(key)} is given twice; the last one counts`, hidesUrls };
}

// True if the offset lies in a top-level `url` section (or in a package.json, where all is one section).
function isUrlSection(document: Document, offset: number): boolean {
  if (!isMap(document.contents)) return true;
  const pair = document.contents.items.findLast(({ key }) => isScalar(key) && (key.range?.[0] ?? Infinity) <= offset);
  const name = pair !== undefined && isScalar(pair.key) ? String(pair.key.value) : 'url';
  return name === 'tracing' || name === 'url' || name.startsWith('url.');
}

function findLine(
  document: Document,
  steps: readonly Step[],
  toLine: (offset: number) => number | undefined,
): number | undefined {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of steps) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.findLast(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      const item: unknown = node.items[step];
      if (isScalar(item) || isMap(item) || isSeq(item) || isAlias(item)) offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return toLine(offset);
}
