// Used on both ends of a thread's channel: spans and log records as plain data that can be cloned, and back.
import { type SpanContext, createTraceState } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

type PlainContext = Omit<SpanContext, 'traceState'> & { readonly traceState?: string };
type PlainLink = Omit<ReadableSpan['links'][number], 'context'> & { readonly context: PlainContext };

/** A span without its methods and without the resource, which both threads share. */
export interface SpanMessage extends Omit<ReadableSpan, 'spanContext' | 'parentSpanContext' | 'links' | 'resource'> {
  readonly context: PlainContext;
  readonly parent: PlainContext | undefined;
  readonly links: PlainLink[];
}

/** A log record in the same way. */
export interface LogMessage extends Omit<ReadableLogRecord, 'spanContext' | 'resource'> {
  readonly context: PlainContext | undefined;
}

/** One thing that a worker has to say. */
export type ThreadItem = { readonly start: SpanMessage } | { readonly end: SpanMessage } | { readonly log: LogMessage };

/** What is posted at once. */
export interface ThreadMessage {
  /** Where it comes from, whoever passed it on. */
  readonly threadId: number;
  readonly items: readonly ThreadItem[];
}

/** Attribute name of the conventions that is not stable yet, and so not among the package's constants. */
const ATTR_THREAD_ID = 'thread.id';

/** The span as data. What it holds is the span's own until it is cloned. */
export function toSpanMessage(span: ReadableSpan): SpanMessage {
  return {
    context: toPlainContext(span.spanContext()),
    parent: span.parentSpanContext && toPlainContext(span.parentSpanContext),
    name: span.name,
    kind: span.kind,
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: span.status,
    attributes: span.attributes,
    events: span.events,
    links: span.links.map((link) => ({ ...link, context: toPlainContext(link.context) })),
    instrumentationScope: toPlainScope(span.instrumentationScope),
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

/** The span as it is now, at its start: what is written into it later does not show. */
export function toStartMessage(span: ReadableSpan): SpanMessage {
  return { ...toSpanMessage(span), attributes: { ...span.attributes }, events: [], links: [] };
}

/** The log record as data. */
export function toLogMessage(record: ReadableLogRecord): LogMessage {
  return {
    context: record.spanContext && toPlainContext(record.spanContext),
    hrTime: record.hrTime,
    hrTimeObserved: record.hrTimeObserved,
    ...(record.severityText !== undefined && { severityText: record.severityText }),
    ...(record.severityNumber !== undefined && { severityNumber: record.severityNumber }),
    ...(record.body !== undefined && { body: record.body }),
    ...(record.eventName !== undefined && { eventName: record.eventName }),
    attributes: record.attributes,
    instrumentationScope: toPlainScope(record.instrumentationScope),
    droppedAttributesCount: record.droppedAttributesCount,
  };
}

/** Makes spans and log records of what came from a thread. */
export class ThreadReader {
  readonly #resource: Resource;
  readonly #scopes = new Map<string, Scope>();

  constructor(resource: Resource) {
    this.#resource = resource;
  }

  /** The span again, as one of this process that says which thread it is from. */
  toSpan({ context, parent, links, ...rest }: SpanMessage, threadId: number): ReadableSpan {
    const spanContext = toSpanContext(context);
    // Cloned, so nobody else's.
    rest.attributes[ATTR_THREAD_ID] ??= threadId;
    return {
      ...rest,
      spanContext: () => spanContext,
      ...(parent !== undefined && { parentSpanContext: toSpanContext(parent) }),
      links: links.map((link) => ({ ...link, context: toSpanContext(link.context) })),
      instrumentationScope: this.#toScope(rest.instrumentationScope),
      resource: this.#resource,
    };
  }

  /** The log record again. */
  toLogRecord({ context, ...rest }: LogMessage, threadId: number): ReadableLogRecord {
    rest.attributes[ATTR_THREAD_ID] ??= threadId;
    return {
      ...rest,
      ...(context !== undefined && { spanContext: toSpanContext(context) }),
      instrumentationScope: this.#toScope(rest.instrumentationScope),
      resource: this.#resource,
    };
  }

  /** One object for all scopes that say the same: encoders group by identity, which a clone has lost. */
  #toScope(scope: Scope): Scope {
    const key = JSON.stringify(scope);
    const known = this.#scopes.get(key);
    if (known !== undefined) return known;
    if (this.#scopes.size < MAX_SCOPES) this.#scopes.set(key, scope);
    return scope;
  }
}

type Scope = ReadableLogRecord['instrumentationScope'];
const MAX_SCOPES = 1000;

function toPlainContext({ traceState, ...context }: SpanContext): PlainContext {
  const { traceId, spanId, traceFlags, isRemote } = context;
  return {
    traceId,
    spanId,
    traceFlags,
    ...(isRemote !== undefined && { isRemote }),
    ...(traceState !== undefined && { traceState: traceState.serialize() }),
  };
}

function toSpanContext({ traceState, ...context }: PlainContext): SpanContext {
  return traceState === undefined ? context : { ...context, traceState: createTraceState(traceState) };
}

/** A scope of the SDK's has only what is said here, but an application's tracer may carry more. */
function toPlainScope(scope: Scope): Scope {
  const { name, version, schemaUrl, attributes, droppedAttributesCount } = scope;
  return {
    name,
    ...(version !== undefined && { version }),
    ...(schemaUrl !== undefined && { schemaUrl }),
    ...(attributes !== undefined && { attributes }),
    ...(droppedAttributesCount !== undefined && { droppedAttributesCount }),
  };
}
