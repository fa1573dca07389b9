// Made by start-pipeline.ts for spans and by load-logs.ts for log records: one signal's way out, to all of its destinations.
import type { Destination } from '../exporters/destination.ts';
import { BatchCollector } from './batch-collector.ts';
import type { CreateBuilder } from './batch-builder.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { Noun } from './delivery-report.ts';
import type { SpoolOfProcess } from './spool/start-spool.ts';

export interface DeliveryOptions<Item> {
  readonly destinations: readonly Destination[];
  /** How items are gathered for destinations of this encoding. */
  readonly createBuilder: (encoding: Destination['encoding']) => CreateBuilder<Item>;
  /** What an item is called where a person reads of it. */
  readonly noun: Noun;
  readonly delayMillis: number;
  readonly maxBatchItems: number;
  readonly maxQueueItems: number;
  readonly maxQueueBytes: number;
  /** How long a batch may fail while others are taken. */
  readonly patienceMillis: number;
  /** Where batches wait while their destination fails. */
  readonly spool: SpoolOfProcess | undefined;
  /** Resolved when attributes that are found asynchronously (cloud detectors) are there; nothing is sent before. */
  readonly ready: Promise<unknown> | undefined;
}

/** Items are encoded once for all destinations of an encoding; each destination has a queue of its own, so that none takes anything from another. */
export class Delivery<Item> {
  readonly #collectors: ReadonlyArray<BatchCollector<Item>>;
  readonly #queues: readonly DeliveryQueue[];

  constructor(options: DeliveryOptions<Item>) {
    const { destinations, createBuilder, noun, delayMillis, maxQueueItems, ready } = options;
    const made = destinations.map((destination) => ({
      encoding: destination.encoding,
      maxBatchBytes: destination.maxBatchBytes,
      queue: new DeliveryQueue({
        destination,
        noun,
        maxItems: maxQueueItems,
        maxBytes: options.maxQueueBytes,
        patienceMillis: options.patienceMillis,
        spool: options.spool,
      }),
    }));
    this.#queues = made.map(({ queue }) => queue);
    this.#collectors = [...Map.groupBy(made, ({ encoding }) => encoding)].map(
      ([encoding, group]) =>
        new BatchCollector({
          createBuilder: createBuilder(encoding),
          queues: group.map(({ queue }) => queue),
          delayMillis,
          maxBatchItems: Math.min(options.maxBatchItems, maxQueueItems),
          maxBatchBytes: Math.min(...group.map(({ maxBatchBytes }) => maxBatchBytes)),
          ready,
        }),
    );
  }

  /** Takes one more; it is sent with others, or counted as lost. */
  add(item: Item): void {
    for (const collector of this.#collectors) collector.add(item);
  }

  /** True while something waits or is on its way. */
  isPending(): boolean {
    return this.#collectors.some((collector) => collector.isPending()) || this.#queues.some((queue) => queue.isPending);
  }

  /** Sends all that waits; resolves once each destination has taken it, refused it, or failed. */
  async flush(): Promise<void> {
    await Promise.all(this.#collectors.map((collector) => collector.flush()));
    await Promise.all(this.#queues.map((queue) => queue.flush()));
  }

  /** The same when the process is about to end: each batch gets one more attempt, and none waits for another. */
  leave(): Promise<void> {
    for (const queue of this.#queues) queue.leave();
    return this.flush();
  }

  /** Ends what is on its way: it would keep a process alive that waits no longer. */
  abandon(): void {
    for (const queue of this.#queues) queue.abandon();
  }

  /**
   * Starts to send all that waits while the process leaves. What comes back blocks until `limitMillis` from now at most, and says what was lost;
   * between the two, others may start.
   */
  startLastFlush(limitMillis: number): () => void {
    for (const collector of this.#collectors) collector.close();
    const waits = this.#queues.map((queue) => queue.startLastFlush(limitMillis));
    return () => {
      for (const wait of waits) wait();
    };
  }
}
