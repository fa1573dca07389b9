// What a batch is while it is collected: each item is encoded as it is added, so that nothing of it is kept and nothing is encoded twice.

export interface BatchEncoder<Item> {
  /** Encodes one more. Where it throws, the batch is as it was before. */
  add(item: Item): void;
  /** How many have been added since the last take(). */
  readonly items: number;
  /** What they take encoded, exactly; what the batch says once, such as the resource, comes on top. */
  readonly bytes: number;
  /** The body of a whole request; the encoder is empty after it. */
  take(): Uint8Array;
}
