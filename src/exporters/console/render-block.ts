// Draws what a person sees of one request: a line for the local root and, where something failed, the tree of what happened below it.
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import { toVisible } from './display-text.ts';
import { isException, toErrorLines } from './exception-text.ts';
import type { LocalRoot } from './local-roots.ts';
import { toClockCells, type Look } from './look.ts';
import { renderRow, renderText, type Cell } from './row.ts';
import { isFailed, toFields, toLabel, toStatus, toValueText } from './span-facts.ts';
import {
  createTree,
  findCalls,
  groupSiblings,
  isTroubled,
  toCoveredMillis,
  type Siblings,
  type SpanNode,
} from './span-tree.ts';
import { formatDuration, toMillis } from './time-text.ts';

const FAILED: Cell = { text: '✗', style: 'red' };
/** More siblings than these are counted, unless something went wrong in them. */
const MAX_SIBLINGS = 20;
const SHORT_TRACE_ID = 6;

/** What a root has below it. */
type Below = Pick<LocalRoot, 'ended' | 'parentOf' | 'dropped' | 'droppedFailed'>;

/** For a root whose spans were let go. */
export const NOTHING_BELOW: Below = { ended: [], parentOf: new Map(), dropped: 0, droppedFailed: 0 };

/** What hangs from a span in the tree: spans that look alike, or something that it noted. */
type Branch = { at: number; siblings: Siblings } | { at: number; event: TimedEvent };

/**
 * Returns the block of a local root, its lines without the last line end.
 *
 * A root whose children all succeeded folds to one line with `2 calls · 61 ms waiting`: the tree is for when something failed, and for
 * `verbose`, which always shows it.
 */
export function renderBlock(rootSpan: ReadableSpan, root: Below, look: Look): string {
  const tree = createTree(rootSpan, root.ended, root.parentOf);
  const isOpen = look.verbose || root.droppedFailed > 0 || isTroubled(tree);
  const summary = isOpen ? [] : toSummary(tree, root);
  const lines = [renderHeader(rootSpan, summary, look)];
  if (!isOpen) return lines.join('');
  const drawing = new TreeDrawing(rootSpan, look);
  drawing.drawBelow(tree, '  ');
  lines.push(...drawing.lines, ...toMissing(root, tree).map((text) => dim(`  … ${text}`, look)));
  if (isTroubled(tree) || root.droppedFailed > 0) lines.push(dim(`  trace ${toTraceText(rootSpan, look)}`, look));
  return lines.join('\n');
}

/** The line that a block begins with; `before` stands between the clock and the label. */
function renderHeader(span: ReadableSpan, summary: readonly string[], look: Look, before?: Cell): string {
  const { layout, paint } = look;
  const [name, ...rest] = toLabel(span);
  const bold: Cell[] = name === undefined ? [] : [{ text: name.text, style: 'bold' }];
  let shown = summary;
  // The summary loses its last part before it is cut in the middle of a word.
  while (shown.length > 0 && toSummaryText(shown).length > layout.tailWidth) shown = shown.slice(0, -1);
  return renderRow(
    {
      label: [
        ...toClockCells(toMillis(span.startTime), look),
        ...(before === undefined ? [] : [before]),
        ...bold,
        ...rest,
      ],
      status: toStatus(span),
      duration: formatDuration(toMillis(span.duration)),
      tail: isFailed(span) ? [FAILED] : [{ text: toSummaryText(shown), style: 'dim' }],
    },
    layout,
    paint,
  );
}

/** Returns the lines of a span that ended after its local root: it names the trace, since its block is gone. */
export function renderLate(span: ReadableSpan, look: Look): string {
  const before: Cell = { text: `late in trace ${toTraceText(span, look)}  `, style: 'dim' };
  const errors = toErrorLines(span, look.cwd).map((text) => red(`     ${text}`, look));
  return [renderHeader(span, [], look, before), ...errors].join('\n');
}

/** Draws the lines below a header. */
class TreeDrawing {
  readonly lines: string[] = [];
  readonly #look: Look;
  readonly #startMillis: number;
  readonly #durationMillis: number;

  constructor(root: ReadableSpan, look: Look) {
    this.#look = look;
    this.#startMillis = toMillis(root.startTime);
    this.#durationMillis = toMillis(root.duration);
  }

