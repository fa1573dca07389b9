// Called by grpc-post.ts and grpc-transport.ts: what the headers and trailers of a gRPC answer say (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md).
import type { IncomingHttpHeaders } from 'node:http2';
import type { Verdict } from './transport.ts';

/** The whole of an answer. */
export interface GrpcAnswer {
  readonly httpStatus: number;
  /** Undefined where the other side does not speak gRPC, such as a proxy that finds nobody. */
  readonly status: number | undefined;
  readonly message: string;
  /** That, and after how long, the receiver wants the batch again. */
  readonly retryInfo: RetryInfo | undefined;
  readonly body: Uint8Array;
}

export interface RetryInfo {
  readonly delayMillis: number | undefined;
}

/** By code. */
export const STATUS_NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

const OK = 0;
/** Also what a receiver says that does not know the compression of a message (github.com/grpc/grpc, doc/compression.md). */
export const UNIMPLEMENTED = 12;
const RESOURCE_EXHAUSTED = 8;

/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE and DATA_LOSS (opentelemetry.io/docs/specs/otlp, "OTLP/gRPC Response"). */
export const RETRYABLE: ReadonlySet<number> = new Set([1, 4, 10, 11, 14, 15]);

/** Those that gRPC takes for UNAVAILABLE where there is no status of its own (doc/http-grpc-status-mapping.md). */
const UNAVAILABLE_HTTP: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** What the OTLP specification makes of a gRPC answer. */
export function judgeGrpcAnswer({ httpStatus, status, message, retryInfo }: GrpcAnswer): Verdict {
  if (status === OK) return { taken: true };
  const waitMillis = retryInfo?.delayMillis;
  if (status === undefined) {
    const reason = httpStatus === 200 ? 'an answer without a gRPC status' : `HTTP status ${httpStatus}`;
    return { taken: false, reason, retry: UNAVAILABLE_HTTP.has(httpStatus), unread: false, waitMillis };
  }
  const name = STATUS_NAMES[status] ?? 'UNKNOWN';
  return {
    taken: false,
    reason: `gRPC status ${status} ${name}${message === '' ? '' : `: ${message}`}`,
    // A receiver that is exhausted may want it again, or never: only this one says which.
    retry: RETRYABLE.has(status) || (status === RESOURCE_EXHAUSTED && retryInfo !== undefined),
    unread: status === UNIMPLEMENTED,
    waitMillis,
  };
}

/** The status of a header or trailer block; undefined where it has none. */
export function readStatus(headers: IncomingHttpHeaders): Pick<GrpcAnswer, 'status' | 'message' | 'retryInfo'> {
  const status = toText(headers['grpc-status']);
  return {
    status: /^\d{1,9}$/.test(status) ? Number(status) : undefined,
    message: decodeMessage(toText(headers['grpc-message'])),
    retryInfo: readRetryInfo(toText(headers['grpc-status-details-bin'])),
  };
}

const toText = (header: string | string[] | undefined): string => (Array.isArray(header) ? header[0] : header) ?? '';

/** UTF-8 with percent signs; what is no such thing stands as it is, as gRPC asks. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** google.rpc.Status { details = 3 { type_url = 1, value = 2 } } with google.rpc.RetryInfo { retry_delay = 1 { seconds = 1, nanos = 2 } }. */
function readRetryInfo(base64: string): RetryInfo | undefined {
  try {
    for (const { value: detail } of fieldsOf(Buffer.from(base64, 'base64'), 3)) {
      const [type] = fieldsOf(detail, 1);
      if (type?.value.toString() !== 'type.googleapis.com/google.rpc.RetryInfo') continue;
      const [info] = fieldsOf(detail, 2);
      const [delay] = info === undefined ? [] : fieldsOf(info.value, 1);
      if (delay === undefined) return { delayMillis: undefined };
      const [[seconds], [nanos]] = [fieldsOf(delay.value, 1), fieldsOf(delay.value, 2)];
      return { delayMillis: (seconds?.number ?? 0) * 1000 + (nanos?.number ?? 0) / 1e6 };
    }
  } catch {
    // No protobuf: it says nothing.
  }
  return undefined;
}

interface ProtobufField {
  readonly number: number;
  readonly value: Buffer;
}

/** The occurrences of one field in a protobuf message. Throws a RangeError where the message is cut short. */
function fieldsOf(message: Buffer, wanted: number): readonly ProtobufField[] {
  const found: ProtobufField[] = [];
  let at = 0;
  const readVarint = (): number => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = readVarint();
    const wireType = tag % 8;
    const number = wireType === 0 ? readVarint() : 0;
    const length = wireType === 2 ? readVarint() : wireType === 1 ? 8 : wireType === 5 ? 4 : 0;
    if (at + length > message.length) throw new RangeError('a field is longer than its message');
    if (Math.floor(tag / 8) === wanted) found.push({ number, value: message.subarray(at, at + length) });
    at += length;
  }
  return found;
}
