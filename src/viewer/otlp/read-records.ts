// Called for every body that came in, and by the page for a saved trace: OTLP JSON, or protobuf in the same shape -> records. Nothing in it is trusted.
import { isRecord, toCount, toList, toText } from './hostile.ts';
import type { LogRecord, Records, SpanRecord } from './records.ts';
import { MAX_ATTRIBUTES, cutText, toAttributesText, toColumns, toValueText } from './value-text.ts';

const MAX_NAME = 1_024;
const MAX_ITEMS = 1_000;
/** What a signed column of 64 bits holds. */
const MAX_NANOS = 2n ** 63n - 1n;

/** Reads an ExportTraceServiceRequest, an ExportLogsServiceRequest, or both in one. */
export function readRecords(data: unknown): Records {
  const spans: SpanRecord[] = [];
  const logs: LogRecord[] = [];
  let refused = 0;
  if (!isRecord(data)) return { spans, logs, refused };
  for (const { origin, item } of walk(data['resourceSpans'], 'scopeSpans', 'spans')) {
    const span = readSpan(item, origin);
    if (span === undefined) refused++;
    else spans.push(span);
  }
  for (const { origin, item } of walk(data['resourceLogs'], 'scopeLogs', 'logRecords')) {
    const log = readLog(item, origin);
    if (log !== undefined) logs.push(log);
  }
  return { spans, logs, refused };
}

interface Origin {
  readonly resource: string;
  readonly service: string;
  readonly scope: string;
}

/** Every span or log record with where it comes from, whose text is made once. */
function* walk(groups: unknown, scopes: string, items: string): Generator<{ origin: Origin; item: unknown }> {
  for (const group of toList(groups)) {
    if (!isRecord(group)) continue;
    const attributes = isRecord(group['resource']) ? group['resource']['attributes'] : [];
    const resource = toAttributesText(attributes);
    const service = toText(findText(attributes, 'service.name'), MAX_NAME);
    for (const scoped of toList(group[scopes])) {
      if (!isRecord(scoped)) continue;
      const origin = { resource, service, scope: toScopeText(scoped['scope']) };
      for (const item of toList(scoped[items])) yield { origin, item };
    }
  }
}

function toScopeText(scope: unknown): string {
  const { name, version, attributes } = isRecord(scope) ? scope : {};
  const text = JSON.stringify({ name: toText(name, MAX_NAME), version: toText(version, MAX_NAME) });
  const rest = toAttributesText(attributes);
  return rest === '{}' ? text : `${text.slice(0, -1)},"attributes":${rest}}`;
}

function readSpan(item: unknown, origin: Origin): SpanRecord | undefined {
  if (!isRecord(item)) return undefined;
  const traceId = toId(item['traceId'], 32);
  const spanId = toId(item['spanId'], 16);
  if (traceId === '' || spanId === '') return undefined;
  const endNanos = toNanos(item['endTimeUnixNano']);
  // A span that says only when it ended is a moment; as one of 1970 it would stretch its trace over decades.
  const startNanos = toNanos(item['startTimeUnixNano']) || endNanos;
  const status = isRecord(item['status']) ? item['status'] : {};
  return {
    ...origin,
    traceId,
    spanId,
    parentId: toId(item['parentSpanId'], 16),
    name: toText(item['name'], MAX_NAME),
    kind: toCount(item['kind'], 5),
    startNanos,
    endNanos: endNanos > startNanos ? endNanos : startNanos,
    status: toCount(status['code'], 2),
    httpStatus: findHttpStatus(item['attributes']),
    peer: isCall(item['kind']) ? findPeer(item['attributes']) : null,
    ...toColumns(item['attributes']),
    more: toMoreText(item, status['message']),
  };
}

/** What a program drops beyond its limits, and this one beyond its own. */
const DROPPABLE = [
  ['attributes', 'Attributes', MAX_ATTRIBUTES],
  ['events', 'Events', MAX_ITEMS],
  ['links', 'Links', MAX_ITEMS],
] as const;

