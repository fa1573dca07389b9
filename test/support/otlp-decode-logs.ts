// The OTLP sink turns every body that comes to /v1/logs into plain records with this, whatever its encoding was.
import {
  ANY_VALUE,
  type AnyValue,
  type Attributes,
  type Bytes,
  KEY_VALUE,
  type KeyValue,
  type Long,
  RESOURCE,
  SCOPE,
  toAttributes,
  toId,
  toValue,
} from './otlp-decode.ts';
import { readMessage, type MessageType } from './protobuf-reader.ts';

/** A log record as a backend received it. */
export interface ReceivedLog {
  timeUnixNano: bigint;
  severityNumber: number;
  severityText: string;
  body: unknown;
  eventName: string;
  attributes: Attributes;
  /** Lower-case hex; empty outside a trace. */
  traceId: string;
  spanId: string;
  flags: number;
  scope: { name: string; version: string };
  resource: Attributes;
}

/** Decodes an ExportLogsServiceRequest in its JSON encoding; throws on anything that is not one. */
export function decodeLogsJson(body: Uint8Array): ReceivedLog[] {
  return toLogs(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as ExportRequest);
}

/** Decodes an ExportLogsServiceRequest in its protobuf encoding; throws on anything that is not one. */
export function decodeLogsProtobuf(body: Uint8Array): ReceivedLog[] {
  return toLogs(readMessage(body, EXPORT_REQUEST));
}

interface OtlpLog {
  timeUnixNano?: Long;
  severityNumber?: number;
  severityText?: string;
  body?: AnyValue;
  eventName?: string;
  attributes?: KeyValue[];
  traceId?: Bytes;
  spanId?: Bytes;
  flags?: number;
}
interface ExportRequest {
  resourceLogs?: {
    resource?: { attributes?: KeyValue[] };
    scopeLogs?: { scope?: { name?: string; version?: string }; logRecords?: OtlpLog[] }[];
  }[];
}

function toLogs(request: ExportRequest): ReceivedLog[] {
  const logs: ReceivedLog[] = [];
  for (const { resource, scopeLogs = [] } of request.resourceLogs ?? []) {
    const resourceAttributes = toAttributes(resource?.attributes);
    for (const { scope, logRecords = [] } of scopeLogs) {
      const plainScope = { name: scope?.name ?? '', version: scope?.version ?? '' };
      for (const log of logRecords) logs.push({ ...toLog(log), scope: plainScope, resource: resourceAttributes });
    }
  }
  return logs;
}

function toLog(log: OtlpLog): Omit<ReceivedLog, 'scope' | 'resource'> {
  return {
    timeUnixNano: BigInt(log.timeUnixNano ?? 0),
    severityNumber: log.severityNumber ?? 0,
    severityText: log.severityText ?? '',
    body: toValue(log.body),
    eventName: log.eventName ?? '',
    attributes: toAttributes(log.attributes),
    traceId: log.traceId?.length ? toId(log.traceId, 16) : '',
    spanId: log.spanId?.length ? toId(log.spanId, 8) : '',
    flags: log.flags ?? 0,
  };
}

// opentelemetry-proto v1: logs.proto, logs_service.proto.
const LOG_RECORD: MessageType = {
  1: { name: 'timeUnixNano', type: 'fixed64' },
  2: { name: 'severityNumber', type: 'enum' },
  3: { name: 'severityText', type: 'string' },
  5: { name: 'body', type: () => ANY_VALUE },
  6: { name: 'attributes', type: () => KEY_VALUE, repeated: true },
  8: { name: 'flags', type: 'fixed32' },
  9: { name: 'traceId', type: 'bytes' },
  10: { name: 'spanId', type: 'bytes' },
  12: { name: 'eventName', type: 'string' },
};
const SCOPE_LOGS: MessageType = {
  1: { name: 'scope', type: () => SCOPE },
  2: { name: 'logRecords', type: () => LOG_RECORD, repeated: true },
};
const RESOURCE_LOGS: MessageType = {
  1: { name: 'resource', type: () => RESOURCE },
  2: { name: 'scopeLogs', type: () => SCOPE_LOGS, repeated: true },
};
const EXPORT_REQUEST: MessageType = { 1: { name: 'resourceLogs', type: () => RESOURCE_LOGS, repeated: true } };
