// The body of every bundle that holds one of OpenTelemetry's instrumentations; scripts/build.ts writes the head.
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { LibraryHook, LibraryOptions } from './library.ts';
import { takeHooks } from './recorded-hooks.ts';

/** Starts an instrumentation, which takes the process's OpenTelemetry SDK, and gives the hooks that it asks for. */
export function startInstrumentation(
  InstrumentationClass: new (options: LibraryOptions) => Instrumentation,
  options: LibraryOptions,
): readonly LibraryHook[] {
  takeHooks();
  new InstrumentationClass(options).enable();
  return takeHooks();
}