  /** Draws the details of a span and everything that hangs from it; `indent` is what its own children begin with. */
  drawBelow(node: SpanNode, indent: string): void {
    const { branches, leftOut } = toBranches(node, this.#look.verbose);
    const hasMore = branches.length > 0 || leftOut > 0;
    this.#drawDetails(node.span, `${indent}${hasMore ? '│' : ' '}  `);
    for (const [index, branch] of branches.entries()) {
      const isLast = index === branches.length - 1 && leftOut === 0;
      const [stem, below] = isLast ? ['└ ', '  '] : ['├ ', '│ '];
      if ('event' in branch) this.#drawEvent(branch.event, indent + stem);
      else {
        this.#drawSiblings(branch.siblings, indent + stem);
        this.drawBelow(branch.siblings[0], indent + below);
      }
    }
    if (leftOut > 0) this.lines.push(dim(`${indent}└ … ${leftOut} more, all succeeded`, this.#look));
  }

  #drawDetails(span: ReadableSpan, indent: string): void {
    const { layout, paint, cwd, verbose } = this.#look;
    const edge: Cell = { text: indent, style: 'dim' };
    for (const text of toErrorLines(span, cwd)) {
      this.lines.push(renderText([edge, { text, style: 'red' }], layout, paint));
    }
    if (!verbose) return;
    for (const [name, value] of Object.entries(span.attributes)) {
      this.lines.push(dim(`${indent}${toVisible(name)}: ${toValueText(value)}`, this.#look));
    }
  }

  #drawEvent({ name, attributes }: TimedEvent, stem: string): void {
    const { layout, paint } = this.#look;
    const fields = attributes === undefined || Object.keys(attributes).length === 0 ? '' : ` ${toFields(attributes)}`;
    const cells: Cell[] = [
      { text: stem, style: 'dim' },
      { text: `event  "${toVisible(name)}"`, style: 'plain' },
      { text: fields, style: 'dim' },
    ];
    this.lines.push(renderText(cells, layout, paint));
  }

  #drawSiblings(siblings: Siblings, stem: string): void {
    const { layout, paint } = this.#look;
    const spans = siblings.map(({ span }) => span);
    const { span } = siblings[0];
    const failed = isFailed(span);
    this.lines.push(
      renderRow(
        {
          label: [{ text: stem, style: 'dim' }, ...toLabel(span)],
          ...(spans.length > 1 && { keep: { text: `  ×${spans.length}`, style: 'bold' } }),
          status: toStatus(span),
          duration: formatDuration(toCoveredMillis(spans)),
          tail: [
            { text: this.#toBar(spans), style: failed ? 'red' : 'cyan' },
            { text: failed && layout.barWidth > 0 ? ' ' : '', style: 'plain' },
            ...(failed ? [FAILED] : []),
          ],
        },
        layout,
        paint,
      ),
    );
  }

  /** The place of the spans within the root: `▏   ██████`. */
  #toBar(spans: readonly ReadableSpan[]): string {
    const { barWidth } = this.#look.layout;
    if (barWidth === 0) return '';
    const scale = this.#durationMillis > 0 ? barWidth / this.#durationMillis : 0;
    const start = Math.min(...spans.map((span) => toMillis(span.startTime))) - this.#startMillis;
    const end = Math.max(...spans.map((span) => toMillis(span.endTime))) - this.#startMillis;
    // A child's clock may be set by others: the bar stays within its width whatever the times say.
    const offset = clamp(Math.floor(start * scale), 0, barWidth - 1);
    const length = clamp(Math.round((end - start) * scale), 1, barWidth - offset);
    return `▏${' '.repeat(offset)}${'█'.repeat(length)}`;
  }
}

function toBranches(node: SpanNode, verbose: boolean): { branches: Branch[]; leftOut: number } {
  const groups: Siblings[] = verbose ? node.children.map((child) => [child]) : groupSiblings(node.children);
  const shown = verbose ? groups : groups.filter(([first], index) => index < MAX_SIBLINGS || isTroubled(first));
  const isShown = new Set(shown);
  const spans: Branch[] = shown.map((siblings) => ({ at: toMillis(siblings[0].span.startTime), siblings }));
  const events: Branch[] = node.span.events
    .filter((event) => !isException(event))
    .slice(0, verbose ? undefined : MAX_SIBLINGS)
    .map((event) => ({ at: toMillis(event.time), event }));
  const hidden = groups.filter((group) => !isShown.has(group));
  return {
    branches: [...spans, ...events].sort((a, b) => a.at - b.at),
    leftOut: hidden.reduce((sum, { length }) => sum + length, 0),
  };
}

function toSummary(tree: SpanNode, root: Below): string[] {
  const calls = findCalls(tree);
  const spans = root.ended.length + root.dropped;
  if (calls.length === 0) return spans === 0 ? [] : [count(spans, 'span')];
  const parts = [count(calls.length, 'call'), `${formatDuration(toCoveredMillis(calls))} waiting`];
  return root.dropped === 0 ? parts : [...parts, `${root.dropped} more`];
}

function toSummaryText(parts: readonly string[]): string {
  return parts.length === 0 ? '' : ` ${parts.join(' · ')}`;
}

function toMissing(root: Below, tree: SpanNode): string[] {
  const open = root.parentOf.size - root.ended.length;
  const failed = root.droppedFailed === 0 ? '' : `, ${root.droppedFailed} failed`;
  return [
    ...(root.dropped === 0
      ? []
      : [`${count(root.dropped, 'more span')}${failed}: only ${root.parentOf.size} are kept`]),
    ...(open === 0 ? [] : [`${count(open, 'span')} still open when ${toVisible(tree.span.name)} ended`]),
  ];
}

function toTraceText(span: ReadableSpan, { verbose }: Look): string {
  const { traceId } = span.spanContext();
  return verbose ? traceId : `${traceId.slice(0, SHORT_TRACE_ID)}…`;
}

function dim(text: string, { layout, paint }: Look): string {
  return renderText([{ text, style: 'dim' }], layout, paint);
}

function red(text: string, { layout, paint }: Look): string {
  return renderText([{ text, style: 'red' }], layout, paint);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
