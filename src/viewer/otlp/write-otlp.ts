// Called to share a trace and to show a span as it was sent: records -> OTLP JSON, each value with the type that it came with.
import type { KeyValue, AnyValue, OtlpData, OtlpEvent, OtlpLink, OtlpLog, OtlpScope, OtlpSpan } from './otlp.ts';
import { isRecord, toList } from './hostile.ts';
import type { LogRecord, SpanRecord } from './records.ts';

/** What may be changed on the way out; see share/redact-records.ts. */
export interface Rewrite {
  /** A value of an attribute as plain JSON; the same value where nothing is to be changed. */
  attribute(name: string, value: unknown): unknown;
  text(text: string): string;
}

/** For the eyes of who owns the spans. */
export const AS_IT_IS: Rewrite = { attribute: (_name, value) => value, text: (text) => text };

/** Returns one object that holds the spans and the log records, grouped by what they come from. */
export function writeOtlp(
  spans: readonly SpanRecord[],
  logs: readonly LogRecord[],
  rewrite: Rewrite = AS_IT_IS,
): OtlpData {
  return {
    resourceSpans: group(spans, rewrite).map(({ resource, scopes }) => ({
      resource,
      scopeSpans: scopes.map(({ scope, items }) => ({ scope, spans: items.map((span) => toSpan(span, rewrite)) })),
    })),
    ...(logs.length > 0 && {
      resourceLogs: group(logs, rewrite).map(({ resource, scopes }) => ({
        resource,
        scopeLogs: scopes.map(({ scope, items }) => ({ scope, logRecords: items.map((log) => toLog(log, rewrite)) })),
      })),
    }),
  };
}

interface Grouped<Item> {
  readonly resource: { readonly attributes: readonly KeyValue[] };
  readonly scopes: ReadonlyArray<{ readonly scope: OtlpScope; readonly items: readonly Item[] }>;
}

function group<Item extends { readonly resource: string; readonly scope: string }>(
  items: readonly Item[],
  rewrite: Rewrite,
): readonly Grouped<Item>[] {
  return [...Map.groupBy(items, ({ resource }) => resource)].map(([resource, ofResource]) => ({
    resource: { attributes: toKeyValues(readTyped(resource), rewrite) },
    scopes: [...Map.groupBy(ofResource, ({ scope }) => scope)].map(([scope, ofScope]) => ({
      scope: toScope(readTyped(scope), rewrite),
      items: ofScope,
    })),
  }));
}

function toScope(scope: unknown, rewrite: Rewrite): OtlpScope {
  const { name, version, attributes } = isRecord(scope) ? scope : {};
  return {
    name: rewrite.text(toText(name)),
    version: rewrite.text(toText(version)),
    ...(attributes !== undefined && { attributes: toKeyValues(attributes, rewrite) }),
  };
}

function toSpan(span: SpanRecord, rewrite: Rewrite): OtlpSpan {
  const more = readTyped(span.more ?? '{}');
  const { message, state, flags, events, links, dropped } = isRecord(more) ? more : {};
  const [droppedAttributesCount, droppedEventsCount, droppedLinksCount] = toList(dropped);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentId !== '' && { parentSpanId: span.parentId }),
    name: rewrite.text(span.name),
    kind: span.kind,
    startTimeUnixNano: String(span.startNanos),
    endTimeUnixNano: String(span.endNanos),
    attributes: toKeyValues(zip(readTyped(span.keys), readTyped(span.values)), rewrite),
    status: { code: span.status, ...(typeof message === 'string' && { message: rewrite.text(message) }) },
    ...(typeof state === 'string' && { traceState: rewrite.text(state) }),
    ...(typeof flags === 'number' && { flags }),
    ...(typeof droppedAttributesCount === 'number' && { droppedAttributesCount }),
    ...(typeof droppedEventsCount === 'number' && { droppedEventsCount }),
    ...(typeof droppedLinksCount === 'number' && { droppedLinksCount }),
    ...(events !== undefined && { events: toList(events).map((event) => toEvent(event, rewrite)) }),
    ...(links !== undefined && { links: toList(links).map((link) => toLink(link, rewrite)) }),
  };
}

function zip(keys: unknown, values: unknown): Readonly<Record<string, unknown>> {
  const all = toList(values);
  return Object.fromEntries(toList(keys).map((key, index) => [key, all[index]]));
}

const toText = (value: unknown): string => (typeof value === 'string' ? value : '');

function toEvent(event: unknown, rewrite: Rewrite): OtlpEvent {
  const { time, name, attributes } = isRecord(event) ? event : {};
  return {
    timeUnixNano: toText(time) || '0',
    name: rewrite.text(toText(name)),
    attributes: toKeyValues(attributes, rewrite),
  };
}

function toLink(link: unknown, rewrite: Rewrite): OtlpLink {
  const { trace, span, attributes } = isRecord(link) ? link : {};
  return { traceId: toText(trace), spanId: toText(span), attributes: toKeyValues(attributes, rewrite) };
}

function toLog(log: LogRecord, rewrite: Rewrite): OtlpLog {
  return {
    timeUnixNano: String(log.timeNanos),
    severityNumber: log.severity,
    severityText: log.severityText,
    body: toRewritten('body', readTyped(log.body), rewrite),
    attributes: toKeyValues(readTyped(log.attributes), rewrite),
    traceId: log.traceId,
    spanId: log.spanId,
  };
}

function toKeyValues(attributes: unknown, rewrite: Rewrite): readonly KeyValue[] {
  if (!isRecord(attributes)) return [];
  return Object.entries(attributes).map(([key, typed]) => ({
    key: rewrite.text(key),
    value: toRewritten(key, typed, rewrite),
  }));
}

/** What is not changed keeps its types; of the rest whole numbers become integers. */
function toRewritten(name: string, typed: unknown, rewrite: Rewrite): AnyValue {
  const plain = toPlain(typed);
  const rewritten = typeof plain === 'string' && name === 'body' ? rewrite.text(plain) : rewrite.attribute(name, plain);
  return toAnyValue(rewritten === plain ? typed : rewritten);
}

/** A number that was written as a double, while `JSON.parse` knows one kind only. */
class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** JSON of the store, with doubles told from integers by how they are written. */
function readTyped(json: string): unknown {
  // The third argument is newer than the type: https://github.com/tc39/proposal-json-parse-with-source.
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && /[.e]/i.test(context?.source ?? '') ? new Double(value) : value;
  return JSON.parse(json, revive);
}

function toPlain(value: unknown): unknown {
  if (value instanceof Double) return value.value;
  if (Array.isArray(value)) return value.map(toPlain);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}

function toAnyValue(value: unknown): AnyValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (value instanceof Double) return { doubleValue: value.value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toAnyValue) } };
  if (!isRecord(value)) return {};
  const { $bytes, $int } = value;
  if (typeof $bytes === 'string') return { bytesValue: $bytes };
  if (typeof $int === 'string') return { intValue: $int };
  return {
    kvlistValue: { values: Object.entries(value).map(([key, item]) => ({ key, value: toAnyValue(item) })) },
  };
}
