// Called wherever the telemetry of an exchange meets what was thrown: test runners and sandboxes run programs in a vm context of their own.
import { types } from 'node:util';

/** True of an error of any context: one of another has another `Error` for a constructor. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}
