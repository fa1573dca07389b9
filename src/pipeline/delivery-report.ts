// Used by the batch processor: says once that a destination fails, once that it is back, and at the end what was lost.
import { diag } from '@opentelemetry/api';
import { toErrorText } from '../log/log.ts';

const FATE = { kept: 'kept for a while', lost: 'lost' } as const;

/** Counts what happens to spans on their way to one destination, and puts it in one line where a person needs to know. */
export class DeliveryReport {
  readonly #address: string;
  #failing = false;
  #reason = '';
  #lost = 0;
  #lostBefore = 0;

  constructor(address: string) {
    this.#address = address;
  }

  /** An attempt failed; its spans are kept for another, or lost (then `lose` follows). */
  trouble(error: unknown, spans: 'kept' | 'lost'): void {
    if (this.#failing) return;
    this.#failing = true;
    diag.warn(
      `cannot deliver spans to ${this.#address} (${toErrorText(error)}); they are ${FATE[spans]}, the application goes on`,
    );
  }

  /** A batch arrived, `waiting` spans are still to be sent. */
  arrived(spans: number, waiting: number): void {
    if (!this.#failing) return;
    this.#failing = false;
    const lost = this.#lost - this.#lostBefore;
    this.#lostBefore = this.#lost;
    diag.warn(`delivering to ${this.#address} again: ${countSpans(spans + waiting)} kept, ${lost} lost`);
  }

  /** Spans that will never arrive. */
  lose(spans: number, reason: unknown): void {
    this.#lost += spans;
    this.#reason = toErrorText(reason);
  }

  /** The last word, when the process leaves; silence when everything arrived. */
  close(): void {
    if (this.#lost === 0) return;
    diag.warn(
      `${countSpans(this.#lost)} ${this.#lost === 1 ? 'was' : 'were'} lost on the way to ${this.#address}: ${this.#reason}`,
    );
    this.#lost = 0;
  }
}

const countSpans = (count: number): string => `${count} ${count === 1 ? 'span' : 'spans'}`;
