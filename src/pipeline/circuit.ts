// Used by the delivery queue: whether a destination is worth an attempt, and when it is asked again.

const FIRST_WAIT_MILLIS = 1000;
const WAIT_FACTOR = 1.5;
const LONGEST_WAIT_MILLIS = 10_000;

/**
 * Opens with the first attempt that fails and may be repeated, closes with the first that succeeds. While it is open one attempt is made
 * at a time, after waits that grow from one second to ten, a fifth more or less, so that many processes do not come back at the same instant.
 */
export class Circuit {
  readonly #random: () => number;
  #failures = 0;

  /** @param random from 0 to 1, exclusive; injectable so that a test need not guess */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  get isOpen(): boolean {
    return this.#failures > 0;
  }

  /** Milliseconds until the next attempt: what the receiver asks for, else what the number of failures in a row says. */
  fail(askedMillis: number | undefined): number {
    const base = Math.min(FIRST_WAIT_MILLIS * WAIT_FACTOR ** this.#failures, LONGEST_WAIT_MILLIS);
    this.#failures++;
    return askedMillis ?? Math.round(base * (0.8 + 0.4 * this.#random()));
  }

  close(): void {
    this.#failures = 0;
  }
}
