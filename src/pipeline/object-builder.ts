// Gathers items as they are and encodes them when they are sent: for log records, and for spans that leave as JSON.
import type { EncodedBatch } from '../exporters/destination.ts';
import type { BatchBuilder, CreateBuilder } from './batch-builder.ts';

export interface ObjectBuilderOptions<Item> {
  readonly encode: (items: Item[]) => Uint8Array | undefined;
  /** What an item takes in memory, roughly. */
  readonly estimateBytes: (item: Item) => number;
}

/** Encoded, an item is at most half as big again as its estimate. */
const ENCODED_PER_ESTIMATED = 1.5;

/** Items keep the state that they have: whatever is gathered must not change any more. */
export function createObjectBuilder<Item>({ encode, estimateBytes }: ObjectBuilderOptions<Item>): CreateBuilder<Item> {
  return (limits, onBatch): BatchBuilder<Item> => {
    let items: Item[] = [];
    let bytes = 0;
    const seal = (): void => {
      if (items.length === 0) return;
      const batch = new ObjectBatch(items, bytes, encode);
      items = [];
      bytes = 0;
      onBatch(batch);
    };
    return {
      get items() {
        return items.length;
      },
      get bytes() {
        return bytes;
      },
      add(item) {
        const itemBytes = Math.ceil(estimateBytes(item) * ENCODED_PER_ESTIMATED);
        if (bytes + itemBytes > limits.maxBytes) seal();
        items.push(item);
        bytes += itemBytes;
        if (items.length >= limits.maxItems) seal();
      },
      seal,
    };
  };
}

class ObjectBatch<Item> implements EncodedBatch {
  readonly items: number;
  readonly bytes: number;
  readonly #encode: (items: Item[]) => Uint8Array | undefined;
  /** Undefined once they are encoded: the bytes are kept, the objects are not. */
  #objects: Item[] | undefined;
  #body: Uint8Array = new Uint8Array();

  constructor(objects: Item[], bytes: number, encode: (items: Item[]) => Uint8Array | undefined) {
    this.items = objects.length;
    this.bytes = bytes;
    this.#objects = objects;
    this.#encode = encode;
  }

  get body(): Uint8Array {
    if (this.#objects === undefined) return this.#body;
    const body = this.#encode(this.#objects);
    if (body === undefined) throw new Error('the batch could not be encoded');
    this.#body = body;
    this.#objects = undefined;
    return body;
  }
}
