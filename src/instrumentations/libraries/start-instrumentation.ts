// The body of every bundle that holds one of OpenTelemetry's instrumentations; scripts/build.ts writes the head.
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { type Wrapper, containWrapper } from './contain-wrapper.ts';
import type { LibraryHook, LibraryHost, LibraryOptions } from './library.ts';
import { takeHooks } from './recorded-hooks.ts';

/** Where the base class of instrumentations keeps what it wraps with; those of other makers may have none. */
interface Wrapping {
  _wrap?: (target: object, name: PropertyKey, wrapper: Wrapper) => unknown;
}

/** Starts an instrumentation, which takes the process's OpenTelemetry SDK, and gives the hooks that it asks for. */
export function startInstrumentation(
  InstrumentationClass: new (options: LibraryOptions) => Instrumentation,
  options: LibraryOptions,
  host: LibraryHost,
): readonly LibraryHook[] {
  takeHooks();
  const instrumentation = new InstrumentationClass(options);
  const wrapping = instrumentation as Wrapping;
  const wrap = wrapping._wrap;
  if (wrap !== undefined)
    wrapping._wrap = (target, name, wrapper) => wrap(target, name, containWrapper(wrapper, host.onError));
  instrumentation.enable();
  host.onTurnOff(() => instrumentation.disable());
  return takeHooks();
}
