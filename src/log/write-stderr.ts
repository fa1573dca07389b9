// The one way out to the terminal, for the log, the banner and the console: stdout belongs to the application.
import { writeSync } from '../natives.ts';

const STDERR = 2;
const MAX_TRIES = 50;

/**
 * Writes to stderr without `process.stderr`: no stream is made that the program did not ask for, and a closed pipe is an error here,
 * not an 'error' event there.
 */
export function writeStderr(text: string): void {
  let bytes = Buffer.from(text);
  for (let tries = 0; bytes.length > 0 && tries < MAX_TRIES; tries++) {
    try {
      bytes = bytes.subarray(writeSync(STDERR, bytes));
    } catch (error) {
      // A pipe that is full for a moment may be tried again; anything else (EPIPE, EBADF) means nobody reads.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
    }
  }
}
