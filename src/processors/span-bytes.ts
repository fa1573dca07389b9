// Used where ended spans wait in memory: what one of them takes there, roughly.
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** What a span without attributes takes in memory, roughly. */
const SPAN_BYTES = 600;

/** An estimate, not a measure: texts count two bytes a character, everything else a flat price. */
export function estimateBytes(span: ReadableSpan): number {
  let bytes = SPAN_BYTES + attributeBytes(span.attributes);
  for (const event of span.events) bytes += 100 + attributeBytes(event.attributes);
  for (const link of span.links) bytes += 200 + attributeBytes(link.attributes);
  return bytes;
}

function attributeBytes(attributes: Readonly<Record<string, unknown>> | undefined): number {
  let bytes = 0;
  for (const key in attributes) {
    const value = attributes[key];
    bytes += 32 + (typeof value === 'string' ? value.length * 2 : Array.isArray(value) ? value.join('').length * 2 : 8);
  }
  return bytes;
}
