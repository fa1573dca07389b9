// The base of what collects spans (span-batch.ts) or log records (logs/load-logs.ts) for one destination: sends them in batches, never in the
// application's way.
import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Delivery, Destination } from '../exporters/destination.ts';
import { reportInternalError } from '../log/guard.ts';
import { BatchQueue } from './batch-queue.ts';
import { DeliveryReport, type Noun } from './delivery-report.ts';

export interface BatchOptions<Item> {
  readonly destination: Destination<Item>;
  /** What an item is called where a person reads of it. */
  readonly noun: Noun;
  readonly delayMillis: number;
  readonly maxBatchItems: number;
  readonly maxQueueItems: number;
  readonly maxQueueBytes: number;
  readonly estimateBytes: (item: Item) => number;
  /** Resolved when attributes that are found asynchronously (cloud detectors) are there; nothing is sent before. */
  readonly ready: Promise<unknown> | undefined;
}

// Taken at load: an application under test that fakes its timers must not stop ours.
const { setTimeout, clearTimeout, setImmediate } = globalThis;

/** Receivers such as Logfire take 5 MiB in one request; encoded, an item is at most half as big again as its estimate. */
const MAX_BATCH_BYTES = (5 * 1024 * 1024) / 1.5;

const NO_ANSWER = new Error('sent, but not answered in time');
const NO_TIME = new Error('not delivered before the process ended');
const QUEUE_IS_FULL = new Error('the queue was full');

/** A batch is on its way at any time at most once; what ends meanwhile waits in the queue. */
export class BatchProcessor<Item> {
  readonly #options: BatchOptions<Item>;
  readonly #queue: BatchQueue<Item>;
  readonly #report: DeliveryReport;
  readonly #quiet = suppressTracing(ROOT_CONTEXT);
  #timer: NodeJS.Timeout | undefined;
  #pumping: Promise<void> | undefined;
  #current: { items: readonly Item[]; delivery: Delivery } | undefined;
  #closed = false;
  readonly #leaving = new AbortController();
  readonly #abandoned = new AbortController();

  constructor(options: BatchOptions<Item>) {
    this.#options = options;
    this.#queue = new BatchQueue({
      maxItems: options.maxQueueItems,
      maxBytes: options.maxQueueBytes,
      estimateBytes: options.estimateBytes,
    });
    this.#report = new DeliveryReport(options.destination.address, options.noun);
  }

  /** Takes one more; it is sent with others, or counted as lost. */
  add(item: Item): void {
    if (this.#closed) return;
    if (!this.#queue.add(item)) {
      this.#report.lose(1, QUEUE_IS_FULL);
      return;
    }
    if (this.#queue.length >= this.#options.maxBatchItems) void this.#pump();
    else this.#startTimer();
  }

  /** True while something waits or is on its way. */
  isPending(): boolean {
    return this.#queue.length > 0 || this.#current !== undefined;
  }

  /** Sends all that waits; resolves when it is delivered or given up. */
  async forceFlush(): Promise<void> {
    while (this.#queue.length > 0 || this.#pumping !== undefined) await this.#pump(true);
  }

  /** The same when the process is about to end: each batch gets one more attempt, and none waits for the next. */
  leave(): Promise<void> {
    this.#leaving.abort();
    return this.forceFlush();
  }

  /** Ends what is on its way: it would keep a process alive that waits no longer. */
  abandon(): void {
    this.#abandoned.abort();
  }

  /**
   * Starts to send all that waits while the process leaves. What comes back blocks until `limitMillis` from now at most, and says what was lost;
   * between the two, others may start.
   */
  startLastFlush(limitMillis: number): () => void {
    this.#closed = true;
    const batches: Array<readonly Item[]> = [];
    // What the operating system has already arrives without us; sent again it would arrive twice.
    if (this.#current?.delivery.isWritten() === false) batches.push(this.#current.items);
    else if (this.#current !== undefined && this.#leaving.signal.aborted)
      this.#report.lose(this.#current.items.length, NO_ANSWER);
    while (this.#queue.length > 0) batches.push(this.#takeBatch());
    const wait = this.#startSending(batches, limitMillis);
    return () => {
      wait();
      this.#report.close();
    };
  }

  async shutdown(): Promise<void> {
    this.#closed = true;
    await this.forceFlush();
    this.#report.close();
  }

  #startSending(batches: ReadonlyArray<readonly Item[]>, limitMillis: number): () => void {
    if (batches.length === 0) return () => {};
    const loseAll = (reason: unknown): void => {
      for (const batch of batches) this.#report.lose(batch.length, reason);
    };
    if (limitMillis <= 0) return () => loseAll(NO_TIME);
    const contain = (error: unknown): void => {
      loseAll(error);
      reportInternalError('the last flush', error);
    };
    try {
      const wait = this.#options.destination.startSendBlocking(batches, limitMillis);
      return () => {
        try {
          for (const [index, result] of wait().entries()) {
            if (!result.taken) this.#report.lose(batches[index]?.length ?? 0, result.reason);
          }
        } catch (error) {
          contain(error);
        }
      };
    } catch (error) {
      return () => contain(error);
    }
  }

  #takeBatch(): readonly Item[] {
    return this.#queue.take({ maxItems: this.#options.maxBatchItems, maxBytes: MAX_BATCH_BYTES });
  }

  #startTimer(): void {
    if (this.#timer !== undefined || this.#pumping !== undefined) return;
    // In a context of its own: a timer keeps the context it is made in, and with it the request's span.
    this.#timer = context.with(this.#quiet, () => setTimeout(() => void this.#pump(true), this.#options.delayMillis));
    this.#timer.unref();
  }

  /** Sends full batches, and with `all` the rest too; joins a run that is under way. */
  #pump(all = false): Promise<void> {
    this.#pumping ??= context
      .with(this.#quiet, () => this.#sendBatches(all))
      .catch((error: unknown) => reportInternalError('the batch processor', error))
      .finally(() => {
        this.#pumping = undefined;
        if (this.#queue.length > 0 && !this.#closed) this.#startTimer();
      });
    return this.#pumping;
  }

  async #sendBatches(all: boolean): Promise<void> {
    const { maxBatchItems, ready } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Never in the tick of the request that filled the batch.
    await new Promise((resolve) => setImmediate(resolve));
    if (ready !== undefined) await ready;
    while (this.#queue.length >= (all ? 1 : maxBatchItems)) await this.#sendOne(this.#takeBatch());
  }

  async #sendOne(items: readonly Item[]): Promise<void> {
    try {
      const delivery = this.#options.destination.send(items, {
        onTrouble: (reason) => this.#report.trouble(reason, 'kept'),
        leaving: this.#leaving.signal,
        abandoned: this.#abandoned.signal,
      });
      this.#current = { items, delivery };
      await delivery.done;
      this.#report.arrived(items.length, this.#queue.length);
    } catch (error) {
      this.#report.trouble(error, 'lost');
      this.#report.lose(items.length, error);
    } finally {
      this.#current = undefined;
    }
  }
}
