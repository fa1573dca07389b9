// Called before a trace leaves the viewer, as a file or on a terminal: agents have hidden their secrets already, other senders may not have.
import type { Redactor } from '../../redaction/create-redactor.ts';
import type { OtlpData } from '../otlp/otlp.ts';
import type { LogRecord, SpanRecord } from '../otlp/records.ts';
import { readRecords } from '../otlp/read-records.ts';
import { type Rewrite, writeOtlp } from '../otlp/write-otlp.ts';

export interface TraceRecords {
  readonly spans: readonly SpanRecord[];
  readonly logs: readonly LogRecord[];
}

/** OTLP JSON of a trace, without its secrets. */
export function toRedactedOtlp({ spans, logs }: TraceRecords, redactor: Redactor): OtlpData {
  const rewrite: Rewrite = {
    attribute: (name, value) => redactor.redactAttribute(name, value),
    text: (text) => redactor.redact(text, 'string'),
  };
  return writeOtlp(spans, logs, rewrite);
}

/** The same as records. */
export function redactRecords(records: TraceRecords, redactor: Redactor): TraceRecords {
  return readRecords(toRedactedOtlp(records, redactor));
}
