// Called for `tracing trace`, `tracing tail` and Markdown: a trace as lines of text, a line a span, with the bars of a waterfall.
import { cut, displayWidth, toVisible } from '../../exporters/console/display-text.ts';
import { type Paint, createPaint } from '../../exporters/console/palette.ts';
import { formatClock, formatDuration } from '../../exporters/console/time-text.ts';
import type { TraceSummary } from '../model.ts';
import { isRecord, toList } from '../otlp/hostile.ts';
import type { LogRecord, SpanRecord } from '../otlp/records.ts';
import { type Item, type TreeNode, toTree, walkTree } from '../tree.ts';
import type { TraceRecords } from './redact-records.ts';

export interface DrawOptions {
  readonly columns: number;
  readonly color: boolean;
}

interface SpanItem extends Item {
  readonly span: SpanRecord;
}

const MAX_LINES = 500;
const BAR_COLUMNS = 20;
const DURATION_COLUMNS = 8;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Returns the lines of a trace, the last with its line end. */
export function drawTrace({ spans, logs }: TraceRecords, options: DrawOptions): string {
  const paint = createPaint(options.color);
  const start = spans.reduce(
    (least, { startNanos }) => (startNanos < least ? startNanos : least),
    spans[0]?.startNanos ?? 0n,
  );
  const end = spans.reduce((most, { endNanos }) => (endNanos > most ? endNanos : most), 0n);
  const roots = toTree(spans.map((span): SpanItem => ({ id: span.spanId, parent: span.parentId, span })));
  const logsOf = Map.groupBy(logs, ({ spanId }) => spanId);
  const labelColumns = Math.max(20, options.columns - BAR_COLUMNS - DURATION_COLUMNS - 4);
  const lines: string[] = [];
  for (const node of walkTree(roots)) {
    if (lines.length >= MAX_LINES) {
      lines.push(paint('dim', `… ${spans.length} spans in all`));
      break;
    }
    const { span } = node.item;
    const indent = toIndent(node);
    const duration = formatDuration(toMillis(span.endNanos - span.startNanos)).padStart(DURATION_COLUMNS);
    const bar = toBar(span, start, end);
    const style = span.status === 2 ? 'red' : 'cyan';
    lines.push(`${toLabel(node, indent, labelColumns, paint)}  ${duration}  ${paint(style, bar)}`.trimEnd());
    const below = ' '.repeat(displayWidth(indent) + 2);
    for (const text of [...toTroubles(span), ...(logsOf.get(span.spanId) ?? []).map(toLogText)]) {
      lines.push(paint(span.status === 2 ? 'red' : 'dim', cut(`${below}${toVisible(text)}`, options.columns)));
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Returns the one line of a trace in `tracing tail`, with its line end. */
export function drawSummary(trace: TraceSummary, { columns, color }: DrawOptions): string {
  const paint = createPaint(color);
  const failed = trace.errors > 0;
  const facts = `${trace.spans} ${trace.spans === 1 ? 'span' : 'spans'}${failed ? `, ${trace.errors} failed` : ''}`;
  const status = trace.httpStatus === 0 ? (trace.status === 2 ? 'error' : '') : String(trace.httpStatus);
  const tail = `${status.padStart(5)}  ${formatDuration(trace.durationMillis).padStart(DURATION_COLUMNS)}  ${facts.padEnd(20)}  ${trace.id}`;
  const head = `${toVisible(trace.service)}  ${toVisible(trace.name)}`;
  const width = Math.max(20, columns - tail.length - 16);
  const label = cut(head, width);
  const gap = ' '.repeat(Math.max(0, width - displayWidth(label)));
  return `${paint('dim', formatClock(trace.startMillis))}  ${label}${gap}  ${paint(failed ? 'red' : 'plain', tail)}\n`;
}

/** Returns a trace for a chat: a line of facts and the drawing. */
export function toMarkdown(trace: TraceSummary, records: TraceRecords): string {
  const drawing = drawTrace(records, { columns: 100, color: false });
  const root = records.spans.find(({ parentId }) => parentId === '') ?? records.spans[0];
  const facts = [
    toCode(root?.name ?? trace.name),
    toCode(root?.service ?? trace.service),
    ...(trace.httpStatus === 0 ? [] : [String(trace.httpStatus)]),
    formatDuration(trace.durationMillis),
    `${trace.spans} spans, ${trace.errors} failed`,
    new Date(trace.startMillis).toISOString(),
  ];
  // A fence is longer than any row of backticks in what it holds.
  const fence = '`'.repeat(Math.max(3, ...[...drawing.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `${facts.join(' · ')}\n\n${fence}text\n${drawing}${fence}\n\ntrace ${toCode(trace.id)}\n`;
}

const toCode = (text: string): string => `\`${toVisible(text).replaceAll('`', "'") || '-'}\``;

function toLabel(node: TreeNode<SpanItem>, indent: string, columns: number, paint: Paint): string {
  const { span } = node.item;
  const isElsewhere = span.service !== node.parent?.item.span.service;
  const name = toVisible(span.name) || '(no name)';
  const status = span.httpStatus === 0 ? '' : ` ${span.httpStatus}`;
  const mark = span.status === 2 ? ' ✗' : '';
  const head = cut(`${indent}${name}`, columns - status.length - mark.length);
  const service = isElsewhere
    ? cut(`  ${toVisible(span.service)}`, columns - displayWidth(head) - status.length - mark.length)
    : '';
  const gap = ' '.repeat(
    Math.max(0, columns - displayWidth(head) - displayWidth(service) - status.length - mark.length),
  );
  return `${head}${paint('dim', service)}${gap}${paint(span.status === 2 ? 'red' : 'plain', `${status}${mark}`)}`;
}

/** Where a chain is deeper than the terminal is wide, names still have room. */
const MAX_INDENT = 24;

function toIndent(node: TreeNode<SpanItem>): string {
  if (node.parent === undefined) return '';
  let indent = node.parent.children.at(-1) === node ? '└ ' : '├ ';
  for (
    let above: TreeNode<SpanItem> = node.parent;
    above.parent !== undefined && indent.length < MAX_INDENT;
    above = above.parent
  ) {
    indent = `${above.parent.children.at(-1) === above ? '  ' : '│ '}${indent}`;
  }
  return indent;
}

function toBar(span: SpanRecord, start: bigint, end: bigint): string {
  const scale = (BAR_COLUMNS * 8) / Math.max(1, Number(end - start));
  const from = Math.round(Number(span.startNanos - start) * scale);
  const until = Math.max(from + 1, Math.round(Number(span.endNanos - start) * scale));
  const column = Math.min(BAR_COLUMNS - 1, Math.floor(from / 8));
  const eighths = until - column * 8;
  return `${' '.repeat(column)}${'█'.repeat(Math.floor(eighths / 8))}${EIGHTHS[eighths % 8] ?? ''}`;
}

/** What a failed span says of its failure, first lines only. */
function toTroubles(span: SpanRecord): readonly string[] {
  if (span.more === null) return [];
  const more: unknown = JSON.parse(span.more);
  if (!isRecord(more)) return [];
  const exceptions = toList(more['events']).flatMap((event) => {
    const attributes = isRecord(event) && event['name'] === 'exception' ? event['attributes'] : undefined;
    if (!isRecord(attributes)) return [];
    return [[attributes['exception.type'], attributes['exception.message']].filter(Boolean).join(': ')];
  });
  const { message } = more;
  const isSaid = typeof message !== 'string' || exceptions.some((text) => text.includes(message));
  return [...exceptions, ...(isSaid ? [] : [message])].map((text) => text.split('\n', 1)[0] ?? '');
}

function toLogText({ severityText, body }: LogRecord): string {
  const value: unknown = JSON.parse(body);
  return `log ${severityText.toLowerCase()}  ${typeof value === 'string' ? value : body}`;
}

const toMillis = (nanos: bigint): number => Number(nanos) / 1e6;
