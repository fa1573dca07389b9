// Used by the metric reader: says once that metrics do not arrive, once that they do again, and at the end if the last did not.
import { diag } from '@opentelemetry/api';
import { toErrorText } from '../../log/log.ts';

/** Puts what happens to metrics on their way in a line where a person needs to know. */
export class MetricsReport {
  readonly #address: string;
  #failing = false;
  #lastReason: string | undefined;

  constructor(address: string) {
    this.#address = address;
  }

  /** An attempt failed. */
  trouble(reason: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    diag.warn(`cannot deliver metrics to ${this.#address} (${toErrorText(reason)}); the application goes on`);
  }

  /** A collection was taken. */
  arrived(): void {
    this.#lastReason = undefined;
    if (!this.#failing) return;
    this.#failing = false;
    diag.warn(`delivering metrics to ${this.#address} again`);
  }

  /** A collection will never arrive. */
  lose(reason: unknown): void {
    this.#lastReason = toErrorText(reason);
  }

  /** The last word, when the process leaves; silence when the last collection arrived. */
  close(): void {
    if (this.#lastReason === undefined) return;
    diag.warn(`the last metrics were lost on the way to ${this.#address}: ${this.#lastReason}`);
    this.#lastReason = undefined;
  }
}
