// Used where log records wait in memory: what one of them takes there, roughly, and on its way to a receiver. Twin of span-bytes.ts.
import type { AnyValue } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';

/** What a record without body and attributes takes in memory, roughly. */
const RECORD_BYTES = 400;

/** An estimate, not a measure: texts count two bytes a character, everything else a flat price. Encoded it is half as much again at most. */
export function estimateLogBytes({ body, attributes, eventName, severityText }: ReadableLogRecord): number {
  return RECORD_BYTES + valueBytes(body) + valueBytes(attributes) + valueBytes(eventName) + valueBytes(severityText);
}

/** Redaction has bounded the depth of every value (log-redaction.ts). */
function valueBytes(value: AnyValue): number {
  if (typeof value === 'string') return value.length * 2;
  if (typeof value !== 'object' || value === null) return 8;
  if (Array.isArray(value)) return value.reduce((sum: number, item: AnyValue) => sum + 24 + valueBytes(item), 32);
  return Object.entries(value).reduce(
    (sum: number, [key, item]: [string, AnyValue]) => sum + 32 + key.length * 2 + valueBytes(item),
    32,
  );
}
