// Made by start-pipeline.ts, one for every destination: collects ended spans and sends them in batches, never in the application's way.
import { ROOT_CONTEXT, TraceFlags, context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { BlockingResult, Delivery, Destination } from '../exporters/destination.ts';
import { reportInternalError } from '../log/guard.ts';
import { BatchQueue } from './batch-queue.ts';
import { DeliveryReport } from './delivery-report.ts';

export interface BatchOptions {
  readonly destination: Destination;
  readonly delayMillis: number;
  readonly maxBatchSpans: number;
  readonly maxQueueSpans: number;
  readonly maxQueueBytes: number;
  /** Resolved when attributes that are found asynchronously (cloud detectors) are there; nothing is sent before. */
  readonly ready: Promise<unknown> | undefined;
}

// Taken at load: an application under test that fakes its timers must not stop ours.
const { setTimeout, clearTimeout, setImmediate } = globalThis;

/** Receivers such as Logfire take 5 MiB in one request; encoded, spans are at most half as big again as their estimate. */
const MAX_BATCH_BYTES = (5 * 1024 * 1024) / 1.5;

const NO_ANSWER = new Error('sent, but not answered in time');
const NO_TIME = new Error('not delivered before the process ended');
const QUEUE_IS_FULL = new Error('the queue was full');

/** A batch is on its way at any time at most once; what ends meanwhile waits in the queue. */
export class BatchProcessor implements SpanProcessor {
  readonly #options: BatchOptions;
  readonly #queue: BatchQueue;
  readonly #report: DeliveryReport;
  readonly #quiet = suppressTracing(ROOT_CONTEXT);
  #timer: NodeJS.Timeout | undefined;
  #pumping: Promise<void> | undefined;
  #current: { spans: readonly ReadableSpan[]; delivery: Delivery } | undefined;
  #closed = false;
  readonly #leaving = new AbortController();
  readonly #abandoned = new AbortController();

  constructor(options: BatchOptions) {
    this.#options = options;
    this.#queue = new BatchQueue({ maxSpans: options.maxQueueSpans, maxBytes: options.maxQueueBytes });
    this.#report = new DeliveryReport(options.destination.address);
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#closed || (span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (!this.#queue.add(span)) {
      this.#report.lose(1, QUEUE_IS_FULL);
      return;
    }
    if (this.#queue.length >= this.#options.maxBatchSpans) void this.#pump();
    else this.#startTimer();
  }

  /** True while a span waits or is on its way. */
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

  /** Starts to send all that waits while the process leaves; what comes back waits until `limitMillis` are over, and says what was lost. */
  startLastFlush(limitMillis: number): () => void {
    this.#closed = true;
    const batches: Array<readonly ReadableSpan[]> = [];
    // What the operating system has already arrives without us; sent again it would arrive twice.
    if (this.#current?.delivery.isWritten() === false) batches.push(this.#current.spans);
    else if (this.#current !== undefined && this.#leaving.signal.aborted)
      this.#report.lose(this.#current.spans.length, NO_ANSWER);
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

  #startSending(batches: ReadonlyArray<readonly ReadableSpan[]>, limitMillis: number): () => void {
    const loseAll = (reason: unknown): void => {
      for (const batch of batches) this.#report.lose(batch.length, reason);
    };
    const attempt = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        loseAll(error);
        reportInternalError('the last flush', error);
      }
    };
    let wait: (() => readonly BlockingResult[]) | undefined;
    if (batches.length > 0 && limitMillis <= 0) loseAll(NO_TIME);
    else if (batches.length > 0)
      attempt(() => (wait = this.#options.destination.startSendBlocking(batches, limitMillis)));
    return () =>
      attempt(() => {
        for (const [index, result] of (wait?.() ?? []).entries()) {
          if (!result.taken) this.#report.lose(batches[index]?.length ?? 0, result.reason);
        }
      });
  }

  #takeBatch(): readonly ReadableSpan[] {
    return this.#queue.take({ maxSpans: this.#options.maxBatchSpans, maxBytes: MAX_BATCH_BYTES });
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
    const { maxBatchSpans, ready } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Never in the tick of the request that filled the batch.
    await new Promise((resolve) => setImmediate(resolve));
    if (ready !== undefined) await ready;
    while (this.#queue.length >= (all ? 1 : maxBatchSpans)) await this.#sendOne(this.#takeBatch());
  }

  async #sendOne(spans: readonly ReadableSpan[]): Promise<void> {
    try {
      const delivery = this.#options.destination.send(spans, {
        onTrouble: (reason) => this.#report.trouble(reason, 'kept'),
        leaving: this.#leaving.signal,
        abandoned: this.#abandoned.signal,
      });
      this.#current = { spans, delivery };
      await delivery.done;
      this.#report.arrived(spans.length, this.#queue.length);
    } catch (error) {
      this.#report.trouble(error, 'lost');
      this.#report.lose(spans.length, error);
    } finally {
      this.#current = undefined;
    }
  }
}
