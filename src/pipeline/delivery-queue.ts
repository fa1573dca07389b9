// Made by delivery.ts, one for every destination: batches wait here until they are taken, never in the application's way.
import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Attempt, Destination, EncodedBatch } from '../exporters/destination.ts';
import { Circuit } from './circuit.ts';
import { DeliveryReport, type Noun } from './delivery-report.ts';
import { startLastFlush } from './last-flush.ts';
import type { TakenBatch } from './spool/spool.ts';
import type { SpoolOfProcess } from './spool/start-spool.ts';
import type { Spooler } from './spool/spooler.ts';
import { setTimeout, clearTimeout, setImmediate } from '../natives.ts';

export interface DeliveryOptions {
  readonly destination: Destination;
  /** What an item is called where a person reads of it. */
  readonly noun: Noun;
  /** Of all that waits in memory or is on its way. */
  readonly maxItems: number;
  readonly maxBytes: number;
  /** A batch that has failed for so long, while the receiver took others, is given up. */
  readonly patienceMillis: number;
  /** Where batches wait while the destination fails. */
  readonly spool: SpoolOfProcess | undefined;
}

/** A batch that waits or is on its way. */
interface Entry {
  readonly batch: EncodedBatch;
  /** The same batch, where it came from the spool. */
  readonly taken: TakenBatch | undefined;
  /** Set with the first attempt, in milliseconds of performance.now(). */
  firstTriedAt: number;
  attempt: Attempt | undefined;
}

const NO_ANSWER = new Error('sent, but not answered in time');
const NO_TIME = new Error('not delivered before the process ended');
const QUEUE_IS_FULL = new Error('the queue was full');

/** What an earlier run has left in the spool is sent once the start of the program is over. */
const FIRST_LOOK_MILLIS = 1000;

/**
 * First in, first out, bounded. What does not fit is dropped: the newest, since what explains the start of a trouble is kept. A batch stays
 * until it is taken, refused for good, or given up because only it fails: a receiver that is down for an hour loses what does not fit and no more.
 * With a spool, one batch waits here for the next attempt while the destination fails, and all others on disk.
 */
export class DeliveryQueue {
  readonly #options: DeliveryOptions;
  readonly #report: DeliveryReport;
  readonly #spooler: Spooler | undefined;
  readonly #circuit = new Circuit();
  readonly #quiet = suppressTracing(ROOT_CONTEXT);
  readonly #waiting: Entry[] = [];
  readonly #inFlight = new Set<Entry>();
  readonly #abandoned = new AbortController();
  readonly #whenSettled = new Set<() => void>();
  #items = 0;
  #bytes = 0;
  #lastTakenAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #isScheduled = false;
  #isLeaving = false;
  #isClosed = false;

