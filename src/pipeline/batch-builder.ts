// The shape of what gathers ended spans, or log records, into batches that are small enough to send.
import type { EncodedBatch } from '../exporters/destination.ts';

/** How much is too much for one batch. */
export interface BatchLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

export interface BatchBuilder<Item> {
  /** What is gathered and not sealed yet. */
  readonly items: number;
  readonly bytes: number;
  /** Takes one more. A batch that has reached its limits is sealed; an item that is bigger alone is a batch of its own. */
  add(item: Item): void;
  /** Seals what is gathered, if anything is. */
  seal(): void;
}

/** Makes a builder that hands every sealed batch to `onBatch`. */
export type CreateBuilder<Item> = (limits: BatchLimits, onBatch: (batch: EncodedBatch) => void) => BatchBuilder<Item>;
