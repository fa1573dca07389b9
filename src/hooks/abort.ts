// Used by agent.ts: a call of process.abort() is the only death by the process's own hand of which no event tells.
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { guard } from '../log/guard.ts';
import { process } from '../natives.ts';

/**
 * Runs `beforeAbort` when the program calls `process.abort()`, which then does what it does: the process dies by SIGABRT, with a core if the
 * system makes one. A worker thread cannot abort.
 */
export function watchAbort(beforeAbort: () => void): Disposable {
  const descriptor = Object.getOwnPropertyDescriptor(process, 'abort');
  const original: unknown = descriptor?.value;
  if (!isMainThread || descriptor?.configurable !== true || typeof original !== 'function')
    return { [Symbol.dispose]() {} };
  const before = guard('abort', beforeAbort);
  // A proxy is the original to all who look at it: its name, its length, its text.
  const abort: unknown = new Proxy(original, {
    apply(target, self: unknown, args: unknown[]): unknown {
      before();
      return Reflect.apply(target, self, args);
    },
  });
  Object.defineProperty(process, 'abort', { ...descriptor, value: abort });
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      // Whoever has put a function of his own before ours since goes on calling it.
      if (Object.getOwnPropertyDescriptor(process, 'abort')?.value !== abort) return;
      Object.defineProperty(process, 'abort', descriptor);
      syncBuiltinESMExports();
    },
  };
}
