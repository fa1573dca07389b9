// What a batch is while it is collected: each item is encoded as it is added, so that nothing of it is kept and nothing is encoded twice.
import type { EncodedBatch } from './destination.ts';

export interface BatchEncoder<Item> {
  /** Encodes one more. Where it throws, the batch is as it was before. */
  add(item: Item): void;
  /** How many have been added since the last take(). */
  readonly items: number;
  /** What they take encoded, exactly; what the batch says once, such as the resource, comes on top. */
  readonly bytes: number;
  /** Takes the last one that was added out again; of two calls in a row the second does nothing. */
  removeLast(): void;
  /** All of it as one request; the encoder is empty after it. */
  take(): EncodedBatch;
}
