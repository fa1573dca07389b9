// Called by agent.ts and instrumentations/libraries for every part that watches the application: one that is broken is turned off, and only it.
import { diag } from '@opentelemetry/api';
import { type OnInternalError, reportInternalError, watchErrors } from './guard.ts';
import { toErrorText } from './log.ts';
import { stopwatch } from './stopwatch.ts';

/** So many internal errors of one instrumentation within a minute, and it is turned off until the process ends. */
export const MAX_ERRORS = 20;
const WITHIN_MILLIS = 60_000;

/** Counts the internal errors of an instrumentation, and calls `turnOff` once when they are too many. Costs nothing until there is one. */
export function createWatchdog(name: string, turnOff: () => void, now = stopwatch): OnInternalError {
  /** When the last ones were, the oldest first. */
  const times: number[] = [];
  let isOff = false;
  return (where, error) => {
    if (isOff) return;
    const time = now();
    times.push(time);
    const first = times.at(-MAX_ERRORS);
    if (times.length > MAX_ERRORS) times.shift();
    if (first === undefined || time - first > WITHIN_MILLIS) return;
    isOff = true;
    diag.error(
      `${name} is turned off after ${MAX_ERRORS} internal errors within a minute, the rest goes on, the application is not affected; the last was in ${where}: ${toErrorText(error)}`,
    );
    try {
      turnOff();
    } catch (failure) {
      reportInternalError(`turning ${name} off`, failure);
    }
  };
}

/**
 * Enables a part and watches over it; `turnOff` is given what was enabled. Undefined where it cannot be enabled: said, and without
 * consequence for the others.
 */
export function enableWatched<Part>(name: string, enable: () => Part, turnOff: (part: Part) => void): Part | undefined {
  let part: Part | undefined;
  const watchdog = createWatchdog(name, () => {
    if (part !== undefined) turnOff(part);
  });
  try {
    return (part = watchErrors(watchdog, enable));
  } catch (error) {
    reportInternalError(`the start of ${name}`, error);
    return undefined;
  }
}
