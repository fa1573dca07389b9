// Used by trace-state.ts: the model of a trace, and what a person has opened and closed -> the lines of the waterfall. Pure.
import type { Fold, Span, TraceModel } from './trace-model.ts';

/** A line of the waterfall. */
export interface Row {
  readonly key: string;
  readonly span: Span;
  /** All of them, where the line stands for siblings that are alike. */
  readonly members: readonly Span[] | undefined;
  readonly depth: number;
  /** The line of its parent, -1 for a root. */
  readonly parentAt: number;
  readonly isParent: boolean;
  readonly isOpen: boolean;
}

/** What a person has closed and opened: keys of spans whose children are hidden, keys of folds whose members are shown. */
export interface Openness {
  readonly closed: ReadonlySet<string>;
  readonly unfolded: ReadonlySet<string>;
}

/** The lines that are to be seen, from the first to the last. */
export function toRows(model: TraceModel, { closed, unfolded }: Openness): readonly Row[] {
  const rows: Row[] = [];
  type Waiting = { readonly entry: Span | Fold; readonly depth: number; readonly parentAt: number };
  const waiting: Waiting[] = [];
  const push = (entries: ReadonlyArray<Span | Fold>, depth: number, parentAt: number): void => {
    for (const entry of entries.toReversed()) waiting.push({ entry, depth, parentAt });
  };
  push(model.roots, 0, -1);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { entry, depth, parentAt } = next;
    const at = rows.length;
    if ('members' in entry) {
      const isOpen = unfolded.has(entry.key);
      rows.push({
        key: entry.key,
        span: entry.members[0],
        members: entry.members,
        depth,
        parentAt,
        isParent: true,
        isOpen,
      });
      if (isOpen) push(entry.members, depth + 1, at);
    } else {
      const isParent = entry.children.length > 0;
      const isOpen = isParent && !closed.has(entry.detail.id);
      rows.push({ key: entry.detail.id, span: entry, members: undefined, depth, parentAt, isParent, isOpen });
      if (isOpen) push(entry.entries, depth + 1, at);
    }
  }
  return rows;
}

/** Opens whatever hides a span. */
export function reveal(span: Span, { closed, unfolded }: Openness): Openness {
  const open = { closed: new Set(closed), unfolded: new Set(unfolded) };
  for (let child = span, above = span.parent; above !== undefined; child = above, above = above.parent) {
    open.closed.delete(above.detail.id);
    for (const entry of above.entries)
      if ('members' in entry && entry.members.includes(child)) open.unfolded.add(entry.key);
  }
  return open;
}