  constructor(options: DeliveryOptions) {
    const { destination, noun, spool } = options;
    this.#options = options;
    this.#report = new DeliveryReport(destination.address, noun);
    if (spool === undefined || destination.identity === undefined) return;
    this.#spooler = spool.forDestination(destination.identity, ({ items, reason }) => this.#report.lose(items, reason));
    context.with(this.#quiet, () => setTimeout(() => this.#schedule(), FIRST_LOOK_MILLIS)).unref();
  }

  /** Whether anything waits, in memory or on its way to the receiver or the disk. */
  get isPending(): boolean {
    return this.#items > 0 || (this.#spooler?.pending ?? 0) > 0;
  }

  /** Whether so much more would fit. */
  hasRoom(items: number, bytes: number): boolean {
    return this.#fits(items, bytes) || this.#spooler?.hasRoom === true;
  }

  /** Takes a batch; what does not fit is counted as lost. */
  add(batch: EncodedBatch): void {
    if (
      this.#spooler !== undefined &&
      ((this.#circuit.isOpen && this.#items > 0) || !this.#fits(batch.items, batch.bytes))
    )
      void this.#spool(batch, QUEUE_IS_FULL);
    else this.#keep(batch);
  }

  /** So many were dropped for want of room. */
  overflow(items: number): void {
    this.lose(items, QUEUE_IS_FULL);
  }

  /** So many never came to be a batch. */
  lose(items: number, reason: unknown): void {
    this.#report.lose(items, reason);
  }

  /** Resolves once all that waits now is taken or lost, or the destination has failed: then what is left waits for it to come back. */
  flush(): Promise<void> {
    if (!this.isPending) return Promise.resolve();
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
    // A program may abort in the middle of its exit: what it had is sent.
    if (this.#isClosed) return () => {};
    this.#isClosed = true;
    this.#stopWaiting();
    const last: EncodedBatch[] = [];
    for (const { batch, taken, attempt } of [...this.#inFlight, ...this.#waiting]) {
      // What came from the spool is still there.
      if (taken !== undefined) continue;
      // What the operating system has already arrives without us; sent again it would arrive twice.
      if (attempt?.isWritten() !== true) last.push(batch);
      else if (this.#isLeaving) this.#report.lose(batch.items, NO_ANSWER);
    }
    for (const batch of this.#spooler?.takeUnwritten() ?? []) this.#rescue(batch, NO_TIME);
    const onLeft = (batch: EncodedBatch, reason: unknown): void => this.#rescue(batch, reason);
    const onRefused = (batch: EncodedBatch, reason: unknown): void => this.#report.lose(batch.items, reason);
    // On disk it is safe at once; a destination that has just failed would cost time for nothing.
    const hasTime = limitMillis > 0 && (this.#spooler === undefined || !this.#circuit.isOpen);
    const { destination } = this.#options;
    const wait = hasTime
      ? startLastFlush({ destination, batches: last, limitMillis, onLeft, onRefused })
      : () => last.forEach((batch) => onLeft(batch, NO_TIME));
    return () => {
      wait();
      this.#report.close();
    };
  }

  /** The last chance of a batch: the disk, where there is a spool. */
  #rescue(batch: EncodedBatch, reason: unknown): void {
    if (this.#spooler?.putSync(batch) !== true) this.#report.lose(batch.items, reason);
  }

  #fits(items: number, bytes: number): boolean {
    return this.#items + items <= this.#options.maxItems && this.#bytes + bytes <= this.#options.maxBytes;
  }

  /** Keeps a batch in memory, where there is room. */
  #keep(batch: EncodedBatch, taken?: TakenBatch): void {
    if (!this.#fits(batch.items, batch.bytes)) {
      if (taken === undefined) this.overflow(batch.items);
      else void taken.release();
      return;
    }
    this.#waiting.push({ batch, taken, firstTriedAt: Infinity, attempt: undefined });
    this.#items += batch.items;
    this.#bytes += batch.bytes;
    this.#schedule();
  }

  /** Writes a batch to disk; what is not kept there stays in memory, or is lost for `reason`. */
  async #spool(batch: EncodedBatch, reason: unknown): Promise<void> {
    const isKept = await this.#spooler?.put(batch);
    if (isKept !== true && !this.#isClosed) {
      if (this.#isLeaving) this.#report.lose(batch.items, reason);
      else this.#keep(batch);
    }
    this.#schedule();
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
    if (!this.isPending) this.#settle();
    if (this.#inFlight.size < most && !this.#isLeaving) void this.#takeFromSpool();
  }

  async #takeFromSpool(): Promise<void> {
    const taken = await this.#spooler?.take();
    if (taken === undefined) return;
    if (this.#isClosed || this.#isLeaving) await taken.release();
    else this.#keep({ body: taken.body, items: taken.items, bytes: taken.body.length }, taken);
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
    void entry.taken?.done();
    this.#report.arrived(entry.batch.items, this.#items);
  }

  /** For good: the receiver is there, and would refuse it again. */
  #refused(entry: Entry, reason: unknown): void {
    this.#circuit.close();
    this.#remove(entry);
    void entry.taken?.done();
    this.#report.trouble(reason, 'lost');
    this.#report.lose(entry.batch.items, reason);
  }

  #failed(entry: Entry, reason: Error, askedMillis: number | undefined): void {
    const onlyThisOne = this.#lastTakenAt > entry.firstTriedAt;
    const isTooLate = performance.now() - entry.firstTriedAt > this.#options.patienceMillis;
    if (onlyThisOne && isTooLate && !this.#isLeaving) {
      this.#refused(entry, reason);
      return;
    }
    this.#report.trouble(reason, this.#spooler === undefined ? (this.#isLeaving ? 'lost' : 'kept') : 'spooled');
    if (this.#isLeaving) return this.#failedForEver(entry, reason);
    // At the end: if it is the batch that is at fault, the others get their turn.
    entry.attempt = undefined;
    this.#waiting.push(entry);
    this.#spoolAllButOne();
    this.#settle();
    // What was on its way at the same time fails of the same cause: it counts once.
    if (this.#timer === undefined) this.#startWaiting(this.#circuit.fail(askedMillis));
  }

  #failedForEver(entry: Entry, reason: Error): void {
    this.#remove(entry);
    if (entry.taken !== undefined) void entry.taken.release();
    else if (this.#spooler !== undefined) void this.#spool(entry.batch, reason);
    else this.#report.lose(entry.batch.items, reason);
  }

  #spoolAllButOne(): void {
    if (this.#spooler === undefined) return;
    for (const entry of this.#waiting.splice(1)) {
      this.#remove(entry);
      if (entry.taken === undefined) void this.#spool(entry.batch, QUEUE_IS_FULL);
      else void entry.taken.release();
    }
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
