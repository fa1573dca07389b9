// Spans as the SDK hands them out, for what encodes them: plain objects, so that every field can hold anything.
import { type Attributes, type Link, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
export const SPAN_ID = 'b7ad6b7169203331';
export const resource = resourceFromAttributes(
  { 'service.name': 'test', 'process.pid': 4711, 'host.ips': ['127.0.0.1'] },
  { schemaUrl: 'https://opentelemetry.io/schemas/1.40.0' },
);
const scope = { name: '@tracing/agent', version: '0.1.0' };

type Context = Partial<ReturnType<ReadableSpan['spanContext']>>;

/** A span of which only what a test is about is said. */
export function makeSpan({
  context,
  ...fields
}: Partial<ReadableSpan> & { readonly context?: Context } = {}): ReadableSpan {
  const spanContext = { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1, ...context };
  return {
    name: 'GET /',
    kind: SpanKind.SERVER,
    spanContext: () => spanContext,
    startTime: [1_764_093_000, 123_456_789],
    endTime: [1_764_093_000, 223_456_789],
    duration: [0, 100_000_000],
    ended: true,
    status: { code: SpanStatusCode.UNSET },
    attributes: {},
    links: [],
    events: [],
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...fields,
  };
}

export const makeLink = (context: Context, attributes?: Attributes, droppedAttributesCount?: number): Link => ({
  context: { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 0, ...context },
  ...(attributes && { attributes }),
  ...(droppedAttributesCount !== undefined && { droppedAttributesCount }),
});
