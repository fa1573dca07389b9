// The OTLP encoder writes into this: one buffer for all batches, that grows with a batch and is used again for the next.
import { Buffer } from 'node:buffer';
import { lengthBytes, putLength } from './protobuf.ts';

const FIRST_BYTES = 16 * 1024;
/** What is kept between batches: as much as a full one of ordinary spans takes, and not what a burst has left. */
const MAX_KEPT_BYTES = 512 * 1024;
const MAX_LENGTH_BYTES = 5;
const NOTHING = Buffer.allocUnsafeSlow(0);

export class GrowingBuffer {
  #bytes = NOTHING;
  /** How many bytes are written; whoever writes some moves it, forward or back. */
  length = 0;

  /** The bytes with room for `count` more; valid until the next call. */
  reserve(count: number): Buffer {
    if (this.length + count > this.#bytes.length) this.#grow(count);
    return this.#bytes;
  }

  /** What is written from `start` up to `end`; as it is now until what lies there is written anew. */
  view(start: number, end: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, start, end - start);
  }

  /** Forgets what is written, and more room than the next batch will want. */
  clear(): void {
    this.length = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = NOTHING;
  }

  /** Begins a message, whose length is written in front of it; `end` wants what comes back, and the same guess at its length. */
  begin(guess: number): number {
    this.reserve(MAX_LENGTH_BYTES);
    const start = this.length;
    this.length += lengthBytes(guess);
    return start;
  }

  /** Writes the length of what was written since `begin`; a guess of another number of bytes costs moving it. */
  end(start: number, guess: number): void {
    const from = start + lengthBytes(guess);
    const length = this.length - from;
    const bytes = this.reserve(MAX_LENGTH_BYTES);
    const to = start + lengthBytes(length);
    if (to !== from) bytes.copyWithin(to, from, this.length);
    putLength(bytes, start, length);
    this.length = to + length;
  }

  #grow(count: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, this.#bytes.length * 2, this.length + count));
    this.#bytes.copy(bytes, 0, 0, this.length);
    this.#bytes = bytes;
  }
}
