// Used by the batch processor: what waits to be sent, bounded by number and by bytes.

export interface QueueLimits<Item> {
  readonly maxItems: number;
  readonly maxBytes: number;
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

  /** Takes up to `count` items out. */
  take(count: number): Item[] {
    const batch = this.#items.length <= count ? this.#items : this.#items.splice(0, count);
    if (batch === this.#items) this.#items = [];
    const { estimateBytes } = this.#limits;
    this.#bytes =
      this.#items.length === 0 ? 0 : this.#bytes - batch.reduce((sum, item) => sum + estimateBytes(item), 0);
    return batch;
  }
}
