// Called by the http and http2 server instrumentations: learns of exceptions that nobody caught, and changes nothing about what becomes of them.
import { guard } from '../log/guard.ts';
import { process } from '../natives.ts';

type OnUncaught = (error: unknown) => void;

const watchers = new Set<OnUncaught>();

/** One for all who watch: applications count the listeners of their process. */
const listener = guard('an uncaught exception', (error: unknown) => {
  for (const watcher of watchers) watcher(error);
});

/**
 * Tells of every uncaught exception and fatal rejection before the application's own handlers, in the context it was thrown in.
 * @note A monitor keeps no process alive and hides no exit code: Node made the event for this.
 */
export function watchUncaught(onUncaught: OnUncaught): Disposable {
  if (watchers.size === 0) process.on('uncaughtExceptionMonitor', listener);
  watchers.add(onUncaught);
  return {
    [Symbol.dispose]() {
      watchers.delete(onUncaught);
      if (watchers.size === 0) process.removeListener('uncaughtExceptionMonitor', listener);
    },
  };
}
