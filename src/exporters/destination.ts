// The shape of a place that encoded spans, or log records, are sent to; pipeline/ queues for it, each folder beside this file is one.

/** What goes out in one request: redacted, and the same bytes for every attempt. */
export interface EncodedBatch {
  /** Spans or log records in it. */
  readonly items: number;
  /** Of `body`, or an estimate that is no smaller while it is not encoded yet. */
  readonly bytes: number;
  /** An OTLP export request, in the encoding of its destination. The first time it is asked for it may be encoded, which may throw. */
  readonly body: Uint8Array;
}

/** What became of one attempt. `again`: the same batch may be taken later, after `waitMillis` where the receiver says so. */
export type Outcome =
  | { readonly taken: true }
  | {
      readonly taken: false;
      readonly reason: Error;
      readonly again: boolean;
      readonly waitMillis?: number | undefined;
    };

/** One batch on its way. */
export interface Attempt {
  /** Resolves when the receiver has answered or the attempt has failed; never rejects. */
  readonly outcome: Promise<Outcome>;
  /** True once every byte is with the operating system: it arrives even if this process ends now. */
  isWritten(): boolean;
}

/** What became of one batch while the process waited. */
export type BlockingResult =
  | { readonly taken: true }
  | { readonly taken: false; readonly reason: string; readonly again: boolean };

export interface Destination {
  /** Where they go, as a person may read it: credentials hidden. */
  readonly address: string;
  readonly encoding: 'protobuf' | 'json';
  /**
   * Where and how a batch is sent, and whose it is: what waits on disk may be sent by any process to a destination with the same, and to no other.
   * Undefined where nothing waits on disk.
   */
  readonly identity?: readonly string[];
  /** Of one request, before it is compressed. */
  readonly maxBatchBytes: number;
  /** So many requests may be open at the same time. */
  readonly maxInFlight: number;
  /** Makes one attempt; `abandoned` ends it, since a connection that is open or being opened would keep the process alive. */
  send(batch: EncodedBatch, abandoned: AbortSignal): Attempt;
  /** Starts sending while the process is leaving; what comes back blocks until `limitMillis` from now at most, and tells what became of each. */
  startSendBlocking(batches: readonly EncodedBatch[], limitMillis: number): () => readonly BlockingResult[];
}
