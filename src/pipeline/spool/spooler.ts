// Made by the delivery queue of a destination that has a spool: what is on its way to the disk, and what comes back from it.
import type { EncodedBatch } from '../../exporters/destination.ts';
import type { SpoolStore, TakenBatch } from './spool.ts';

/** Batches wait in memory until they are written: a disk that is slower than the program may not make it grow. */
const MAX_WRITING_BYTES = 16 * 1024 * 1024;

/** An empty spool is looked at again after so long: another process may have left something meanwhile. */
const LOOK_AGAIN_MILLIS = 30_000;

export class Spooler {
  readonly #store: SpoolStore;
  readonly #writing = new Set<EncodedBatch>();
  #writingBytes = 0;
  #isTaking = false;
  #emptyUntil = -Infinity;

  constructor(store: SpoolStore) {
    this.#store = store;
  }

  /** Batches that are being written. */
  get pending(): number {
    return this.#writing.size;
  }

  get hasRoom(): boolean {
    return this.#writingBytes < MAX_WRITING_BYTES;
  }

  /** Writes a batch; resolves with false where it is not kept. */
  async put(batch: EncodedBatch): Promise<boolean> {
    if (!this.hasRoom) return false;
    this.#writing.add(batch);
    this.#writingBytes += batch.bytes;
    const isKept = await this.#store.put(batch);
    this.#writingBytes -= batch.bytes;
    // Where putAllSync was faster, it is kept already.
    if (this.#writing.delete(batch) && isKept) this.#emptyUntil = -Infinity;
    return isKept;
  }

  /** Writes a batch while the process leaves; false where it is not kept. */
  putSync(batch: EncodedBatch): boolean {
    return this.#store.putSync(batch);
  }

  /** Takes over what is being written when the process leaves: its writes may never be finished. */
  takeUnwritten(): readonly EncodedBatch[] {
    const unwritten = [...this.#writing];
    this.#writing.clear();
    return unwritten;
  }

  /** The next batch that waits on disk; undefined when there is none, or one is being looked for already. */
  async take(): Promise<TakenBatch | undefined> {
    if (this.#isTaking || performance.now() < this.#emptyUntil) return undefined;
    this.#isTaking = true;
    const taken = await this.#store.take();
    this.#isTaking = false;
    if (taken === undefined) this.#emptyUntil = performance.now() + LOOK_AGAIN_MILLIS;
    return taken;
  }
}
