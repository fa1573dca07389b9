// Arranges the spans of one local root as a tree, and puts identical siblings together.
import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { isException, toErrorLines } from './exception-text.ts';
import { isFailed, toLabel, toStatus } from './span-facts.ts';
import { toMillis } from './time-text.ts';

/** A span with the spans below it, oldest first. */
export interface SpanNode {
  span: ReadableSpan;
  children: SpanNode[];
}

/** Siblings that show the same line: usually one, a dozen where a loop made them. */
export type Siblings = readonly [SpanNode, ...SpanNode[]];

/** Returns the tree; a span whose parent has not ended hangs from the next ancestor that has. */
export function createTree(
  root: ReadableSpan,
  ended: readonly ReadableSpan[],
  parentOf: ReadonlyMap<string, string>,
): SpanNode {
  const top: SpanNode = { span: root, children: [] };
  const nodes = new Map<string, SpanNode>();
  for (const span of ended) nodes.set(span.spanContext().spanId, { span, children: [] });
  nodes.set(root.spanContext().spanId, top);
  for (const node of nodes.values()) {
    if (node === top) continue;
    let parentId = node.span.parentSpanContext?.spanId;
    // The map bounds the walk: identifiers are others' data and may go round in a circle.
    for (let steps = parentOf.size; parentId !== undefined && !nodes.has(parentId) && steps > 0; steps--) {
      parentId = parentOf.get(parentId);
    }
    (nodes.get(parentId ?? '') ?? top).children.push(node);
  }
  for (const node of nodes.values()) node.children.sort((a, b) => startOf(a) - startOf(b));
  return top;
}

/** Returns whether the span or one below it failed or recorded an exception. */
export function isTroubled(node: SpanNode): boolean {
  return isFailed(node.span) || node.span.events.some(isException) || node.children.some(isTroubled);
}

/** Returns the nodes in groups that show the same lines, in the order of their first members. */
export function groupSiblings(nodes: readonly SpanNode[]): Siblings[] {
  const groups = new Map<string, [SpanNode, ...SpanNode[]]>();
  for (const node of nodes) {
    // Stringified once at the top: a string within a string doubles its backslashes at every level.
    const look = nodes.length === 1 ? '' : JSON.stringify(toLook(node));
    const group = groups.get(look);
    if (group === undefined) groups.set(look, [node]);
    else group.push(node);
  }
  return [...groups.values()];
}

function toLook(node: SpanNode): unknown[] {
  const { span } = node;
  const label = toLabel(span).map(({ text }) => text);
  const events = span.events.map(({ name }) => name);
  const errors = toErrorLines(span, undefined);
  return [label, toStatus(span).text, isFailed(span), errors, events, node.children.map(toLook)];
}

/** Returns the outermost calls to others below a node: a client library over `http` is one call, not two. */
export function findCalls(node: SpanNode): ReadableSpan[] {
  return node.children.flatMap((child) => {
    const isCall = child.span.kind === SpanKind.CLIENT || child.span.kind === SpanKind.PRODUCER;
    return isCall ? [child.span] : findCalls(child);
  });
}

/** Returns the milliseconds during which at least one of the spans was running. */
export function toCoveredMillis(spans: readonly ReadableSpan[]): number {
  const intervals = spans.map((span) => [toMillis(span.startTime), toMillis(span.endTime)] as const);
  let covered = 0;
  let until = -Infinity;
  for (const [start, end] of intervals.toSorted(([a], [b]) => a - b)) {
    covered += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return covered;
}

function startOf({ span }: SpanNode): number {
  return toMillis(span.startTime);
}
