// Called by delivery-queue.ts when the process ends: sends all that is left at once, blocking, and says what became of each batch.
import type { BlockingResult, Destination, EncodedBatch } from '../exporters/destination.ts';
import { reportInternalError } from '../log/guard.ts';

export interface LastFlush {
  readonly destination: Pick<Destination, 'startSendBlocking'>;
  readonly batches: readonly EncodedBatch[];
  readonly limitMillis: number;
  /** Told of what is not sent, and might be by another process. */
  readonly onLeft: (batch: EncodedBatch, reason: unknown) => void;
  /** Told of what is not sent for good. */
  readonly onRefused: (batch: EncodedBatch, reason: unknown) => void;
}

/** What comes back blocks until `limitMillis` from now at most; between the two, other destinations may start. Neither throws. */
export function startLastFlush({ destination, batches, limitMillis, onLeft, onRefused }: LastFlush): () => void {
  if (batches.length === 0) return () => {};
  const fail = (error: unknown): void => {
    for (const batch of batches) onLeft(batch, error);
    reportInternalError('the last flush', error);
  };
  try {
    const wait = destination.startSendBlocking(batches, limitMillis);
    return () => {
      let results: readonly BlockingResult[];
      try {
        results = wait();
      } catch (error) {
        return fail(error);
      }
      for (const [index, batch] of batches.entries()) {
        const result = results[index];
        if (result === undefined || result.taken) continue;
        if (result.again) onLeft(batch, result.reason);
        else onRefused(batch, result.reason);
      }
    };
  } catch (error) {
    return () => fail(error);
  }
}
