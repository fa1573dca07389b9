// Made for each OTLP destination that takes protobuf: ended spans -> the body of an ExportTraceServiceRequest, each encoded when it is added.
import { Buffer } from 'node:buffer';
import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { BatchEncoder } from '../batch-encoder.ts';
import type { EncodedBatch } from '../destination.ts';
import { AttributeWriter } from './attribute-writer.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { MAX_CHARACTER_BYTES, MAX_VARINT_BYTES, putText, putVarint } from './protobuf.ts';
import { SpanWriter } from './span-writer.ts';

// Tags: the field's number and how its value is written, in one byte (trace_service.proto, trace.proto, resource.proto, common.proto).
const RESOURCE_SPANS = 0x0a;
const RESOURCE = 0x0a;
const RESOURCE_ATTRIBUTES = 0x0a;
const RESOURCE_DROPPED_ATTRIBUTES = 0x10;
const SCOPE_SPANS = 0x12;
const SCOPE = 0x0a;
const SCOPE_NAME = 0x0a;
const SCOPE_VERSION = 0x12;
const SCOPE_ATTRIBUTES = 0x1a;
const SCOPE_DROPPED_ATTRIBUTES = 0x20;
const SPANS = 0x12;
/** Of ResourceSpans and of ScopeSpans. */
const SCHEMA_URL = 0x1a;

export interface SpanEncoderOptions {
  /** Of every span, whatever its own says. Read when a batch is sent: some of its attributes are found asynchronously. */
  readonly resource: Pick<Resource, 'attributes' | 'schemaUrl'>;
}

/** The SDK's type leaves out what its tracers may have. */
interface Scope extends InstrumentationScope {
  readonly attributes?: Attributes;
  readonly droppedAttributesCount?: number;
}

/** Makes an encoder that writes what the official transformer writes, byte for byte. */
export function createSpanEncoder({ resource }: SpanEncoderOptions): BatchEncoder<ReadableSpan> {
  const buffer = new GrowingBuffer();
  const attributes = new AttributeWriter(buffer);
  const spans = new SpanWriter(buffer, attributes);
  let items = 0;
  // Spans that follow each other with the same scope are a run; the request holds the runs of a scope together.
  let runScopes: InstrumentationScope[] = [];
  let runEnds: number[] = [];
  /** Where the last span begins; where the buffer ends when there is none to take out. */
  let lastStart = 0;

  /** What `write` writes, taken out of the buffer again. */
  function cut(write: () => void): Uint8Array {
    const start = buffer.length;
    write();
    const bytes = buffer.view(start, buffer.length).slice();
    buffer.length = start;
    return bytes;
  }

  function writeNumber(tag: number, value: number): void {
    const bytes = buffer.reserve(1 + MAX_VARINT_BYTES);
    bytes[buffer.length] = tag;
    buffer.length = putVarint(bytes, buffer.length + 1, value);
  }

  function writeText(tag: number, text: string): void {
    const bytes = buffer.reserve(1 + MAX_VARINT_BYTES + text.length * MAX_CHARACTER_BYTES);
    bytes[buffer.length] = tag;
    buffer.length = putText(bytes, buffer.length + 1, text);
  }

  /** A message of these parts, with its tag and its length. */
  function enclose(tag: number, parts: readonly Uint8Array[]): readonly Uint8Array[] {
    let length = 0;
    for (const part of parts) length += part.length;
    return [cut(() => writeNumber(tag, length)), ...parts];
  }

  function encodeResource(): Uint8Array {
    return cut(() => {
      attributes.write(RESOURCE_ATTRIBUTES, resource.attributes);
      writeNumber(RESOURCE_DROPPED_ATTRIBUTES, 0);
    });
  }

  function encodeScope(scope: Scope): Uint8Array {
    return cut(() => {
      writeText(SCOPE_NAME, scope.name);
      if (scope.version) writeText(SCOPE_VERSION, scope.version);
      if (scope.attributes) attributes.write(SCOPE_ATTRIBUTES, scope.attributes);
      if (scope.droppedAttributesCount) writeNumber(SCOPE_DROPPED_ATTRIBUTES, scope.droppedAttributesCount);
    });
  }

  function encodeSchemaUrl(url: string | undefined): readonly Uint8Array[] {
    return url ? [cut(() => writeText(SCHEMA_URL, url))] : [];
  }

  function toRequest(scopeSpans: Uint8Array): Uint8Array {
    return Buffer.concat(
      enclose(RESOURCE_SPANS, [
        ...enclose(RESOURCE, [encodeResource()]),
        scopeSpans,
        ...encodeSchemaUrl(resource.schemaUrl),
      ]),
    );
  }

  function runsOf(scope: InstrumentationScope): readonly Uint8Array[] {
    const runs: Uint8Array[] = [];
    for (const [index, end] of runEnds.entries()) {
      if (runScopes[index] === scope) runs.push(buffer.view(runEnds[index - 1] ?? 0, end));
    }
    return runs;
  }

  return {
    get items() {
      return items;
    },
    get bytes() {
      return buffer.length;
    },
    add(span) {
      const start = buffer.length;
      const scope = span.instrumentationScope;
      try {
        buffer.reserve(1)[buffer.length++] = SPANS;
        spans.write(span);
      } catch (error) {
        buffer.length = start;
        throw error;
      }
      const last = runScopes.length - 1;
      if (runScopes[last] === scope) runEnds[last] = buffer.length;
      else {
        runScopes.push(scope);
        runEnds.push(buffer.length);
      }
      items += 1;
      lastStart = start;
    },
    removeLast() {
      if (lastStart === buffer.length) return;
      buffer.length = lastStart;
      items -= 1;
      const last = runEnds.length - 1;
      if ((runEnds[last - 1] ?? 0) < lastStart) runEnds[last] = lastStart;
      else {
        runScopes.pop();
        runEnds.pop();
      }
    },
    take() {
      const scopeSpans = [...new Set(runScopes)].flatMap((scope) =>
        enclose(SCOPE_SPANS, [
          ...enclose(SCOPE, [encodeScope(scope)]),
          ...runsOf(scope),
          ...encodeSchemaUrl(scope.schemaUrl),
        ]),
      );
      const batch = new SpanRequest(items, Buffer.concat(scopeSpans), toRequest);
      buffer.clear();
      items = 0;
      lastStart = 0;
      runScopes = [];
      runEnds = [];
      return batch;
    },
  };
}

/** What a resource takes encoded, roughly. */
const RESOURCE_BYTES = 2 * 1024;

class SpanRequest implements EncodedBatch {
  readonly items: number;
  readonly bytes: number;
  readonly #toRequest: (scopeSpans: Uint8Array) => Uint8Array;
  #bytes: Uint8Array;
  #isWhole = false;

  constructor(items: number, scopeSpans: Uint8Array, toRequest: (scopeSpans: Uint8Array) => Uint8Array) {
    this.items = items;
    this.bytes = scopeSpans.length + RESOURCE_BYTES;
    this.#bytes = scopeSpans;
    this.#toRequest = toRequest;
  }

  get body(): Uint8Array {
    if (!this.#isWhole) this.#bytes = this.#toRequest(this.#bytes);
    this.#isWhole = true;
    return this.#bytes;
  }
}
