// Used by every file of causes/: what a cause is. docs/troubleshooting.md is written from the same rows.
import type { Facts } from './facts.ts';

/** `fail`: there are no traces, or not all. `warn`: some may be missing. `note`: worth knowing. */
export type Level = 'fail' | 'warn' | 'note';

/** Why there may be no spans. */
export interface Cause {
  /** In JSON and as an anchor of the page; it stays as it is. */
  readonly id: string;
  readonly level: Level;
  /** One sentence for the page, without this program's names. */
  readonly title: string;
  /** One line for the page: what mends it. */
  readonly mend: string;
  /** One text for every time it is found: what is so here, and what mends it here where that can be said better than by `mend`. */
  readonly find: (facts: Facts) => readonly Found[];
}

/** Short and without secrets: what it is made of is redacted already. */
export type Found = string | { readonly says: string; readonly mend: string };

/** A cause that was found. */
export interface Finding {
  readonly id: string;
  readonly level: Level;
  readonly says: string;
  readonly mend: string;
}

const ORDER: readonly Level[] = ['fail', 'warn', 'note'];

/** What the causes find, the worst first. */
export function findCauses(causes: readonly Cause[], facts: Facts): readonly Finding[] {
  return causes
    .flatMap(({ id, level, mend, find }) =>
      find(facts).map((found): Finding => {
        const told = typeof found === 'string' ? { says: found, mend } : found;
        return { id, level, says: told.says, mend: told.mend };
      }),
    )
    .toSorted((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
}

/** `[text]` where it holds, else nothing. */
export function when(condition: boolean, found: Found): readonly Found[] {
  return condition ? [found] : [];
}
