// Used by the delivery queue: says once that a destination fails, once that it is back, and at the end what was lost.
import { diag } from '@opentelemetry/api';
import { toErrorText } from '../log/log.ts';
import { stopwatch } from '../log/stopwatch.ts';

/** One and many of what is sent. */
export type Noun = readonly [one: string, many: string];

const FATE = { kept: 'kept for a while', spooled: 'kept in the spool', lost: 'lost' } as const;

/** A receiver that comes and goes is said no more often than this. */
const QUIET_MILLIS = 60_000;

/** Counts what happens to spans, or log records, on their way to one destination, and puts it in one line where a person needs to know. */
export class DeliveryReport {
  readonly #address: string;
  readonly #noun: Noun;
  #failing = false;
  /** Whether the trouble there is was said, and when one was said last. */
  #isSaid = false;
  #saidMillis = -Infinity;
  #reason = '';
  #lost = 0;
  #lostBefore = 0;

  readonly #now: () => number;

  /** `now`: milliseconds that never go back. */
  constructor(address: string, noun: Noun, now: () => number = stopwatch) {
    this.#address = address;
    this.#noun = noun;
    this.#now = now;
  }

  /** An attempt failed; what it carried is kept for another, or lost (then `lose` follows). */
  trouble(error: unknown, fate: keyof typeof FATE): void {
    if (this.#failing && this.#isSaid) return;
    this.#failing = true;
    const now = this.#now();
    this.#isSaid = now - this.#saidMillis >= QUIET_MILLIS;
    if (!this.#isSaid) return;
    this.#saidMillis = now;
    diag.warn(
      `cannot deliver ${this.#noun[1]} to ${this.#address} (${toErrorText(error)}); they are ${FATE[fate]}, the application goes on`,
    );
  }

  /** A batch arrived, `waiting` are still to be sent. */
  arrived(count: number, waiting: number): void {
    if (!this.#failing) return;
    this.#failing = false;
    if (!this.#isSaid) return;
    const lost = this.#lost - this.#lostBefore;
    this.#lostBefore = this.#lost;
    diag.warn(`delivering to ${this.#address} again: ${this.#count(count + waiting)} kept, ${lost} lost`);
  }

  /** So many will never arrive. */
  lose(count: number, reason: unknown): void {
    this.#lost += count;
    this.#reason = toErrorText(reason);
  }

  /** The last word, when the process leaves; silence when everything arrived. */
  close(): void {
    if (this.#lost === 0) return;
    diag.warn(
      `${this.#count(this.#lost)} ${this.#lost === 1 ? 'was' : 'were'} lost on the way to ${this.#address}: ${this.#reason}`,
    );
    this.#lost = 0;
  }

  #count(count: number): string {
    return `${count} ${this.#noun[count === 1 ? 0 : 1]}`;
  }
}
