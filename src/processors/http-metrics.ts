// Among the span processors when metrics are on: measures the agent's own HTTP spans, so that a metric says exactly what the span says.
import { type Attributes, type Meter, SpanKind, diag } from '@opentelemetry/api';
import { hrTimeToSeconds } from '@opentelemetry/core';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { ATTR_HTTP_REQUEST_METHOD } from '@opentelemetry/semantic-conventions';
import {
  HTTP_METRICS,
  toActiveRequestAttributes,
  toClientDurationAttributes,
  toServerDurationAttributes,
} from '../http-semconv/metrics.ts';

/**
 * Time series an instrument may have while the process lives; what comes after them is counted together, as the specification's
 * `otel.metric.overflow`.
 * @note The SDK's own limit (2000) holds for one collection only: with cumulative temporality every collection may add as many.
 */
const MAX_SERIES = 1999;

/** Measures every HTTP span of `scopeName`, sampled or not: requests and durations when they end, and how many a server has open. */
export function createHttpMetrics(meter: Meter, scopeName: string): SpanProcessor {
  const { serverDuration, clientDuration, activeRequests } = HTTP_METRICS;
  const server = meter.createHistogram(serverDuration.name, serverDuration.options);
  const client = meter.createHistogram(clientDuration.name, clientDuration.options);
  const active = meter.createUpDownCounter(activeRequests.name, activeRequests.options);
  const limitServer = createSeriesLimit(serverDuration.name);
  const limitClient = createSeriesLimit(clientDuration.name);
  /** With which attributes a request was counted: it must be taken off with the same, whatever became of the span's. */
  const open = new WeakMap<ReadableSpan, Attributes>();
  const isOurs = (span: ReadableSpan): boolean =>
    span.instrumentationScope.name === scopeName && span.attributes[ATTR_HTTP_REQUEST_METHOD] !== undefined;

  return {
    onStart(span) {
      if (span.kind !== SpanKind.SERVER || !isOurs(span)) return;
      const attributes = toActiveRequestAttributes(span.attributes);
      open.set(span, attributes);
      active.add(1, attributes);
    },
    onEnd(span) {
      const counted = open.get(span);
      if (counted !== undefined) active.add(-1, counted);
      if (!isOurs(span)) return;
      const seconds = hrTimeToSeconds(span.duration);
      if (span.kind === SpanKind.SERVER)
        server.record(seconds, limitServer(toServerDurationAttributes(span.attributes)));
      if (span.kind === SpanKind.CLIENT)
        client.record(seconds, limitClient(toClientDurationAttributes(span.attributes)));
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

function createSeriesLimit(name: string): (attributes: Attributes) => Attributes {
  const known = new Set<string>();
  const overflow: Attributes = { 'otel.metric.overflow': true };
  return (attributes) => {
    const series = JSON.stringify(attributes);
    if (known.has(series)) return attributes;
    if (known.size === MAX_SERIES) {
      diag.warn(`${name} has ${MAX_SERIES} combinations of attributes; requests with others are counted together`);
      return overflow;
    }
    known.add(series);
    return attributes;
  };
}
