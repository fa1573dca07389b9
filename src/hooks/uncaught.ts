// Called by the http server instrumentation: learns of exceptions that nobody caught, and changes nothing about what becomes of them.
import { guard } from '../log/guard.ts';

/**
 * Tells of every uncaught exception and fatal rejection before the application's own handlers, in the context it was thrown in.
 * @note A monitor keeps no process alive and hides no exit code: Node made the event for this.
 */
export function watchUncaught(onUncaught: (error: unknown) => void): Disposable {
  const listener = guard('an uncaught exception', onUncaught);
  process.on('uncaughtExceptionMonitor', listener);
  return { [Symbol.dispose]: () => void process.removeListener('uncaughtExceptionMonitor', listener) };
}
