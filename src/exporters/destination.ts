// The shape of a place that spans, or log records, are sent to; pipeline/ batches for it, each folder beside this file is one.
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** One batch on its way. */
export interface Delivery {
  /** Resolves when the receiver has taken the batch, rejects with the reason when it is given up. */
  readonly done: Promise<void>;
  /** True once every byte is with the operating system: it arrives even if this process ends now. */
  isWritten(): boolean;
}

export interface SendOptions {
  /** Told of every attempt that failed and will be repeated. */
  readonly onTrouble: (reason: Error) => void;
  /** Aborted when the process is leaving: no more waiting, one last attempt. */
  readonly leaving: AbortSignal;
  /** Aborted when the process waits no longer: a connection that is open or being opened would keep it alive. */
  readonly abandoned: AbortSignal;
}

export type BlockingResult = { readonly taken: true } | { readonly taken: false; readonly reason: string };

export interface Destination<Item = ReadableSpan> {
  /** Where they go, as a person may read it: credentials hidden. */
  readonly address: string;
  send(items: readonly Item[], options: SendOptions): Delivery;
  /** Starts sending while the process is leaving; what comes back blocks until `limitMillis` from now at most, and tells what became of each. */
  startSendBlocking(batches: ReadonlyArray<readonly Item[]>, limitMillis: number): () => readonly BlockingResult[];
}
