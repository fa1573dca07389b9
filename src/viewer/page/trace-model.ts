// Made when a trace is opened: its spans as a tree, with what a waterfall shows of each. Pure; nothing recurses, since a trace may be as deep as it likes.
import type { LogDetail, SpanDetail, TraceDetail } from '../model.ts';
import { linkTree, walkTree } from '../tree.ts';

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
  /** How long no child was at work. */
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
  readonly duration: number;
  /** Where the time went: each service's own time, the most first. */
  readonly services: ReadonlyArray<{ readonly name: string; readonly selfMillis: number }>;
  readonly deepestError: Span | undefined;
}

/** Fewer siblings that are alike are shown one by one. */
const MIN_FOLD = 4;

export function createModel(detail: TraceDetail): TraceModel {
  const logsOf = Map.groupBy(detail.logs, ({ span }) => span);
  const roots = linkTree(
    detail.spans.map((span) => toDraft(detail, span, logsOf.get(span.id) ?? NONE)),
    (span) => span.detail,
  );
  const spans = [...walkTree(roots)];
  for (const span of spans.toReversed()) {
    span.selfMillis = toSelfMillis(span);
    span.entries = toEntries(span.children);
    if (span.parent === undefined) continue;
    span.parent.below += 1 + span.below;
    span.parent.hasError ||= span.hasError;
  }
  const longest = roots.toSorted((a, b) => b.end - b.start - (a.end - a.start))[0];
  if (longest !== undefined) markCriticalPath(longest);
  const services = Map.groupBy(spans, ({ service }) => service);
  return {
    detail,
    roots,
    spans,
    duration: Math.max(detail.trace.durationMillis, 1e-6),
    services: [...services]
      .map(([name, own]) => ({ name, selfMillis: sum(own.map(({ selfMillis }) => selfMillis)) }))
      .sort((a, b) => b.selfMillis - a.selfMillis),
    deepestError: spans
      .filter((span) => span.detail.status === 2)
      .reduce<Draft | undefined>(
        (best, span) => (best === undefined || span.depth > best.depth ? span : best),
        undefined,
      ),
  };
}

function toDraft(trace: TraceDetail, detail: SpanDetail, logs: readonly LogDetail[]): Draft {
  const { start, duration, status, origin } = detail;
  return {
    detail,
    service: trace.origins[origin]?.service ?? '',
    target: toTarget(trace, detail),
    depth: 0,
    start,
    end: start + duration,
    parent: undefined,
    children: [],
    entries: NONE,
    below: 0,
    hasError: status === 2,
    selfMillis: 0,
    criticalParts: NONE,
    logs,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** The span of an identifier, or undefined. */
export const findSpan = ({ spans }: TraceModel, id: string): Span | undefined =>
  spans.find((span) => span.detail.id === id);

/** A span while its model is made. */
interface Draft extends Span {
  depth: number;
  parent: Draft | undefined;
  readonly children: Draft[];
  entries: Span['entries'];
  below: number;
  hasError: boolean;
  selfMillis: number;
  criticalParts: readonly Part[];
}

/** Of thousands of spans most have no log and are on no critical path: a list for each of them takes longer to make than all the rest. */
const NONE: readonly never[] = [];

const CLIENT = 3;

/** `shop:4001/orders` of a client span that is named `GET`. */
function toTarget({ shapes }: TraceDetail, { name, kind, shape = -1, values }: SpanDetail): string {
  if (kind !== CLIENT || name.includes(' ')) return '';
  const url = values?.[shapes[shape]?.indexOf('url.full') ?? -1];
  return typeof url === 'string' ? (/^[a-z]+:\/\/([^?#]*)/i.exec(url)?.[1] ?? '').replace(/^[^/]*@/, '') : '';
}

function toSelfMillis(span: Span): number {
  if (span.children.length === 0) return Math.max(0, span.end - span.start);
  return sum(toSelfParts(span).map(([from, until]) => until - from));
}

/** When a span was at work and no child of it. */
export function toSelfParts(span: Span): readonly Part[] {
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
    const parts: Part[] = [];
    span.criticalParts = parts;
    let cursor = until;
    // A child that goes on after its parent held it up to the parent's end only.
    const children = span.children.toSorted((a, b) => Math.min(b.end, until) - Math.min(a.end, until));
    for (const child of children) {
      const end = Math.min(child.end, until);
      if (end > cursor || end <= span.start || child.start >= end) continue;
      if (end < cursor) parts.push([end, cursor]);
      waiting.push({ span: child, until: end });
      cursor = Math.max(child.start, span.start);
    }
    if (cursor > span.start) parts.push([span.start, cursor]);
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
