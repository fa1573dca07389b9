// Made by start-metrics.ts: collected metrics are sent until they are taken or too old. They do not queue: the next collection says more than the last.
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Attempt, BlockingResult, Destination, EncodedBatch } from '../../exporters/destination.ts';
import { Circuit } from '../circuit.ts';

/** One collection on its way. */
export interface MetricsOnTheWay {
  /** Resolves when the receiver has taken it, rejects with the reason when it is given up. */
  readonly done: Promise<void>;
  /** True once every byte is with the operating system: it arrives even if this process ends now. */
  isWritten(): boolean;
}

export interface SendOptions {
  /** Told of every attempt that failed and will be repeated. */
  readonly onTrouble: (reason: Error) => void;
  /** Aborted when the process is leaving: no more waiting, one last attempt. */
  readonly leaving: AbortSignal;
  /** Aborted when the process waits no longer. */
  readonly abandoned: AbortSignal;
}

export interface MetricsSender {
  /** Where they go, as a person may read it. */
  readonly address: string;
  send(metrics: ResourceMetrics, options: SendOptions): MetricsOnTheWay;
  /** Starts sending while the process is leaving; what comes back blocks until `limitMillis` from now at most, and tells what became of each. */
  startSendBlocking(metrics: readonly ResourceMetrics[], limitMillis: number): () => readonly BlockingResult[];
}

export interface MetricsSenderOptions {
  readonly destination: Destination;
  readonly encode: (metrics: ResourceMetrics) => Uint8Array | undefined;
  /** For a collection, all attempts and the waits between them together. */
  readonly totalMillis: number;
}

// Taken at load: an application under test that fakes its timers must not stop ours.
const { setTimeout, clearTimeout } = globalThis;

/** Makes a sender of metrics to one destination. */
export function createMetricsSender({ destination, encode, totalMillis }: MetricsSenderOptions): MetricsSender {
  function toBatch(metrics: ResourceMetrics): EncodedBatch {
    const body = encode(metrics);
    if (body === undefined) throw new Error('the metrics could not be encoded');
    return { body, bytes: body.length, items: 1 };
  }

  async function deliver(
    batch: EncodedBatch,
    track: (attempt: Attempt) => void,
    { onTrouble, leaving, abandoned }: SendOptions,
  ): Promise<void> {
    const deadline = performance.now() + totalMillis;
    const circuit = new Circuit();
    for (;;) {
      const attempt = destination.send(batch, abandoned);
      track(attempt);
      const outcome = await attempt.outcome;
      if (outcome.taken) return;
      const waitMillis = circuit.fail(outcome.waitMillis);
      if (!outcome.again || leaving.aborted || performance.now() + waitMillis > deadline) throw outcome.reason;
      onTrouble(outcome.reason);
      await sleepUnref(waitMillis, leaving);
    }
  }

  return {
    address: destination.address,
    send(metrics, options) {
      let current: Attempt | undefined;
      const done = deliver(toBatch(metrics), (attempt) => (current = attempt), options);
      return { done, isWritten: () => current?.isWritten() ?? false };
    },
    startSendBlocking: (metrics, limitMillis) => destination.startSendBlocking(metrics.map(toBatch), limitMillis),
  };
}

/** Sleeps without keeping the process alive, and not when the process is leaving. */
const sleepUnref = (millis: number, leaving: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (leaving.aborted) return resolve();
    const wake = (): void => {
      clearTimeout(timer);
      leaving.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, millis);
    timer.unref();
    leaving.addEventListener('abort', wake);
  });
