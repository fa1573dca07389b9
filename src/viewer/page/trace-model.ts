// Made when a trace is opened: its spans as a tree, with what a waterfall shows of each. Pure; nothing recurses, since a trace may be as deep as it likes.
import type { LogDetail, SpanDetail, TraceDetail } from '../model.ts';
import { type TreeNode, toTree, walkTree } from '../tree.ts';

/** A stretch of time, milliseconds since the start of the trace. */
export type Part = readonly [from: number, until: number];

export interface Span {
  readonly detail: SpanDetail;
  readonly service: string;
  /** What a call goes to, where its name says no more than its method; empty otherwise. */
  readonly target: string;
  readonly depth: number;
  readonly start: number;
  readonly end: number;
  readonly parent: Span | undefined;
  readonly children: readonly Span[];
  /** Siblings as they are shown: those that are alike are one entry. */
  readonly entries: ReadonlyArray<Span | Fold>;
  /** How many are below it. */
  readonly below: number;
  /** It or one below it failed. */
  readonly hasError: boolean;
  /** When no child was at work, and how long that is. */
  readonly selfParts: readonly Part[];
  readonly selfMillis: number;
  /** When the trace waited for this span and for none of its children. */
  readonly criticalParts: readonly Part[];
  readonly logs: readonly LogDetail[];
}

/** Siblings that look the same, such as the queries of a loop. */
export interface Fold {
  readonly key: string;
  readonly members: readonly [Span, ...Span[]];
}

export interface TraceModel {
  readonly detail: TraceDetail;
  readonly roots: readonly Span[];
  /** Parents before their children. */
  readonly spans: readonly Span[];
  readonly byId: ReadonlyMap<string, Span>;
  readonly duration: number;
  /** Where the time went: each service's own time, the most first. */
  readonly services: ReadonlyArray<{ readonly name: string; readonly selfMillis: number }>;
  readonly deepestError: Span | undefined;
}

/** Fewer siblings that are alike are shown one by one. */
const MIN_FOLD = 4;

export function createModel(detail: TraceDetail): TraceModel {
  const logsOf = Map.groupBy(detail.logs, ({ span }) => span);
  const spans: Draft[] = [];
  const drafts = new Map<TreeNode<SpanDetail>, Draft>();
  for (const node of walkTree(toTree(detail.spans))) {
    const parent = node.parent === undefined ? undefined : drafts.get(node.parent);
    const { start, duration, origin, id } = node.item;
    const span: Draft = {
      detail: node.item,
      service: detail.origins[origin]?.service ?? '',
      target: toTarget(detail, node.item),
      depth: node.depth,
      start,
      end: start + duration,
      parent,
      children: [],
      entries: [],
      below: 0,
      hasError: node.item.status === 2,
      selfParts: [],
      selfMillis: 0,
      criticalParts: [],
      logs: logsOf.get(id) ?? [],
    };
    drafts.set(node, span);
    parent?.children.push(span);
    spans.push(span);
  }
  for (const span of spans.toReversed()) {
    span.selfParts = toSelfParts(span);
    span.selfMillis = span.selfParts.reduce((sum, [from, until]) => sum + until - from, 0);
    span.entries = toEntries(span.children);
    if (span.parent === undefined) continue;
    span.parent.below += 1 + span.below;
    span.parent.hasError ||= span.hasError;
  }
  const roots = spans.filter(({ parent }) => parent === undefined);
  const longest = roots.toSorted((a, b) => b.end - b.start - (a.end - a.start))[0];
  if (longest !== undefined) markCriticalPath(longest);
  const services = Map.groupBy(spans, ({ service }) => service);
  return {
    detail,
    roots,
    spans,
    byId: new Map(spans.map((span) => [span.detail.id, span])),
    duration: Math.max(detail.trace.durationMillis, 1e-6),
    services: [...services]
      .map(([name, own]) => ({ name, selfMillis: own.reduce((sum, { selfMillis }) => sum + selfMillis, 0) }))
      .sort((a, b) => b.selfMillis - a.selfMillis),
    deepestError: spans
      .filter((span) => span.detail.status === 2)
      .reduce<Draft | undefined>(
        (best, span) => (best === undefined || span.depth > best.depth ? span : best),
        undefined,
      ),
  };
}

