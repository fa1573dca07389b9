// Used by services.tsx: services and calls -> places in columns, callers to the left of what they call. Pure.
import type { ServiceEdge, ServiceMap, ServiceNode } from '../model.ts';

export const NODE = { width: 190, height: 58 } as const;
const GAP = { x: 130, y: 34 } as const;

export interface Placed {
  readonly node: ServiceNode;
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly placed: ReadonlyMap<string, Placed>;
  readonly edges: readonly ServiceEdge[];
  readonly width: number;
  readonly height: number;
}

/** A service stands one column to the right of the last that calls it; calls that go back in a circle are left out of that. */
export function layOut({ nodes, edges }: ServiceMap): Layout {
  const columns = toColumns(nodes, edges);
  const groups = Map.groupBy(nodes, ({ name }) => columns.get(name) ?? 0);
  const placed = new Map<string, Placed>();
  const tallest = Math.max(0, ...[...groups.values()].map(({ length }) => length));
  const height = Math.max(1, tallest) * (NODE.height + GAP.y) - GAP.y;
  for (const column of [...groups.keys()].sort((a, b) => a - b)) {
    const group = groups.get(column) ?? [];
    // Beside what calls it, so that fewer lines cross.
    const order = group
      .map((node) => ({ node, y: toMeanY(node, edges, placed) }))
      .sort((a, b) => a.y - b.y || a.node.name.localeCompare(b.node.name));
    const top = (height - (group.length * (NODE.height + GAP.y) - GAP.y)) / 2;
    for (const [index, { node }] of order.entries())
      placed.set(node.name, { node, x: column * (NODE.width + GAP.x), y: top + index * (NODE.height + GAP.y) });
  }
  const width = (Math.max(0, ...groups.keys()) + 1) * (NODE.width + GAP.x) - GAP.x;
  return { placed, edges: edges.filter(({ from, to }) => placed.has(from) && placed.has(to)), width, height };
}

function toColumns(nodes: readonly ServiceNode[], edges: readonly ServiceEdge[]): ReadonlyMap<string, number> {
  const columns = new Map(nodes.map(({ name }) => [name, 0]));
  const reached = toReached(edges);
  const forward = edges.filter(({ from, to }) => reached.get(to)?.has(from) !== true);
  // What is left has no circles, so after as many rounds as there are services at the most every column is right.
  for (let round = 0, isDone = false; round < nodes.length && !isDone; round++) {
    isDone = true;
    for (const { from, to } of forward) {
      const wanted = (columns.get(from) ?? 0) + 1;
      if (wanted <= (columns.get(to) ?? 0)) continue;
      columns.set(to, wanted);
      isDone = false;
    }
  }
  return columns;
}

/** For each caller, all services to which its calls lead, over others too. */
function toReached(edges: readonly ServiceEdge[]): ReadonlyMap<string, ReadonlySet<string>> {
  const calls = Map.groupBy(edges, ({ from }) => from);
  const reached = new Map<string, ReadonlySet<string>>();
  for (const start of calls.keys()) {
    const seen = new Set([start]);
    for (const name of seen) for (const { to } of calls.get(name) ?? []) seen.add(to);
    reached.set(start, seen);
  }
  return reached;
}

function toMeanY({ name }: ServiceNode, edges: readonly ServiceEdge[], placed: ReadonlyMap<string, Placed>): number {
  const ys = edges.filter(({ to }) => to === name).flatMap(({ from }) => placed.get(from)?.y ?? []);
  return ys.length === 0 ? 0 : ys.reduce((sum, y) => sum + y, 0) / ys.length;
}
