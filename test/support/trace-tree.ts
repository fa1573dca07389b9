// Trace tests draw the trees they want; this draws the trees that came and compares the two.
import { AssertionError } from 'node:assert';
import type { ReceivedSpan } from './otlp-decode.ts';

export interface TreeOptions {
  /** Attributes to draw as `name=value`, in this order; `all` draws every one, by name. */
  attributes?: readonly string[] | 'all';
  /** Also draws the events of a span, each as a line `* name`. */
  events?: boolean;
  /** Puts `[service.name]` before each span. */
  service?: boolean;
  /** Order of siblings and of roots: by start (the default), or by the text of the line where requests run in parallel. */
  order?: 'start' | 'text';
  /** Replaced before anything else: `{ [backend.url]: '<backend>' }`. */
  replace?: Readonly<Record<string, string>>;
}

const INDENT = '  ';
const FLAG_PARENT_IS_REMOTE = 0x200;

/**
 * Draws spans as indented trees, a line each: `SERVER GET /cart/:id 500 ERROR url.path=/cart/7`.
 * A line is the kind, the name, the response's status code, `error.type` where it says more, the status where it is set, then attributes.
 * Roots whose parent was not received end in `(remote parent)`, or in `(lost parent)` when it was a span of the same process.
 * Ports of the loopback become `<port>`, ids of these spans `<trace-id>` and `<span-id>`.
 */
export function drawTrees(spans: readonly ReceivedSpan[], options: TreeOptions = {}): string {
  const known = new Set(spans.map(({ traceId, spanId }) => traceId + spanId));
  const childrenOf = Map.groupBy(spans, ({ traceId, parentSpanId }) =>
    known.has(traceId + parentSpanId) ? traceId + parentSpanId : 'root',
  );
  const clean = createCleaner(spans, options.replace ?? {});

  const drawLevel = (level: readonly ReceivedSpan[], indent: string): string[] =>
    level
      .map((span) => ({ span, line: clean(drawLine(span, options)) }))
      .sort((a, b) => (options.order === 'text' ? 0 : compareStarts(a.span, b.span)) || compareText(a.line, b.line))
      .flatMap(({ span, line }) => {
        const events = options.events ? span.events : [];
        return [indent + line + (indent === '' ? markParent(span) : '')].concat(
          events.map((event) => clean(`${indent}${INDENT}* ${drawEvent(event)}`)),
          drawLevel(childrenOf.get(span.traceId + span.spanId) ?? [], indent + INDENT),
        );
      });
  const lines = drawLevel(childrenOf.get('root') ?? [], '');
  return lines.length === 0 ? '(no spans)' : lines.join('\n');
}

/**
 * Throws an AssertionError that shows the trees that came unless they are the expected ones, written as a template string at any
 * indentation. `…` in an expected line stands for any text; `''` expects no span.
 */
export function assertTrees(spans: readonly ReceivedSpan[], expected: string, options: TreeOptions = {}): void {
  const actual = drawTrees(spans, options);
  const wanted = dedent(expected) || '(no spans)';
  const actualLines = actual.split('\n');
  const wantedLines = wanted.split('\n');
  const same =
    actualLines.length === wantedLines.length && actualLines.every((line, i) => matches(line, wantedLines[i] ?? ''));
  if (same) return;
  throw new AssertionError({
    message: `the traces that came:\n\n${actual}\n\nare not the expected ones:\n\n${wanted}\n`,
    actual,
    expected: wanted,
    operator: 'assertTrees',
    stackStartFn: assertTrees,
  });
}

function drawLine(span: ReceivedSpan, options: TreeOptions): string {
  const parts: string[] = [];
  if (options.service) parts.push(`[${String(span.resource['service.name'])}]`);
  parts.push(span.kind, span.name);
  const statusCode = span.attributes['http.response.status_code'];
  const errorType = span.attributes['error.type'];
  if (statusCode !== undefined) parts.push(drawValue('', statusCode));
  // A number here is one of the mistakes of the field: drawn as `error.type=503`, it is seen.
  if (typeof errorType === 'string' && errorType !== drawValue('', statusCode)) parts.push(errorType);
  else if (errorType !== undefined && typeof errorType !== 'string')
    parts.push(`error.type=${drawValue('', errorType)}`);
  if (span.status.code !== 'UNSET') parts.push(span.status.code);
  if (span.status.message !== '') parts.push(JSON.stringify(span.status.message));
  const names = options.attributes === 'all' ? Object.keys(span.attributes).sort() : (options.attributes ?? []);
  for (const name of names) {
    if (name in span.attributes) parts.push(`${name}=${drawValue(name, span.attributes[name])}`);
  }
  return parts.join(' ');
}

function drawEvent({ name, attributes }: ReceivedSpan['events'][number]): string {
  const message = attributes['exception.message'];
  return message === undefined
    ? name
    : `${name} ${drawValue('', attributes['exception.type'])}: ${drawValue('', message)}`;
}

function drawValue(name: string, value: unknown): string {
  if (typeof value === 'number' && value >= 1024 && name.endsWith('.port')) return '<port>';
  if (typeof value === 'string') return value === '' || /\s/.test(value) ? JSON.stringify(value) : value;
  return typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
}

function markParent({ parentSpanId, flags }: ReceivedSpan): string {
  if (parentSpanId === '') return '';
  return flags & FLAG_PARENT_IS_REMOTE ? ' (remote parent)' : ' (lost parent)';
}

function createCleaner(
  spans: readonly ReceivedSpan[],
  replace: Readonly<Record<string, string>>,
): (text: string) => string {
  const ids = new Map(
    spans.flatMap(({ traceId, spanId }): [string, string][] => [
      [traceId, '<trace-id>'],
      [spanId, '<span-id>'],
    ]),
  );
  return (text) => {
    for (const [from, to] of Object.entries(replace)) text = text.replaceAll(from, to);
    return text
      .replace(/\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b/g, (id) => ids.get(id) ?? id)
      .replace(/(127\.0\.0\.1|localhost|\[::1\]|::1):\d{4,5}\b/g, '$1:<port>');
  };
}

const compareStarts = (a: ReceivedSpan, b: ReceivedSpan): number =>
  a.startTimeUnixNano < b.startTimeUnixNano ? -1 : a.startTimeUnixNano > b.startTimeUnixNano ? 1 : 0;

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function matches(line: string, wanted: string): boolean {
  const pattern = wanted.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('…', '.*');
  return new RegExp(`^${pattern}$`).test(line);
}

function dedent(text: string): string {
  const lines = text.split('\n').map((line) => line.trimEnd());
  while (lines[0] === '') lines.shift();
  while (lines.at(-1) === '') lines.pop();
  const depth = Math.min(...lines.filter((line) => line !== '').map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(depth)).join('\n');
}