function toMoreText(item: Readonly<Record<string, unknown>>, message: unknown): string | null {
  const parts: string[] = [];
  const add = (key: string, json: string): void => void parts.push(`"${key}":${json}`);
  if (typeof message === 'string' && message !== '') add('message', JSON.stringify(cutText(message)));
  const state = toText(item['traceState'], MAX_NAME);
  if (state !== '') add('state', JSON.stringify(state));
  const flags = toCount(item['flags'], 2 ** 32 - 1);
  if (flags !== 0) add('flags', String(flags));
  const events = toList(item['events']).slice(0, MAX_ITEMS);
  if (events.length > 0) add('events', `[${events.map(toEventText).join(',')}]`);
  const links = toList(item['links']).slice(0, MAX_ITEMS);
  if (links.length > 0) add('links', `[${links.map(toLinkText).join(',')}]`);
  const dropped = DROPPABLE.map(
    ([field, what, most]) =>
      toCount(item[`dropped${what}Count`], 2 ** 32 - 1) + Math.max(0, toList(item[field]).length - most),
  );
  if (dropped.some((count) => count > 0)) add('dropped', JSON.stringify(dropped));
  return parts.length === 0 ? null : `{${parts.join(',')}}`;
}

function toEventText(event: unknown): string {
  const { name, timeUnixNano, attributes } = isRecord(event) ? event : {};
  const time = JSON.stringify(String(toNanos(timeUnixNano)));
  return `{"name":${JSON.stringify(toText(name, MAX_NAME))},"time":${time},"attributes":${toAttributesText(attributes)}}`;
}

function toLinkText(link: unknown): string {
  const { traceId, spanId, attributes } = isRecord(link) ? link : {};
  const ids = `"trace":"${toId(traceId, 32)}","span":"${toId(spanId, 16)}"`;
  return `{${ids},"attributes":${toAttributesText(attributes)}}`;
}

function readLog(item: unknown, origin: Origin): LogRecord | undefined {
  if (!isRecord(item)) return undefined;
  const traceId = toId(item['traceId'], 32);
  if (traceId === '') return undefined;
  const time = toNanos(item['timeUnixNano']);
  return {
    ...origin,
    traceId,
    spanId: toId(item['spanId'], 16),
    timeNanos: time === 0n ? toNanos(item['observedTimeUnixNano']) : time,
    severity: toCount(item['severityNumber'], 24),
    severityText: toText(item['severityText'], 32),
    body: toValueText(item['body']),
    attributes: toAttributesText(item['attributes']),
  };
}

/** Lower-case hex of the right length that is not all zero, or empty. */
function toId(value: unknown, digits: number): string {
  if (typeof value !== 'string' || value.length !== digits || !/^[\da-f]+$/i.test(value)) return '';
  return /[^0]/.test(value) ? value.toLowerCase() : '';
}

function toNanos(value: unknown): bigint {
  if (typeof value === 'bigint') return value > MAX_NANOS ? MAX_NANOS : value;
  const text =
    typeof value === 'number' && value >= 0 ? String(BigInt(Math.trunc(Math.min(value, 2 ** 62)) || 0)) : value;
  if (typeof text !== 'string' || !/^\d{1,20}$/.test(text)) return 0n;
  const nanos = BigInt(text);
  return nanos > MAX_NANOS ? MAX_NANOS : nanos;
}

function findValue(attributes: unknown, key: string): unknown {
  for (const attribute of toList(attributes)) {
    if (isRecord(attribute) && attribute['key'] === key) return attribute['value'];
  }
  return undefined;
}

function findText(attributes: unknown, key: string): string {
  const value = findValue(attributes, key);
  return isRecord(value) && typeof value['stringValue'] === 'string' ? value['stringValue'] : '';
}

const isCall = (kind: unknown): boolean => kind === 3 || kind === 4;

/** In this order; the second and the last are what older instrumentations write. */
const PEER_NAMES = [
  'db.system.name',
  'db.system',
  'messaging.system',
  'peer.service',
  'server.address',
  'net.peer.name',
];

function findPeer(attributes: unknown): string | null {
  for (const name of PEER_NAMES) {
    const text = findText(attributes, name);
    if (text !== '') return toText(text, MAX_NAME);
  }
  return null;
}

function findHttpStatus(attributes: unknown): number {
  // The second is what older instrumentations write.
  const value = findValue(attributes, 'http.response.status_code') ?? findValue(attributes, 'http.status_code');
  return isRecord(value) ? toCount(value['intValue'] ?? value['stringValue'], 999) : 0;
}
