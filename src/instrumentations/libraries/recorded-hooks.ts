// Stands in the bundles of libraries where OpenTelemetry's instrumentations import require-in-the-middle and import-in-the-middle:
// what they would hook is written down, and hooks/module-hooks.ts calls it.
import type { LibraryHook } from './library.ts';

let recorded: LibraryHook[] = [];

/** Has the shape of both packages' `Hook`. An instrumentation makes one for each of its modules; the one of a whole process names none. */
export class Hook {
  constructor(modules: readonly string[] | null, _options: object, patch: LibraryHook['patch']) {
    for (const module of modules ?? []) {
      if (!recorded.some((hook) => hook.module === module && hook.patch === patch)) recorded.push({ module, patch });
    }
  }

  unhook(): void {}
}

/** The hooks that were made since the last call. */
export function takeHooks(): readonly LibraryHook[] {
  const taken = recorded;
  recorded = [];
  return taken;
}
