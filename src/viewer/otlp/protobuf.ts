// Called by the receiver for protobuf bodies: an ExportTraceServiceRequest or ExportLogsServiceRequest -> the shape of their JSON encoding.
// A table of fields and one loop, since a request has to be read as fast as it can be stored.
import type { Buffer } from 'node:buffer';

type Scalar = 'string' | 'bool' | 'uint' | 'int64' | 'double' | 'fixed32' | 'fixed64' | 'hex' | 'base64';
interface Field {
  readonly name: string;
  /** A function for messages, so that they may contain themselves. */
  readonly type: Scalar | (() => Fields);
  readonly many?: true;
}
/** By field number. */
type Fields = ReadonlyArray<Field | undefined>;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;
const WIRE_OF: Readonly<Record<Scalar, number>> = {
  string: LENGTH,
  hex: LENGTH,
  base64: LENGTH,
  bool: VARINT,
  uint: VARINT,
  int64: VARINT,
  double: FIXED64,
  fixed64: FIXED64,
  fixed32: FIXED32,
};
/** Deeper than any value that is kept; a deeper one is an attack on the stack. */
const MAX_DEPTH = 64;
/** Of one request, as many as twenty thousand spans have. An empty message is two bytes on the wire and fifty in memory, so bytes alone do not bound them. */
const MAX_MESSAGES = 700_000;

const one = (name: string, type: Field['type']): Field => ({ name, type });
const many = (name: string, type: Field['type']): Field => ({ name, type, many: true });
/** Field numbers -> fields. */
const fields = (table: Readonly<Record<number, Field>>): Fields => {
  const list: Array<Field | undefined> = [];
  for (const [number, field] of Object.entries(table)) list[Number(number)] = field;
  return list;
};

// opentelemetry/proto/common/v1/common.proto
const anyValue: Fields = fields({
  1: one('stringValue', 'string'),
  2: one('boolValue', 'bool'),
  3: one('intValue', 'int64'),
  4: one('doubleValue', 'double'),
  5: one('arrayValue', () => arrayValue),
  6: one('kvlistValue', () => keyValueList),
  7: one('bytesValue', 'base64'),
});
const arrayValue: Fields = fields({ 1: many('values', () => anyValue) });
const keyValue: Fields = fields({ 1: one('key', 'string'), 2: one('value', () => anyValue) });
const keyValueList: Fields = fields({ 1: many('values', () => keyValue) });
const scope: Fields = fields({
  1: one('name', 'string'),
  2: one('version', 'string'),
  3: many('attributes', () => keyValue),
});
const resource: Fields = fields({ 1: many('attributes', () => keyValue) });

// opentelemetry/proto/trace/v1/trace.proto
const event: Fields = fields({
  1: one('timeUnixNano', 'fixed64'),
  2: one('name', 'string'),
  3: many('attributes', () => keyValue),
});
const link: Fields = fields({
  1: one('traceId', 'hex'),
  2: one('spanId', 'hex'),
  4: many('attributes', () => keyValue),
});
const status: Fields = fields({ 2: one('message', 'string'), 3: one('code', 'uint') });
const span: Fields = fields({
  1: one('traceId', 'hex'),
  2: one('spanId', 'hex'),
  3: one('traceState', 'string'),
  4: one('parentSpanId', 'hex'),
  5: one('name', 'string'),
  6: one('kind', 'uint'),
  7: one('startTimeUnixNano', 'fixed64'),
  8: one('endTimeUnixNano', 'fixed64'),
  9: many('attributes', () => keyValue),
  10: one('droppedAttributesCount', 'uint'),
  11: many('events', () => event),
  12: one('droppedEventsCount', 'uint'),
  13: many('links', () => link),
  14: one('droppedLinksCount', 'uint'),
  15: one('status', () => status),
  16: one('flags', 'fixed32'),
});
const scopeSpans: Fields = fields({ 1: one('scope', () => scope), 2: many('spans', () => span) });
const resourceSpans: Fields = fields({ 1: one('resource', () => resource), 2: many('scopeSpans', () => scopeSpans) });
const traceRequest: Fields = fields({ 1: many('resourceSpans', () => resourceSpans) });

