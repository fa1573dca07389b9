// The span encoder writes attributes with this: `KeyValue` and `AnyValue` of OTLP (common.proto).
import type { GrowingBuffer } from './growing-buffer.ts';
import { type KnownKey, KnownKeys } from './known-keys.ts';
import {
  MAX_CHARACTER_BYTES,
  MAX_VARINT_BYTES,
  lengthBytes,
  putCharacters,
  putLength,
  putText,
  putVarint,
} from './protobuf.ts';

// Tags: the field's number and how its value is written, in one byte.
const STRING_VALUE = 0x0a;
const BOOL_VALUE = 0x10;
const INT_VALUE = 0x18;
const DOUBLE_VALUE = 0x21;
const ARRAY_VALUE = 0x2a;
const KVLIST_VALUE = 0x32;
const BYTES_VALUE = 0x3a;
/** Of an ArrayValue and of a KeyValueList. */
const VALUES = 0x0a;

const INT64_END = 2 ** 63;
/** The lengths of a pair, of its value and of its text, and the tag between the last two. */
const MAX_TEXT_LENGTHS_BYTES = 16;
/** A longer one is written as fast as it is copied. */
const LONGEST_KEPT_TEXT = 256;

// In a loop over keys V8 leaves this call out, but not one of `Object.hasOwn`.
const { hasOwnProperty } = Object.prototype;

/** A guess for what is mostly shorter than 128 bytes. */
const SHORT = 0;

/** Writes attributes; keys, and values that repeat, from bytes that it keeps. */
export class AttributeWriter {
  readonly #buffer: GrowingBuffer;
  readonly #keys = new KnownKeys();

  constructor(buffer: GrowingBuffer) {
    this.#buffer = buffer;
  }

  /** Writes each attribute as a field with this tag. */
  write(tag: number, attributes: Readonly<Record<string, unknown>>): void {
    let known = this.#keys.start;
    for (const key in attributes) {
      if (!hasOwnProperty.call(attributes, key)) continue;
      known = this.#keys.find(known, key);
      const value = attributes[key];
      if (known.value !== value) {
        known.value = isKept(value) ? value : undefined;
        known.pair = undefined;
        this.#writePair(tag, known, value);
      } else if (known.pair !== undefined) this.#writeBytes(tag, known.pair);
      else {
        const start = this.#buffer.length;
        this.#writePair(tag, known, value);
        if (isKept(value)) known.pair = this.#buffer.view(start + 1, this.#buffer.length).slice();
      }
    }
  }

  #writeBytes(tag: number, pair: Uint8Array): void {
    const buffer = this.#buffer;
    const bytes = buffer.reserve(1 + pair.length);
    bytes[buffer.length] = tag;
    bytes.set(pair, buffer.length + 1);
    buffer.length += 1 + pair.length;
  }

  #writePair(tag: number, { head }: KnownKey, value: unknown): void {
    const buffer = this.#buffer;
    buffer.reserve(1)[buffer.length++] = tag;
    if (typeof value === 'string') {
      this.#writeTextPair(head, value);
      return;
    }
    const start = buffer.begin(head.length);
    buffer.reserve(head.length).set(head, buffer.length);
    buffer.length += head.length;
    this.#writeValue(value);
    buffer.end(start, head.length);
  }

  /** Most texts are ASCII, so that all lengths are known before; where one is not, it is written once more with those it turned out to have. */
  #writeTextPair(head: Uint8Array, text: string, byteLength = text.length): void {
    const buffer = this.#buffer;
    const bytes = buffer.reserve(head.length + MAX_TEXT_LENGTHS_BYTES + text.length * MAX_CHARACTER_BYTES);
    const valueLength = 1 + lengthBytes(byteLength) + byteLength;
    let at = putLength(bytes, buffer.length, head.length + lengthBytes(valueLength) + valueLength);
    bytes.set(head, at);
    at = putLength(bytes, at + head.length, valueLength);
    bytes[at++] = STRING_VALUE;
    at = putLength(bytes, at, byteLength);
    const end = putCharacters(bytes, at, text);
    if (end - at === byteLength) buffer.length = end;
    else this.#writeTextPair(head, text, end - at);
  }

  /** An AnyValue with its length in front. What OTLP has no value for is an AnyValue without one. */
  #writeValue(value: unknown): void {
    const buffer = this.#buffer;
    const guess = typeof value === 'string' ? value.length : SHORT;
    const start = buffer.begin(guess);
    if (typeof value === 'string') {
      const bytes = buffer.reserve(1 + MAX_VARINT_BYTES + value.length * MAX_CHARACTER_BYTES);
      bytes[buffer.length] = STRING_VALUE;
      buffer.length = putText(bytes, buffer.length + 1, value);
    } else if (typeof value === 'number') this.#writeNumber(value);
    else if (typeof value === 'boolean') {
      const bytes = buffer.reserve(2);
      bytes[buffer.length++] = BOOL_VALUE;
      bytes[buffer.length++] = value ? 1 : 0;
    } else if (typeof value === 'object' && value !== null) this.#writeObject(value);
    buffer.end(start, guess);
  }

  #writeNumber(value: number): void {
    const buffer = this.#buffer;
    const bytes = buffer.reserve(1 + MAX_VARINT_BYTES);
    const at = buffer.length;
    if (Number.isInteger(value) && value >= -INT64_END && value < INT64_END) {
      bytes[at] = INT_VALUE;
      buffer.length = putVarint(bytes, at + 1, value);
    } else {
      bytes[at] = DOUBLE_VALUE;
      buffer.length = bytes.writeDoubleLE(value, at + 1);
    }
  }

  #writeObject(value: object): void {
    const buffer = this.#buffer;
    if (value instanceof Uint8Array) {
      const bytes = buffer.reserve(1 + MAX_VARINT_BYTES + value.length);
      bytes[buffer.length] = BYTES_VALUE;
      const at = putLength(bytes, buffer.length + 1, value.length);
      bytes.set(value, at);
      buffer.length = at + value.length;
      return;
    }
    buffer.reserve(1)[buffer.length++] = Array.isArray(value) ? ARRAY_VALUE : KVLIST_VALUE;
    const start = buffer.begin(SHORT);
    if (Array.isArray(value)) {
      for (const item of value) {
        buffer.reserve(1)[buffer.length++] = VALUES;
        this.#writeValue(item);
      }
    } else this.write(VALUES, value as Readonly<Record<string, unknown>>);
    buffer.end(start, SHORT);
  }
}

const isKept = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.length <= LONGEST_KEPT_TEXT
    : typeof value === 'number' || typeof value === 'boolean';
