// Wraps every callback that Node or a library calls into the agent: what goes wrong in it is ours, never the application's.
import { diag } from '@opentelemetry/api';
import { toErrorText } from './log.ts';

let throwing = false;

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
}

/** Returns `callback` with its errors contained: in production said once, under test thrown. */
export function guard<Args extends unknown[]>(
  where: string,
  callback: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      callback(...args);
    } catch (error) {
      reportInternalError(where, error);
    }
  };
}
