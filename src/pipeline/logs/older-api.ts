// Called by start-logs.ts: `@opentelemetry/api` has logs since 1.10; before, they were in a package of their own, which most programs still use.
import type { LoggerProvider } from '@opentelemetry/api';

/** Where `@opentelemetry/api-logs` looks for a function that gives the provider for its own version of this agreement. */
const KEY = Symbol.for('io.opentelemetry.js.api.logs');
const VERSION = 1;

/** Registers a provider for `@opentelemetry/api-logs`, unless the application has one there. */
export function registerForOlderApi(provider: LoggerProvider): Disposable {
  if (Reflect.has(globalThis, KEY)) return { [Symbol.dispose]() {} };
  const silent: LoggerProvider = { getLogger: () => ({ emit() {}, enabled: () => false }) };
  const get = (version: number): LoggerProvider => (version === VERSION ? provider : silent);
  Reflect.set(globalThis, KEY, get);
  return {
    [Symbol.dispose]() {
      if (Reflect.get(globalThis, KEY) === get) Reflect.deleteProperty(globalThis, KEY);
    },
  };
}
