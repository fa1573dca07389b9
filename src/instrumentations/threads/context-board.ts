// Shared by all threads of a process where `propagation.workers` is on: the contexts of messages that are on their way, by the message's number.

/** Which message: the lane as one number, and its place in the lane. */
export interface BoardKey {
  readonly lane: number;
  readonly number: number;
}

/** A slot: how it is, the lane, the number, how many bytes of text, then the text. */
const SLOT_BYTES = 512;
const HEADER_BYTES = 16;
const SLOTS = 1024;
/** A message looks for its slot in so many places. */
const PROBES = 8;
const [STATE, LANE, NUMBER, LENGTH] = [0, 1, 2, 3] as const;
const [FREE, BUSY, FULL] = [0, 1, 2] as const;

/** The most bytes that a text may have. */
export const MAX_TEXT_BYTES = SLOT_BYTES - HEADER_BYTES;

/** Creates the memory of a board: half a mebibyte. */
export function createBoardMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(SLOTS * SLOT_BYTES);
}

/** Without locks. A text that nobody takes, since its thread has no agent or is gone, is overwritten when its place is needed. */
export class ContextBoard {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
  }

  /** Leaves a text of at most MAX_TEXT_BYTES for a message. */
  put({ lane, number }: BoardKey, text: Uint8Array): void {
    const slot = this.#claim(lane, number);
    if (slot === undefined) return;
    this.#words[slot + LANE] = lane;
    this.#words[slot + NUMBER] = number;
    this.#words[slot + LENGTH] = text.length;
    this.#bytes.set(text, slot * 4 + HEADER_BYTES);
    Atomics.store(this.#words, slot + STATE, FULL);
  }

  /** Takes the text of a message off the board. */
  take({ lane, number }: BoardKey): Uint8Array | undefined {
    for (const slot of slotsOf(lane, number)) {
      const isMine = (): boolean => this.#words[slot + LANE] === lane && this.#words[slot + NUMBER] === number;
      if (Atomics.load(this.#words, slot + STATE) !== FULL || !isMine()) continue;
      if (Atomics.compareExchange(this.#words, slot + STATE, FULL, BUSY) !== FULL) continue;
      // Between the look and the claim another may have had it.
      if (!isMine()) {
        Atomics.store(this.#words, slot + STATE, FULL);
        continue;
      }
      const start = slot * 4 + HEADER_BYTES;
      const text = this.#bytes.slice(start, start + (this.#words[slot + LENGTH] ?? 0));
      Atomics.store(this.#words, slot + STATE, FREE);
      return text;
    }
    return undefined;
  }

  #claim(lane: number, number: number): number | undefined {
    const slots = slotsOf(lane, number);
    for (const from of [FREE, FULL]) {
      for (const slot of slots) {
        if (Atomics.compareExchange(this.#words, slot + STATE, from, BUSY) === from) return slot;
      }
    }
    return undefined;
  }
}

/** The places of a message, as indexes of 32-bit words. */
function slotsOf(lane: number, number: number): readonly number[] {
  const first = Math.imul(Math.imul(lane, 0x9e3779b1) ^ number, 0x85ebca6b) >>> 0;
  return Array.from({ length: PROBES }, (_, index) => ((first + index) % SLOTS) * (SLOT_BYTES / 4));
}
