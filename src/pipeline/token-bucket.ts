// Used by sampling.ts for `sampling.perSecond`: how many new traces may still begin now. Pure; the clock is given.

export interface TokenBucketOptions {
  readonly perSecond: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Fills with `perSecond` tokens a second and holds what one second brings, but at least one: 0.5 is one every two seconds. */
export class TokenBucket {
  readonly #perMilli: number;
  readonly #capacity: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  constructor({ perSecond, now }: TokenBucketOptions) {
    this.#perMilli = perSecond / 1000;
    this.#capacity = perSecond <= 0 ? 0 : Math.max(1, perSecond);
    this.#now = now;
    this.#tokens = this.#capacity;
    this.#filledAt = now();
  }

  /** Takes a token; false when there is none. */
  take(): boolean {
    const now = this.#now();
    this.#tokens = Math.min(this.#capacity, this.#tokens + Math.max(0, now - this.#filledAt) * this.#perMilli);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
