// Called for every destination that may spool: the name under which its batches wait for it.
import process from 'node:process';

const KEY_LENGTH = 16;

/** The same parts make the same key in every process: where a batch is sent, how it is encoded, and what else makes it another's. */
export function toDestinationKey(parts: readonly string[]): string {
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, KEY_LENGTH);
}