// opentelemetry/proto/logs/v1/logs.proto
const logRecord: Fields = fields({
  1: one('timeUnixNano', 'fixed64'),
  2: one('severityNumber', 'uint'),
  3: one('severityText', 'string'),
  5: one('body', () => anyValue),
  6: many('attributes', () => keyValue),
  9: one('traceId', 'hex'),
  10: one('spanId', 'hex'),
  11: one('observedTimeUnixNano', 'fixed64'),
});
const scopeLogs: Fields = fields({ 1: one('scope', () => scope), 2: many('logRecords', () => logRecord) });
const resourceLogs: Fields = fields({ 1: one('resource', () => resource), 2: many('scopeLogs', () => scopeLogs) });
const logsRequest: Fields = fields({ 1: many('resourceLogs', () => resourceLogs) });

/** Reads an ExportTraceServiceRequest; throws on what is not one. */
export function readTraceRequest(bytes: Buffer): unknown {
  return new Reader(bytes).readMessage(traceRequest, bytes.length, 0);
}

/** Reads an ExportLogsServiceRequest; throws on what is not one. */
export function readLogsRequest(bytes: Buffer): unknown {
  return new Reader(bytes).readMessage(logsRequest, bytes.length, 0);
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #messages = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  readMessage(type: Fields, end: number, depth: number): Record<string, unknown> {
    if (depth > MAX_DEPTH) throw new Error('protobuf: messages within messages, too deep');
    if (++this.#messages > MAX_MESSAGES) throw new Error(`protobuf: more than ${MAX_MESSAGES} messages`);
    const message: Record<string, unknown> = {};
    while (this.#at < end) {
      const tag = this.#readVarint();
      const wire = tag & 7;
      const field = type[tag >>> 3];
      const expected = field === undefined || typeof field.type === 'function' ? LENGTH : WIRE_OF[field.type];
      if (field === undefined || wire !== expected) {
        this.#skip(wire, end);
        continue;
      }
      const value =
        typeof field.type === 'function'
          ? this.readMessage(field.type(), this.#readEnd(end), depth + 1)
          : this.#readScalar(field.type, end);
      if (field.many !== true) message[field.name] = value;
      else {
        const list = message[field.name];
        if (Array.isArray(list)) list.push(value);
        else message[field.name] = [value];
      }
    }
    if (this.#at !== end) throw new Error(`protobuf: a field beyond the end of its message, at ${end}`);
    return message;
  }

  #readScalar(type: Scalar, end: number): unknown {
    switch (type) {
      case 'bool':
        return this.#readVarint() !== 0;
      case 'uint':
        return this.#readVarint();
      case 'int64':
        return this.#readInt64();
      case 'double':
        return this.#bytes.readDoubleLE(this.#advance(8, end));
      case 'fixed64':
        return this.#bytes.readBigUInt64LE(this.#advance(8, end));
      case 'fixed32':
        return this.#bytes.readUInt32LE(this.#advance(4, end));
      case 'string':
        return this.#readText('utf8', end);
      case 'hex':
        return this.#readText('hex', end);
      case 'base64':
        return this.#readText('base64', end);
    }
  }

  #readText(encoding: 'utf8' | 'hex' | 'base64', end: number): string {
    const stop = this.#readEnd(end);
    const text = this.#bytes.toString(encoding, this.#at, stop);
    this.#at = stop;
    return text;
  }

  #skip(wire: number, end: number): void {
    if (wire === VARINT) this.#readVarint();
    else if (wire === LENGTH) this.#at = this.#readEnd(end);
    else if (wire === FIXED64) this.#advance(8, end);
    else if (wire === FIXED32) this.#advance(4, end);
    else throw new Error(`protobuf: wire type ${wire} at ${this.#at}`);
  }

  /** Where what has its length before it ends. */
  #readEnd(end: number): number {
    const length = this.#readVarint();
    if (length > end - this.#at) throw new Error(`protobuf: ${length} bytes announced at ${this.#at}, fewer are left`);
    return this.#at + length;
  }

  #advance(count: number, end: number): number {
    const start = this.#at;
    this.#at += count;
    if (this.#at > end) throw new Error(`protobuf: cut off at ${start}`);
    return start;
  }

  /** Exact up to 2^53; a larger one is no length and no count. */
  #readVarint(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error('protobuf: cut off in a number');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new Error(`protobuf: a number of more than ten bytes before ${this.#at}`);
  }

  #readInt64(): number | string {
    const start = this.#at;
    const value = this.#readVarint();
    if (Number.isSafeInteger(value)) return value;
    let exact = 0n;
    for (let at = this.#at - 1; at >= start; at--) exact = (exact << 7n) | BigInt((this.#bytes[at] ?? 0) & 0x7f);
    return String(BigInt.asIntN(64, exact));
  }
}
