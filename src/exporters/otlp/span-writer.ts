// The span encoder writes spans with this: `Span` and the messages in it (trace.proto), each field as the official transformer writes it.
import type { HrTime, Link, SpanContext, SpanStatus } from '@opentelemetry/api';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import type { AttributeWriter } from './attribute-writer.ts';
import type { GrowingBuffer } from './growing-buffer.ts';
import { MAX_CHARACTER_BYTES, MAX_VARINT_BYTES, putFixed32, putHex, putText, putVarint } from './protobuf.ts';

// Tags: the field's number and how its value is written, in one byte; `flags` of a span needs two.
const SPAN_TRACE_ID = 0x0a;
const SPAN_SPAN_ID = 0x12;
const SPAN_TRACE_STATE = 0x1a;
const SPAN_PARENT_SPAN_ID = 0x22;
const SPAN_NAME = 0x2a;
const SPAN_KIND = 0x30;
const SPAN_START_TIME = 0x39;
const SPAN_END_TIME = 0x41;
const SPAN_ATTRIBUTES = 0x4a;
const SPAN_DROPPED_ATTRIBUTES = 0x50;
const SPAN_EVENTS = 0x5a;
const SPAN_DROPPED_EVENTS = 0x60;
const SPAN_LINKS = 0x6a;
const SPAN_DROPPED_LINKS = 0x70;
const SPAN_STATUS = 0x7a;
const SPAN_FLAGS = 0x85;
const SPAN_FLAGS_SECOND = 0x01;

const EVENT_TIME = 0x09;
const EVENT_NAME = 0x12;
const EVENT_ATTRIBUTES = 0x1a;
const EVENT_DROPPED_ATTRIBUTES = 0x20;

const LINK_TRACE_ID = 0x0a;
const LINK_SPAN_ID = 0x12;
const LINK_TRACE_STATE = 0x1a;
const LINK_ATTRIBUTES = 0x22;
const LINK_DROPPED_ATTRIBUTES = 0x28;
const LINK_FLAGS = 0x35;

const STATUS_MESSAGE = 0x12;
const STATUS_CODE = 0x18;

const TRACE_FLAGS = 0xff;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

const NANOS_PER_SECOND = 1e9;
const TWO_TO_16 = 2 ** 16;
const TWO_TO_32 = 2 ** 32;

/** Guesses at the length of a message: that of a span takes two bytes, those of the others mostly one. */
const MIDDLING = 0x80;
const SHORT = 0;

/** What the fixed part of a span, or of a link, takes in front of its attributes without its texts: ids, times and lengths. */
const MAX_HEAD_BYTES = 128;

/** Writes spans into a buffer. */
export class SpanWriter {
  readonly #buffer: GrowingBuffer;
  readonly #attributes: AttributeWriter;

  constructor(buffer: GrowingBuffer, attributes: AttributeWriter) {
    this.#buffer = buffer;
    this.#attributes = attributes;
  }

  /** Writes a Span with its length in front. */
  write(span: ReadableSpan): void {
    const buffer = this.#buffer;
    const start = buffer.begin(MIDDLING);
    const context = span.spanContext();
    const parent = span.parentSpanContext;
    const traceState = context.traceState?.serialize() ?? '';
    this.#writeHead(span, context, parent?.spanId ?? '', traceState);
    this.#attributes.write(SPAN_ATTRIBUTES, span.attributes);
    this.#writeCount(SPAN_DROPPED_ATTRIBUTES, span.droppedAttributesCount);
    for (const event of span.events) this.#writeEvent(event);
    this.#writeCount(SPAN_DROPPED_EVENTS, span.droppedEventsCount);
    for (const link of span.links) this.#writeLink(link);
    this.#writeCount(SPAN_DROPPED_LINKS, span.droppedLinksCount);
    this.#writeStatus(span.status);
    const bytes = buffer.reserve(6);
    const at = buffer.length;
    bytes[at] = SPAN_FLAGS;
    bytes[at + 1] = SPAN_FLAGS_SECOND;
    buffer.length = putFixed32(bytes, at + 2, toFlags(context.traceFlags, parent?.isRemote));
    buffer.end(start, MIDDLING);
  }

