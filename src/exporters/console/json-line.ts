// The `json` mode: one object for every span when it ends, for programs that read the console.
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import { escapeInJson } from './display-text.ts';
import { toMillis } from './time-text.ts';

/** Returns the span as one line of JSON: times as ISO 8601 in UTC, durations in milliseconds, kind and status in lower case. */
export function renderJson(span: ReadableSpan): string {
  const { traceId, spanId } = span.spanContext();
  const line = JSON.stringify(
    {
      traceId,
      spanId,
      parentSpanId: span.parentSpanContext?.spanId,
      name: span.name,
      kind: SpanKind[span.kind].toLowerCase(),
      start: toIso(toMillis(span.startTime)),
      end: toIso(toMillis(span.endTime)),
      durationMillis: toMillis(span.duration),
      status: SpanStatusCode[span.status.code].toLowerCase(),
      statusMessage: span.status.message,
      service: readServiceName(span),
      attributes: span.attributes,
      events: span.events.map(toEvent),
    },
    toJsonValue,
  );
  return escapeInJson(line);
}

function toEvent({ name, time, attributes }: TimedEvent): object {
  return { name, time: toIso(toMillis(time)), attributes };
}

function toIso(epochMillis: number): string {
  return new Date(epochMillis).toISOString();
}

/** `resource.attributes` complains while a detector is still at work, so the raw list is read; its first entry of a name wins. */
function readServiceName({ resource }: ReadableSpan): string | undefined {
  const value = resource.getRawAttributes().find(([name]) => name === ATTR_SERVICE_NAME)?.[1];
  return typeof value === 'string' ? value : undefined;
}

function toJsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
