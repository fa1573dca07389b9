// Used by the probe: counts what becomes of the spans of every destination.
import type { Destination } from '../../exporters/destination.ts';
import { toErrorText } from '../../log/log.ts';
import type { DeliveryCounts } from './report.ts';

/** Puts counters in front of the destinations; what comes back reads them. */
export function countDeliveries(
  destinations: readonly Destination[],
  redact: (text: string) => string,
): () => readonly DeliveryCounts[] {
  const counters = destinations.map((destination) => {
    const counts = { address: destination.address, delivered: 0, lost: 0, reason: undefined as string | undefined };
    const lose = (count: number, reason: unknown): void => {
      counts.lost += count;
      counts.reason = redact(toErrorText(reason));
    };
    const send = destination.send.bind(destination);
    destination.send = (batch, abandoned) => {
      const attempt = send(batch, abandoned);
      void attempt.outcome.then((outcome) => {
        if (outcome.taken) counts.delivered += batch.items;
        // What may be sent again is not lost yet.
        else if (!outcome.again) lose(batch.items, outcome.reason);
      });
      return attempt;
    };
    const startSendBlocking = destination.startSendBlocking.bind(destination);
    destination.startSendBlocking = (batches, limitMillis) => {
      const wait = startSendBlocking(batches, limitMillis);
      return () => {
        const results = wait();
        for (const [index, result] of results.entries()) {
          const count = batches[index]?.items ?? 0;
          if (result.taken) counts.delivered += count;
          else lose(count, result.reason);
        }
        return results;
      };
    };
    return counts;
  });
  return () => counters;
}
