// The OTLP sink turns every body it receives into plain spans with this, whatever their encoding was.
import { readMessage, type MessageType } from './protobuf-reader.ts';

export type SpanKind = 'UNSPECIFIED' | 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';
export type StatusCode = 'UNSET' | 'OK' | 'ERROR';
export type Attributes = Record<string, unknown>;

/** A span as a backend received it. Ids are lower-case hex; integers are numbers, beyond 2^53 bigints. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** Empty for the root of a trace. */
  parentSpanId: string;
  name: string;
  kind: SpanKind;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  attributes: Attributes;
  events: { name: string; timeUnixNano: bigint; attributes: Attributes }[];
  links: { traceId: string; spanId: string; traceState: string; flags: number; attributes: Attributes }[];
  status: { code: StatusCode; message: string };
  /** Low byte: W3C trace flags. 0x100: the parent's remoteness is known. 0x200: the parent is remote. */
  flags: number;
  traceState: string;
  scope: { name: string; version: string; attributes: Attributes };
  resource: Attributes;
  droppedAttributesCount: number;
}

const KINDS: readonly SpanKind[] = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES: readonly StatusCode[] = ['UNSET', 'OK', 'ERROR'];

/** Decodes an ExportTraceServiceRequest in its JSON encoding; throws on anything that is not one. */
export function decodeJson(body: Uint8Array): ReceivedSpan[] {
  return toSpans(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as ExportRequest);
}

/** Decodes an ExportTraceServiceRequest in its protobuf encoding; throws on anything that is not one. */
export function decodeProtobuf(body: Uint8Array): ReceivedSpan[] {
  return toSpans(readMessage(body, EXPORT_REQUEST));
}

// The two encodings name their fields alike, so the tables below give protobuf the shape of JSON. What still differs: ids are bytes
// or hex, bytes are bytes or base64, and 64-bit integers are bigints, strings or (from lax encoders) numbers.
export type Bytes = string | Uint8Array;
export type Long = string | number | bigint;
export interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: Long;
  doubleValue?: number | string;
  arrayValue?: { values?: AnyValue[] };
  kvlistValue?: { values?: KeyValue[] };
  bytesValue?: Bytes;
}
export interface KeyValue {
  key: string;
  value?: AnyValue;
}
interface OtlpSpan {
  traceId?: Bytes;
  spanId?: Bytes;
  traceState?: string;
  parentSpanId?: Bytes;
  name?: string;
  kind?: number;
  startTimeUnixNano?: Long;
  endTimeUnixNano?: Long;
  attributes?: KeyValue[];
  droppedAttributesCount?: number;
  events?: { timeUnixNano?: Long; name?: string; attributes?: KeyValue[] }[];
  links?: { traceId?: Bytes; spanId?: Bytes; traceState?: string; flags?: number; attributes?: KeyValue[] }[];
  status?: { message?: string; code?: number };
  flags?: number;
}
interface ExportRequest {
  resourceSpans?: {
    resource?: { attributes?: KeyValue[] };
    scopeSpans?: { scope?: { name?: string; version?: string; attributes?: KeyValue[] }; spans?: OtlpSpan[] }[];
  }[];
}

function toSpans(request: ExportRequest): ReceivedSpan[] {
  const spans: ReceivedSpan[] = [];
  for (const { resource, scopeSpans = [] } of request.resourceSpans ?? []) {
    const resourceAttributes = toAttributes(resource?.attributes);
    for (const { scope, spans: scoped = [] } of scopeSpans) {
      const { name = '', version = '' } = scope ?? {};
      const plainScope = { name, version, attributes: toAttributes(scope?.attributes) };
      for (const span of scoped) spans.push({ ...toSpan(span), scope: plainScope, resource: resourceAttributes });
    }
  }
  return spans;
}

function toSpan(span: OtlpSpan): Omit<ReceivedSpan, 'scope' | 'resource'> {
  return {
    traceId: toId(span.traceId, 16),
    spanId: toId(span.spanId, 8),
    parentSpanId: span.parentSpanId?.length ? toId(span.parentSpanId, 8) : '',
    name: span.name ?? '',
    kind: pick(KINDS, span.kind, 'kind'),
    startTimeUnixNano: BigInt(span.startTimeUnixNano ?? 0),
    endTimeUnixNano: BigInt(span.endTimeUnixNano ?? 0),
    attributes: toAttributes(span.attributes),
    events: (span.events ?? []).map((event) => ({
      name: event.name ?? '',
      timeUnixNano: BigInt(event.timeUnixNano ?? 0),
      attributes: toAttributes(event.attributes),
    })),
    links: (span.links ?? []).map((link) => ({
      traceId: toId(link.traceId, 16),
      spanId: toId(link.spanId, 8),
      traceState: link.traceState ?? '',
      flags: link.flags ?? 0,
      attributes: toAttributes(link.attributes),
    })),
    status: { code: pick(STATUS_CODES, span.status?.code, 'status.code'), message: span.status?.message ?? '' },
    flags: span.flags ?? 0,
    traceState: span.traceState ?? '',
    droppedAttributesCount: span.droppedAttributesCount ?? 0,
  };
}