/** A span while its model is made. */
interface Draft extends Span {
  readonly parent: Draft | undefined;
  readonly children: Draft[];
  entries: Span['entries'];
  below: number;
  hasError: boolean;
  selfParts: readonly Part[];
  selfMillis: number;
  readonly criticalParts: Part[];
}

const CLIENT = 3;

/** `shop:4001/orders` of a client span that is named `GET`. */
function toTarget({ shapes }: TraceDetail, { name, kind, shape = -1, values }: SpanDetail): string {
  if (kind !== CLIENT || name.includes(' ')) return '';
  const url = values?.[shapes[shape]?.indexOf('url.full') ?? -1];
  return typeof url === 'string' ? (/^[a-z]+:\/\/([^?#]*)/i.exec(url)?.[1] ?? '').replace(/^[^/]*@/, '') : '';
}

function toSelfParts(span: Span): readonly Part[] {
  const parts: Part[] = [];
  let free = span.start;
  for (const child of span.children.toSorted((a, b) => a.start - b.start)) {
    if (child.start > free) parts.push([free, Math.min(child.start, span.end)]);
    free = Math.max(free, child.end);
    if (free >= span.end) break;
  }
  if (free < span.end) parts.push([free, span.end]);
  return parts.filter(([from, until]) => until > from);
}

function toEntries(children: readonly Span[]): ReadonlyArray<Span | Fold> {
  if (children.length < MIN_FOLD) return children;
  // What failed stays to be seen.
  const groups = Map.groupBy(children, ({ detail, service, below, hasError }) =>
    hasError ? detail.id : `${detail.name}\n${service}\n${detail.kind}\n${below}`,
  );
  if (groups.size === children.length) return children;
  const entries: Array<Span | Fold> = [];
  const done = new Set<readonly Span[]>();
  for (const group of groups.values()) {
    const [first, ...rest] = group;
    if (first !== undefined && group.length >= MIN_FOLD) {
      entries.push({ key: `fold ${first.detail.id}`, members: [first, ...rest] });
      done.add(group);
    } else entries.push(...group);
  }
  const startOf = (entry: Span | Fold): number => ('members' in entry ? entry.members[0].start : entry.start);
  return entries.sort((a, b) => startOf(a) - startOf(b));
}

/** Backwards from the end: the trace waited for the child that ended last, before that for the one that ended last before that one began, and so on. */
function markCriticalPath(root: Draft): void {
  const waiting: Array<{ span: Draft; until: number }> = [{ span: root, until: root.end }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { span, until } = next;
    let cursor = until;
    // A child that goes on after its parent held it up to the parent's end only.
    const children = span.children.toSorted((a, b) => Math.min(b.end, until) - Math.min(a.end, until));
    for (const child of children) {
      const end = Math.min(child.end, until);
      if (end > cursor || end <= span.start || child.start >= end) continue;
      if (end < cursor) span.criticalParts.push([end, cursor]);
      waiting.push({ span: child, until: end });
      cursor = Math.max(child.start, span.start);
    }
    if (cursor > span.start) span.criticalParts.push([span.start, cursor]);
  }
}

/** Names and values of a span's attributes; undefined where the trace was too large to be sent whole. */
export function toAttributes(
  detail: TraceDetail,
  { shape, values }: SpanDetail,
): ReadonlyArray<readonly [string, unknown]> | undefined {
  if (shape === undefined || values === undefined) return undefined;
  return (detail.shapes[shape] ?? []).map((name, index) => [name, values[index]] as const);
}

/** What is searched of each span, made when it is asked for first: of a large trace it is megabytes. */
const searched = new WeakMap<Span, string>();

function toSearched(span: Span): string {
  const known = searched.get(span);
  if (known !== undefined) return known;
  const { detail, service, logs } = span;
  const parts = [detail.values ?? '', detail.more ?? '', ...logs.map(({ body }) => body)];
  const text = [detail.name, service, ...parts.map((part) => JSON.stringify(part))].join('\n').toLowerCase();
  searched.set(span, text);
  return text;
}

/** Spans in which the text stands, in whatever they say, without regard to case. */
export function search(model: TraceModel, text: string): ReadonlySet<Span> {
  const wanted = text.toLowerCase();
  return wanted === '' ? new Set() : new Set(model.spans.filter((span) => toSearched(span).includes(wanted)));
}
