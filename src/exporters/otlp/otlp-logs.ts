// Used by pipeline/logs/ when logs are on: log records, encoded with the official transformer, for the OTLP transport.
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { OtlpSignal, OtlpTarget } from './otlp-sender.ts';

/** What OTLP needs to know of log records. */
export interface LogsSignal extends OtlpSignal {
  readonly encode: (records: ReadableLogRecord[]) => Uint8Array | undefined;
}

/** The same for one protocol. */
export function createLogsSignal(protocol: OtlpTarget['protocol']): LogsSignal {
  const serializer = protocol === 'http/json' ? JsonLogsSerializer : ProtobufLogsSerializer;
  return {
    grpcService: 'opentelemetry.proto.collector.logs.v1.LogsService',
    encode: (records) => serializer.serializeRequest(records),
    readRefusal: (answer) => {
      const { rejectedLogRecords, errorMessage } = serializer.deserializeResponse(answer).partialSuccess ?? {};
      return rejectedLogRecords ? { what: `${rejectedLogRecords} log records`, why: errorMessage } : undefined;
    },
  };
}