export function toId(id: Bytes | undefined, length: number): string {
  const hex = typeof id === 'string' ? id.toLowerCase() : Buffer.from(id ?? []).toString('hex');
  if (hex.length !== length * 2 || !/^[0-9a-f]*[1-9a-f][0-9a-f]*$/.test(hex)) {
    throw new Error(`OTLP: ${JSON.stringify(hex)} is not an id of ${length} bytes`);
  }
  return hex;
}

function pick<T>(names: readonly T[], number: number | undefined, what: string): T {
  const name = names[number ?? 0];
  if (name === undefined) throw new Error(`OTLP: ${what} ${number} does not exist`);
  return name;
}

export function toAttributes(list: KeyValue[] = []): Attributes {
  const attributes: Attributes = {};
  for (const { key, value } of list) {
    // The specification forbids it, and a redacted value beside the raw one would hide behind the last.
    if (Object.hasOwn(attributes, key)) throw new Error(`OTLP: attribute ${key} appears twice`);
    attributes[key] = toValue(value);
  }
  return attributes;
}

export function toValue(value: AnyValue = {}): unknown {
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) {
    const integer = BigInt(value.intValue);
    return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
  }
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.arrayValue) return (value.arrayValue.values ?? []).map((item) => toValue(item));
  if (value.kvlistValue) return toAttributes(value.kvlistValue.values);
  if (typeof value.bytesValue === 'string') return new Uint8Array(Buffer.from(value.bytesValue, 'base64'));
  if (value.bytesValue) return new Uint8Array(value.bytesValue);
  return undefined;
}

// opentelemetry-proto v1: common.proto, resource.proto, trace.proto, trace_service.proto.
export const ANY_VALUE: MessageType = {
  1: { name: 'stringValue', type: 'string' },
  2: { name: 'boolValue', type: 'bool' },
  3: { name: 'intValue', type: 'int64' },
  4: { name: 'doubleValue', type: 'double' },
  5: { name: 'arrayValue', type: () => ({ 1: { name: 'values', type: () => ANY_VALUE, repeated: true } }) },
  6: { name: 'kvlistValue', type: () => ({ 1: { name: 'values', type: () => KEY_VALUE, repeated: true } }) },
  7: { name: 'bytesValue', type: 'bytes' },
};
export const KEY_VALUE: MessageType = {
  1: { name: 'key', type: 'string' },
  2: { name: 'value', type: () => ANY_VALUE },
};
export const RESOURCE: MessageType = { 1: { name: 'attributes', type: () => KEY_VALUE, repeated: true } };
export const SCOPE: MessageType = {
  1: { name: 'name', type: 'string' },
  2: { name: 'version', type: 'string' },
  3: { name: 'attributes', type: () => KEY_VALUE, repeated: true },
};
const EVENT: MessageType = {
  1: { name: 'timeUnixNano', type: 'fixed64' },
  2: { name: 'name', type: 'string' },
  3: { name: 'attributes', type: () => KEY_VALUE, repeated: true },
};
const LINK: MessageType = {
  1: { name: 'traceId', type: 'bytes' },
  2: { name: 'spanId', type: 'bytes' },
  3: { name: 'traceState', type: 'string' },
  4: { name: 'attributes', type: () => KEY_VALUE, repeated: true },
  6: { name: 'flags', type: 'fixed32' },
};
const STATUS: MessageType = {
  2: { name: 'message', type: 'string' },
  3: { name: 'code', type: 'enum' },
};
const SPAN: MessageType = {
  1: { name: 'traceId', type: 'bytes' },
  2: { name: 'spanId', type: 'bytes' },
  3: { name: 'traceState', type: 'string' },
  4: { name: 'parentSpanId', type: 'bytes' },
  5: { name: 'name', type: 'string' },
  6: { name: 'kind', type: 'enum' },
  7: { name: 'startTimeUnixNano', type: 'fixed64' },
  8: { name: 'endTimeUnixNano', type: 'fixed64' },
  9: { name: 'attributes', type: () => KEY_VALUE, repeated: true },
  10: { name: 'droppedAttributesCount', type: 'uint32' },
  11: { name: 'events', type: () => EVENT, repeated: true },
  13: { name: 'links', type: () => LINK, repeated: true },
  15: { name: 'status', type: () => STATUS },
  16: { name: 'flags', type: 'fixed32' },
};
const SCOPE_SPANS: MessageType = {
  1: { name: 'scope', type: () => SCOPE },
  2: { name: 'spans', type: () => SPAN, repeated: true },
};
const RESOURCE_SPANS: MessageType = {
  1: { name: 'resource', type: () => RESOURCE },
  2: { name: 'scopeSpans', type: () => SCOPE_SPANS, repeated: true },
};
const EXPORT_REQUEST: MessageType = { 1: { name: 'resourceSpans', type: () => RESOURCE_SPANS, repeated: true } };
