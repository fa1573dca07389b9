// Used by pipeline/logs/ when logs are on: log records, encoded with the official transformer, and the OTLP transport for them.
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { OtlpTarget, ReadRefusal } from './otlp-sender.ts';

/** What OTLP over HTTP needs to know of log records. */
export interface LogsSignal {
  readonly encode: (records: ReadableLogRecord[]) => Uint8Array | undefined;
  readonly readRefusal: ReadRefusal;
}

/** The two for one protocol. */
export function createLogsSignal(protocol: OtlpTarget['protocol']): LogsSignal {
  const serializer = protocol === 'http/json' ? JsonLogsSerializer : ProtobufLogsSerializer;
  return {
    encode: (records) => serializer.serializeRequest(records),
    readRefusal: (answer) => {
      const { rejectedLogRecords, errorMessage } = serializer.deserializeResponse(answer).partialSuccess ?? {};
      return rejectedLogRecords ? { what: `${rejectedLogRecords} log records`, why: errorMessage } : undefined;
    },
  };
}
