// Used by the batch processor: what waits to be sent, bounded by number and by bytes.

/** How much is too much, for all that waits or for one batch. */
export interface BatchLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

export interface QueueLimits<Item> extends BatchLimits {
  /** What an item takes in memory, roughly; the same whenever it is asked. */
  readonly estimateBytes: (item: Item) => number;
}

/** First in, first out. When it is full the newest is dropped: what explains the start of a trouble is kept. */
export class BatchQueue<Item> {
  readonly #limits: QueueLimits<Item>;
  #items: Item[] = [];
  #bytes = 0;

  constructor(limits: QueueLimits<Item>) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#items.length;
  }

  /** False when the item did not fit and is dropped. */
  add(item: Item): boolean {
    const { maxItems, maxBytes, estimateBytes } = this.#limits;
    const bytes = estimateBytes(item);
    if (this.#items.length >= maxItems || this.#bytes + bytes > maxBytes) return false;
    this.#items.push(item);
    this.#bytes += bytes;
    return true;
  }

  /** Takes a batch out: up to `maxItems`, and no more than `maxBytes` unless the first alone is bigger. */
  take({ maxItems, maxBytes }: BatchLimits): Item[] {
    let count = 0;
    let bytes = 0;
    for (const item of this.#items) {
      const more = bytes + this.#limits.estimateBytes(item);
      if (count === maxItems || (count > 0 && more > maxBytes)) break;
      bytes = more;
      count++;
    }
    this.#bytes -= bytes;
    if (count < this.#items.length) return this.#items.splice(0, count);
    const all = this.#items;
    this.#items = [];
    this.#bytes = 0;
    return all;
  }
}