  #writeHead(span: ReadableSpan, { traceId, spanId }: SpanContext, parentSpanId: string, traceState: string): void {
    const buffer = this.#buffer;
    const { name } = span;
    const digits = traceId.length + spanId.length + parentSpanId.length;
    const characters = name.length + traceState.length;
    const bytes = buffer.reserve(MAX_HEAD_BYTES + digits + characters * MAX_CHARACTER_BYTES);
    let at = buffer.length;
    bytes[at++] = SPAN_TRACE_ID;
    at = putHex(bytes, at, traceId);
    bytes[at++] = SPAN_SPAN_ID;
    at = putHex(bytes, at, spanId);
    if (traceState !== '') {
      bytes[at++] = SPAN_TRACE_STATE;
      at = putText(bytes, at, traceState);
    }
    if (parentSpanId !== '') {
      bytes[at++] = SPAN_PARENT_SPAN_ID;
      at = putHex(bytes, at, parentSpanId);
    }
    bytes[at++] = SPAN_NAME;
    at = putText(bytes, at, name);
    bytes[at++] = SPAN_KIND;
    // The API counts kinds from INTERNAL, the protocol from UNSPECIFIED.
    at = putVarint(bytes, at, span.kind + 1);
    bytes[at++] = SPAN_START_TIME;
    at = putTime(bytes, at, span.startTime);
    bytes[at++] = SPAN_END_TIME;
    buffer.length = putTime(bytes, at, span.endTime);
  }

  #writeEvent({ time, name, attributes, droppedAttributesCount = 0 }: TimedEvent): void {
    const buffer = this.#buffer;
    buffer.reserve(1)[buffer.length++] = SPAN_EVENTS;
    const start = buffer.begin(SHORT);
    const bytes = buffer.reserve(MAX_HEAD_BYTES + name.length * MAX_CHARACTER_BYTES);
    bytes[buffer.length] = EVENT_TIME;
    const at = putTime(bytes, buffer.length + 1, time);
    bytes[at] = EVENT_NAME;
    buffer.length = putText(bytes, at + 1, name);
    if (attributes) this.#attributes.write(EVENT_ATTRIBUTES, attributes);
    this.#writeCount(EVENT_DROPPED_ATTRIBUTES, droppedAttributesCount);
    buffer.end(start, SHORT);
  }

  #writeLink({ context, attributes, droppedAttributesCount = 0 }: Link): void {
    const buffer = this.#buffer;
    const { traceId, spanId } = context;
    const traceState = context.traceState?.serialize() ?? '';
    buffer.reserve(1)[buffer.length++] = SPAN_LINKS;
    const start = buffer.begin(SHORT);
    const digits = traceId.length + spanId.length;
    const bytes = buffer.reserve(MAX_HEAD_BYTES + digits + traceState.length * MAX_CHARACTER_BYTES);
    let at = buffer.length;
    bytes[at++] = LINK_TRACE_ID;
    at = putHex(bytes, at, traceId);
    bytes[at++] = LINK_SPAN_ID;
    at = putHex(bytes, at, spanId);
    if (traceState !== '') {
      bytes[at++] = LINK_TRACE_STATE;
      at = putText(bytes, at, traceState);
    }
    buffer.length = at;
    if (attributes) this.#attributes.write(LINK_ATTRIBUTES, attributes);
    this.#writeCount(LINK_DROPPED_ATTRIBUTES, droppedAttributesCount);
    const end = buffer.reserve(5);
    end[buffer.length] = LINK_FLAGS;
    buffer.length = putFixed32(end, buffer.length + 1, toFlags(context.traceFlags, context.isRemote));
    buffer.end(start, SHORT);
  }

  #writeStatus({ message = '', code }: SpanStatus): void {
    const buffer = this.#buffer;
    buffer.reserve(1)[buffer.length++] = SPAN_STATUS;
    const start = buffer.begin(message.length);
    if (message !== '') {
      const bytes = buffer.reserve(MAX_HEAD_BYTES + message.length * MAX_CHARACTER_BYTES);
      bytes[buffer.length] = STATUS_MESSAGE;
      buffer.length = putText(bytes, buffer.length + 1, message);
    }
    this.#writeCount(STATUS_CODE, code);
    buffer.end(start, message.length);
  }

  #writeCount(tag: number, count: number): void {
    const buffer = this.#buffer;
    const bytes = buffer.reserve(1 + MAX_VARINT_BYTES);
    bytes[buffer.length] = tag;
    buffer.length = putVarint(bytes, buffer.length + 1, count);
  }
}

/** Nanoseconds: seconds * 10^9 is beyond 2^53, so its lowest 16 and its other bits are multiplied apart. */
function putTime(bytes: Uint8Array, at: number, time: HrTime): number {
  const seconds = time[0];
  const upperSeconds = Math.floor(seconds / TWO_TO_16);
  const upper = upperSeconds * NANOS_PER_SECOND;
  const high = Math.floor(upper / TWO_TO_16);
  const low =
    (upper - high * TWO_TO_16) * TWO_TO_16 + (seconds - upperSeconds * TWO_TO_16) * NANOS_PER_SECOND + time[1];
  return putFixed32(bytes, putFixed32(bytes, at, low), high + Math.floor(low / TWO_TO_32));
}

function toFlags(traceFlags: number, isRemote: boolean | undefined): number {
  return (traceFlags & TRACE_FLAGS) | HAS_IS_REMOTE | (isRemote ? IS_REMOTE : 0);
}
