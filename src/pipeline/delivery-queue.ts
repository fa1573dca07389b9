// Made by start-pipeline.ts and load-logs.ts, one for every destination: batches wait here until they are taken, never in the application's way.
import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Attempt, BlockingResult, Destination, EncodedBatch } from '../exporters/destination.ts';
import { reportInternalError } from '../log/guard.ts';
import { Circuit } from './circuit.ts';
import { DeliveryReport, type Noun } from './delivery-report.ts';

export interface DeliveryOptions {
  readonly destination: Destination;
  /** What an item is called where a person reads of it. */
  readonly noun: Noun;
  /** Of all that waits or is on its way. */
  readonly maxItems: number;
  readonly maxBytes: number;
  /** A batch that has failed for so long, while the receiver took others, is given up. */
  readonly patienceMillis: number;
}

/** A batch that waits or is on its way. */
interface Entry {
  readonly batch: EncodedBatch;
  /** Set with the first attempt, in milliseconds of performance.now(). */
  firstTriedAt: number;
  attempt: Attempt | undefined;
}

// Taken at load: an application under test that fakes its timers must not stop ours.
const { setTimeout, clearTimeout, setImmediate } = globalThis;

const NO_ANSWER = new Error('sent, but not answered in time');
const NO_TIME = new Error('not delivered before the process ended');
const QUEUE_IS_FULL = new Error('the queue was full');

/**
 * First in, first out, bounded. What does not fit is dropped: the newest, since what explains the start of a trouble is kept. A batch stays
 * until it is taken, refused for good, or given up because only it fails: a receiver that is down for an hour loses what does not fit and no more.
 */
