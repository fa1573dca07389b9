// Wraps every callback that Node or a library calls into the agent: what goes wrong in it is ours, never the application's.
import { diag } from '@opentelemetry/api';
import { toErrorText } from './log.ts';

let throwing = false;

/** Told of every internal error of the part that it watches (watchdog.ts). */
export type OnInternalError = (where: string, error: unknown) => void;

/** Whose code runs: what is guarded while it does is guarded for the same. */
let watching: OnInternalError | undefined;

/** Runs `callback`, and tells `onError` of what ever goes wrong in callbacks that are guarded by it, or by those. */
export function watchErrors<T>(onError: OnInternalError | undefined, callback: () => T): T {
  const before = watching;
  watching = onError;
  try {
    return callback();
  } finally {
    watching = before;
  }
}

/** Under test an internal error must not hide: it is thrown on, not swallowed. */
export function throwInternalErrors(on: boolean): void {
  throwing = on;
}

/** Says an internal error once (the log folds repeats), or throws it under test. */
export function reportInternalError(where: string, error: unknown): void {
  if (throwing) throw error;
  try {
    diag.error(`internal error in ${where}, the application is not affected: ${toErrorText(error)}`);
  } catch {
    // Nothing is left that could say it.
  }
  watching?.(where, error);
}

/** Returns `callback` with its errors contained: in production said once, under test thrown. */
export function guard<Args extends unknown[]>(
  where: string,
  callback: (...args: Args) => void,
): (...args: Args) => void {
  const onError = watching;
  return (...args) => {
    const before = watching;
    watching = onError;
    try {
      callback(...args);
    } catch (error) {
      reportInternalError(where, error);
    } finally {
      watching = before;
    }
  };
}

/** The same for what gives something back: undefined where it fails. It is guarded for whoever calls this function. */
export function createContain(where: string): <T>(callback: () => T) => T | undefined {
  const onError = watching;
  return (callback) => {
    try {
      return watchErrors(onError, callback);
    } catch (error) {
      watchErrors(onError, () => reportInternalError(where, error));
      return undefined;
    }
  };
}
