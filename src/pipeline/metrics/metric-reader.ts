// Made by start-metrics.ts: collects every `metrics.intervalMillis` and sends, never in the application's way. Not the SDK's periodic reader:
// the timers of that one keep the process alive, and it has no last collection for a process that exits.
import { ROOT_CONTEXT, context, diag } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { type InstrumentType, MetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Config } from '../../config/config.ts';
import type { BlockingResult } from '../../exporters/destination.ts';
import { toErrorText } from '../../log/log.ts';
import { MetricsReport } from './metrics-report.ts';
import type { MetricsOnTheWay, MetricsSender } from './metrics-sender.ts';
import { toTemporality } from './temporality.ts';

export interface MetricReaderOptions {
  readonly sender: MetricsSender;
  readonly intervalMillis: number;
  readonly temporality: Config['metrics.temporality'];
  /** Hides the secrets in what was collected, but for attributes, which are clean already. */
  readonly redact: (metrics: ResourceMetrics) => ResourceMetrics;
  readonly collectNow: () => ResourceMetrics;
  /** Resolved when attributes that are found asynchronously (cloud detectors) are there; nothing is sent before. */
  readonly ready: Promise<unknown> | undefined;
  readonly reportInternalError: (where: string, error: unknown) => void;
}

// Taken at load: an application under test that fakes its timers must not stop ours.
const { setInterval, clearInterval } = globalThis;

/** How long an observable callback of the application may take: the SDK waits for it with a timer that keeps the process alive. */
const OBSERVE_LIMIT_MILLIS = 5000;
const LAST_OBSERVE_LIMIT_MILLIS = 1000;

const NO_ANSWER = new Error('sent, but not answered in time');
const NO_TIME = new Error('not delivered before the process ended');
const nothing = (): void => {};

/** A collection is on its way at any time at most once. */
export class OtlpMetricReader extends MetricReader {
  readonly #options: MetricReaderOptions;
  readonly #report: MetricsReport;
  readonly #quiet = suppressTracing(ROOT_CONTEXT);
  readonly #leaving = new AbortController();
  readonly #abandoned = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #current: { metrics: ResourceMetrics; delivery: MetricsOnTheWay } | undefined;
  /** Something was measured since the last collection that arrived. */
  #hasNews = false;
  #closed = false;

  constructor(options: MetricReaderOptions) {
    super({ aggregationTemporalitySelector: (type: InstrumentType) => toTemporality(options.temporality, type) });
    this.#options = options;
    this.#report = new MetricsReport(options.sender.address);
  }

  /** Told of every measurement. */
  measured(): void {
    this.#hasNews = true;
  }

  /** True while the last collection is still to be made or on its way. */
  isPending(): boolean {
    return !this.#closed && (!this.#leaving.signal.aborted || this.#hasNews || this.#current !== undefined);
  }

  /** Collects and sends when the process is about to end: one attempt, and no waiting for the next. */
  leave(): Promise<void> {
    this.#leaving.abort();
    return this.#closed ? Promise.resolve() : this.onForceFlush();
  }

  /** Ends what is on its way: it would keep a process alive that waits no longer. */
  abandon(): void {
    this.#abandoned.abort();
  }

  /** Collects what was measured since and sends it while the process leaves; what comes back waits until `limitMillis` are over. */
  startLastFlush(limitMillis: number): () => void {
    if (this.#closed) return nothing;
    this.#closed = true;
    clearInterval(this.#timer);
    const batches: ResourceMetrics[] = [];
    // What the operating system has already arrives without us; sent again it would be counted twice.
    if (this.#current?.delivery.isWritten() === false) batches.push(this.#current.metrics);
    else if (this.#current !== undefined && this.#leaving.signal.aborted) this.#report.lose(NO_ANSWER);
    const wait = this.#startSending(batches, limitMillis);
    return () => {
      try {
        for (const result of wait?.() ?? []) {
          if (!result.taken) this.#report.lose(result.reason);
        }
      } catch (error) {
        this.#options.reportInternalError('the last metrics', error);
      }
      this.#report.close();
    };
  }

  protected override onInitialized(): void {
    this.#timer = context.with(this.#quiet, () => setInterval(() => void this.#run(), this.#options.intervalMillis));
    this.#timer.unref();
  }

  protected override async onForceFlush(): Promise<void> {
    // What runs already has collected before now.
    await this.#running;
    await this.#run();
  }

  protected override async onShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.onForceFlush();
    this.#closed = true;
    this.#report.close();
  }

  #startSending(batches: ResourceMetrics[], limitMillis: number): (() => readonly BlockingResult[]) | undefined {
    const { sender, collectNow, redact, reportInternalError } = this.#options;
    if (limitMillis <= 0) {
      if (batches.length > 0) this.#report.lose(NO_TIME);
      return undefined;
    }
    try {
      const collected = this.#hasNews ? collectNow() : undefined;
      if (collected !== undefined && collected.scopeMetrics.length > 0) batches.push(redact(collected));
      return batches.length === 0 ? undefined : sender.startSendBlocking(batches, limitMillis);
    } catch (error) {
      this.#report.lose(error);
      reportInternalError('the last metrics', error);
      return undefined;
    }
  }

  /** Joins a run that is under way. */
  #run(): Promise<void> {
    this.#running ??= context
      .with(this.#quiet, () => this.#collectAndSend())
      .catch((error: unknown) => this.#options.reportInternalError('the metric reader', error))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #collectAndSend(): Promise<void> {
    const { ready, redact } = this.#options;
    if (ready !== undefined) await ready;
    if (this.#closed) return;
    this.#hasNews = false;
    const isLast = this.#leaving.signal.aborted;
    const collected = await this.collect({ timeoutMillis: isLast ? LAST_OBSERVE_LIMIT_MILLIS : OBSERVE_LIMIT_MILLIS });
    for (const error of collected.errors) diag.warn(`an observable callback of a metric failed: ${toErrorText(error)}`);
    if (collected.resourceMetrics.scopeMetrics.length > 0) await this.#send(redact(collected.resourceMetrics));
  }

  async #send(metrics: ResourceMetrics): Promise<void> {
    try {
      const delivery = this.#options.sender.send(metrics, {
        onTrouble: (reason) => this.#report.trouble(reason),
        leaving: this.#leaving.signal,
        abandoned: this.#abandoned.signal,
      });
      this.#current = { metrics, delivery };
      await delivery.done;
      this.#report.arrived();
    } catch (error) {
      if (!this.#leaving.signal.aborted) {
        // When the process leaves, the report's last word says it.
        this.#report.trouble(error);
        // What counts from the start may still arrive with the last collection.
        this.#hasNews = true;
      }
      this.#report.lose(error);
    } finally {
      this.#current = undefined;
    }
  }
}
