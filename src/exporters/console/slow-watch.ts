// Says of a local root that it is still running. One timer for all of them, and none while none is open: requests pay nothing for it.
import type { LocalRoot } from './local-roots.ts';

// Taken before the application can put fake timers in their place.
const { setTimeout, clearTimeout } = globalThis;

interface SlowWatchOptions {
  afterMillis: number;
  now: () => number;
  /** The open roots, oldest first. */
  open: () => Iterable<LocalRoot>;
  say: (root: LocalRoot) => void;
}

/** Watches the open local roots; disposing of it stops the timer. */
export interface SlowWatch extends Disposable {
  /** Called when a local root opens. */
  wake(): void;
}

/** Returns a watch that calls `say` once for every root open for `afterMillis`. */
export function createSlowWatch({ afterMillis, now, open, say }: SlowWatchOptions): SlowWatch {
  let timer: NodeJS.Timeout | undefined;
  const arm = (millis: number): void => {
    timer = setTimeout(check, millis);
    timer.unref();
  };
  const check = (): void => {
    timer = undefined;
    for (const root of open()) {
      if (root.saidSlow) continue;
      const left = root.startedAtMillis + afterMillis - now();
      // Roots are in the order in which they began: the first that is young enough is the next one due.
      if (left > 0) return arm(left);
      root.saidSlow = true;
      say(root);
    }
  };
  return {
    wake: () => {
      if (timer === undefined) arm(afterMillis);
    },
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
