// Made by start-pipeline.ts and load-logs.ts, one for every encoding that a destination wants: gathers what ended, and hands batches to the queues.
import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { EncodedBatch } from '../exporters/destination.ts';
import { reportInternalError } from '../log/guard.ts';
import type { BatchBuilder, CreateBuilder } from './batch-builder.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import { setTimeout, clearTimeout } from '../natives.ts';

export interface CollectorOptions<Item> {
  readonly createBuilder: CreateBuilder<Item>;
  /** Each gets every batch. */
  readonly queues: readonly DeliveryQueue[];
  readonly delayMillis: number;
  readonly maxBatchItems: number;
  readonly maxBatchBytes: number;
  /** Resolved when attributes that are found asynchronously (cloud detectors) are there; nothing is sealed before. */
  readonly ready: Promise<unknown> | undefined;
}

/** A batch is sealed when it is full or `delayMillis` after its first item. Where no queue has room, what comes is dropped before it is encoded. */
export class BatchCollector<Item> {
  readonly #options: CollectorOptions<Item>;
  readonly #builder: BatchBuilder<Item>;
  readonly #quiet = suppressTracing(ROOT_CONTEXT);
  /** Sealed before the resource was known. */
  #early: EncodedBatch[] | undefined;
  #earlyItems = 0;
  #earlyBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: CollectorOptions<Item>) {
    this.#options = options;
    const limits = { maxItems: options.maxBatchItems, maxBytes: options.maxBatchBytes };
    this.#builder = options.createBuilder(limits, (batch) => this.#onBatch(batch));
    if (options.ready === undefined) return;
    this.#early = [];
    const release = (): void => this.#release();
    options.ready.then(release, release);
  }

  /** Takes one more; it is sent with others, or counted as lost. */
  add(item: Item): void {
    if (this.#isClosed) return;
    if (!this.#hasRoom()) {
      for (const queue of this.#options.queues) queue.overflow(1);
      return;
    }
    try {
      this.#builder.add(item);
    } catch (error) {
      reportInternalError('the encoding of a batch', error);
      for (const queue of this.#options.queues) queue.lose(1, error);
      return;
    }
    if (this.#timer === undefined && this.#builder.items > 0) this.#startTimer();
  }

  /** True while something is gathered and with no queue yet. */
  isPending(): boolean {
    return this.#builder.items > 0 || this.#earlyItems > 0;
  }

  /** Hands all that is gathered to the queues; resolves when it is there. */
  async flush(): Promise<void> {
    // A process that leaves does not wait for a metadata service that never answers.
    if (this.#early !== undefined && !this.#isClosed) await this.#options.ready?.catch(() => {});
    this.#seal();
  }

  /** The same at once, while the process leaves; nothing is taken afterwards. */
  close(): void {
    if (this.#isClosed) return;
    this.#seal();
    this.#release();
    this.#isClosed = true;
  }

  #hasRoom(): boolean {
    const items = this.#builder.items + this.#earlyItems + 1;
    const bytes = this.#builder.bytes + this.#earlyBytes;
    for (const queue of this.#options.queues) {
      if (queue.hasRoom(items, bytes)) return true;
    }
    return false;
  }

  #onBatch(batch: EncodedBatch): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#early === undefined) {
      for (const queue of this.#options.queues) queue.add(batch);
      return;
    }
    this.#early.push(batch);
    this.#earlyItems += batch.items;
    this.#earlyBytes += batch.bytes;
  }

  #release(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#earlyItems = 0;
    this.#earlyBytes = 0;
    for (const batch of early) this.#onBatch(batch);
  }

  #seal(): void {
    this.#timer = undefined;
    try {
      this.#builder.seal();
    } catch (error) {
      reportInternalError('the encoding of a batch', error);
    }
  }

  #startTimer(): void {
    // In a context of its own: a timer keeps the context it is made in, and with it the request's span.
    this.#timer = context.with(this.#quiet, () => setTimeout(() => this.#seal(), this.#options.delayMillis));
    this.#timer.unref();
  }
}
