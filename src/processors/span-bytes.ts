// Used where ended spans wait in memory: what one of them takes there, roughly, and on its way to a receiver.
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** What a span without attributes takes in memory, roughly. */
const SPAN_BYTES = 600;

/** An estimate, not a measure: texts count two bytes a character, everything else a flat price. Encoded it is half as much again at most. */
export function estimateBytes(span: ReadableSpan): number {
  let bytes = SPAN_BYTES + textBytes(span.name) + textBytes(span.status.message) + attributeBytes(span.attributes);
  for (const event of span.events) bytes += 100 + textBytes(event.name) + attributeBytes(event.attributes);
  for (const link of span.links) bytes += 200 + attributeBytes(link.attributes);
  return bytes;
}

function attributeBytes(attributes: Readonly<Record<string, unknown>> | undefined): number {
  let bytes = 0;
  for (const key in attributes) {
    const value = attributes[key];
    bytes += 32 + key.length + valueBytes(value);
  }
  return bytes;
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return textBytes(value);
  return Array.isArray(value) ? 16 * value.length + textBytes(value.join('')) : 8;
}

const textBytes = (text: string | undefined): number => (text === undefined ? 0 : text.length * 2);