export class DeliveryQueue {
  readonly #options: DeliveryOptions;
  readonly #report: DeliveryReport;
  readonly #circuit = new Circuit();
  readonly #quiet = suppressTracing(ROOT_CONTEXT);
  readonly #waiting: Entry[] = [];
  readonly #inFlight = new Set<Entry>();
  readonly #abandoned = new AbortController();
  #items = 0;
  #bytes = 0;
  #lastTakenAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #isScheduled = false;
  #isLeaving = false;
  #isClosed = false;
  readonly #whenSettled = new Set<() => void>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#report = new DeliveryReport(options.destination.address, options.noun);
  }

  /** Items that wait or are on their way. */
  get items(): number {
    return this.#items;
  }

  /** Whether so much more would fit. */
  hasRoom(items: number, bytes: number): boolean {
    return this.#items + items <= this.#options.maxItems && this.#bytes + bytes <= this.#options.maxBytes;
  }

  /** Takes a batch; what does not fit is counted as lost. */
  add(batch: EncodedBatch): void {
    if (!this.hasRoom(batch.items, batch.bytes)) return this.overflow(batch.items);
    this.#waiting.push({ batch, firstTriedAt: Infinity, attempt: undefined });
    this.#items += batch.items;
    this.#bytes += batch.bytes;
    this.#schedule();
  }

  /** So many were dropped for want of room. */
  overflow(items: number): void {
    this.#report.lose(items, QUEUE_IS_FULL);
  }

  /** Resolves once all that waits now is taken or lost, or the destination has failed: then what is left waits for it to come back. */
  flush(): Promise<void> {
    if (this.#items === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenSettled.add(resolve);
      this.#stopWaiting();
      this.#schedule();
    });
  }

  /** The process is about to end: from now on each batch gets one more attempt, and none waits for another. */
  leave(): void {
    this.#isLeaving = true;
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
    this.#isClosed = true;
    this.#stopWaiting();
    const last: EncodedBatch[] = [];
    for (const { batch, attempt } of this.#inFlight) {
      // What the operating system has already arrives without us; sent again it would arrive twice.
      if (attempt?.isWritten() !== true) last.push(batch);
      else if (this.#isLeaving) this.#report.lose(batch.items, NO_ANSWER);
    }
    for (const { batch } of this.#waiting) last.push(batch);
    const wait = this.#startSending(last, limitMillis);
    return () => {
      wait();
      this.#report.close();
    };
  }

  #startSending(batches: readonly EncodedBatch[], limitMillis: number): () => void {
    if (batches.length === 0) return () => {};
    const loseAll = (reason: unknown): void => {
      for (const { items } of batches) this.#report.lose(items, reason);
    };
    if (limitMillis <= 0) return () => loseAll(NO_TIME);
    const contain = (error: unknown): void => {
      loseAll(error);
      reportInternalError('the last flush', error);
    };
    try {
      const wait = this.#options.destination.startSendBlocking(batches, limitMillis);
      return () => {
        let results: readonly BlockingResult[];
        try {
          results = wait();
        } catch (error) {
          return contain(error);
        }
        for (const [index, result] of results.entries()) {
          if (!result.taken) this.#report.lose(batches[index]?.items ?? 0, result.reason);
        }
      };
    } catch (error) {
      return () => contain(error);
    }
  }

  /** Never in the tick of the request that filled the batch. */
  #schedule(): void {
    if (this.#isScheduled || this.#timer !== undefined || this.#isClosed) return;
    this.#isScheduled = true;
    context.with(this.#quiet, () => setImmediate(() => this.#pump()));
  }

  #pump(): void {
    this.#isScheduled = false;
    if (this.#isClosed || this.#timer !== undefined) return;
    const most = this.#circuit.isOpen && !this.#isLeaving ? 1 : this.#options.destination.maxInFlight;
    while (this.#inFlight.size < most) {
      const entry = this.#waiting.shift();
      if (entry === undefined) break;
      void this.#send(entry);
    }
    if (this.#items === 0) this.#settle();
  }

  async #send(entry: Entry): Promise<void> {
    entry.firstTriedAt = Math.min(entry.firstTriedAt, performance.now());
    this.#inFlight.add(entry);
    try {
      entry.attempt = context.with(this.#quiet, () =>
        this.#options.destination.send(entry.batch, this.#abandoned.signal),
      );
      const outcome = await entry.attempt.outcome;
      this.#inFlight.delete(entry);
      if (this.#isClosed) return;
      if (outcome.taken) this.#taken(entry);
      else if (outcome.again) this.#failed(entry, outcome.reason, outcome.waitMillis);
      else this.#refused(entry, outcome.reason);
    } catch (error) {
      this.#inFlight.delete(entry);
      this.#refused(entry, error);
    }
    this.#schedule();
  }

  #taken(entry: Entry): void {
    this.#circuit.close();
    this.#stopWaiting();
    this.#lastTakenAt = performance.now();
    this.#remove(entry);
    this.#report.arrived(entry.batch.items, this.#items);
  }

  /** For good: the receiver is there, and would refuse it again. */
  #refused(entry: Entry, reason: unknown): void {
    this.#circuit.close();
    this.#remove(entry);
    this.#report.trouble(reason, 'lost');
    this.#report.lose(entry.batch.items, reason);
  }

  #failed(entry: Entry, reason: Error, askedMillis: number | undefined): void {
    const onlyThisOne = this.#lastTakenAt > entry.firstTriedAt;
    const isTooLate = performance.now() - entry.firstTriedAt > this.#options.patienceMillis;
    if (this.#isLeaving || (onlyThisOne && isTooLate)) {
      this.#remove(entry);
      this.#report.trouble(reason, 'lost');
      this.#report.lose(entry.batch.items, reason);
      return;
    }
    this.#report.trouble(reason, 'kept');
    // At the end: if it is the batch that is at fault, the others get their turn.
    this.#waiting.push(entry);
    this.#settle();
    // What was on its way at the same time fails of the same cause: it counts once.
    if (this.#timer === undefined) this.#startWaiting(this.#circuit.fail(askedMillis));
  }

  #remove({ batch }: Entry): void {
    this.#items -= batch.items;
    this.#bytes -= batch.bytes;
  }

  #startWaiting(millis: number): void {
    // In a context of its own: a timer keeps the context it is made in, and with it the request's span.
    this.#timer = context.with(this.#quiet, () =>
      setTimeout(() => {
        this.#timer = undefined;
        this.#schedule();
      }, millis),
    );
    this.#timer.unref();
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #settle(): void {
    for (const resolve of this.#whenSettled) resolve();
    this.#whenSettled.clear();
  }
}
