// Called by the server for every HTTP/2 stream: OTLP over gRPC. One unary call is one message with five bytes before it, so Node's own http2 will do.
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { MAX_BODY_BYTES, Refusal, readBody, unpack } from './read-body.ts';
import { type Signal, type Sink, take, writeAnswer } from './take.ts';

const SERVICES: Readonly<Record<string, Signal>> = {
  '/opentelemetry.proto.collector.trace.v1.TraceService/Export': 'traces',
  '/opentelemetry.proto.collector.logs.v1.LogsService/Export': 'logs',
  '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export': 'metrics',
};
const PREFIX_BYTES = 5;
/** gRPC's codes: https://grpc.io/docs/guides/status-codes/. */
const CODE = {
  ok: 0,
  invalidArgument: 3,
  permissionDenied: 7,
  exhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
};
const CODE_OF: Readonly<Record<Refusal['status'], number>> = {
  400: CODE.invalidArgument,
  413: CODE.exhausted,
  415: CODE.unimplemented,
  503: CODE.unavailable,
};

/** Takes one call and answers it; never rejects. */
export async function receiveGrpc(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  sink: Sink,
  isAllowedHost: (authority: string | undefined) => boolean,
): Promise<void> {
  // A sender that goes away in the middle is its own affair.
  stream.on('error', () => {});
  const path = headers[':path'] ?? '';
  if (headers['content-type']?.startsWith('application/grpc') !== true) {
    stream.respond({ ':status': 415 }, { endStream: true });
    return;
  }
  const signal = Object.hasOwn(SERVICES, path) ? SERVICES[path] : undefined;
  if (!isAllowedHost(headers[':authority'])) return answer(stream, CODE.permissionDenied, 'not for this host');
  if (signal === undefined) return answer(stream, CODE.unimplemented, 'no such service');
  try {
    const encoding = headers['grpc-encoding'];
    const message = await readMessage(await readBody(stream), Array.isArray(encoding) ? encoding[0] : encoding);
    const taken = take(message, signal, 'protobuf', sink);
    answer(stream, CODE.ok, '', toFrame(writeAnswer(taken, signal, 'protobuf')));
  } catch (error) {
    const code = error instanceof Refusal ? CODE_OF[error.status] : CODE.internal;
    answer(stream, code, error instanceof Error ? error.message : String(error));
  }
}

async function readMessage(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (body.length < PREFIX_BYTES) throw new Refusal(400, 'a message without its length');
  const length = body.readUInt32BE(1);
  if (length > MAX_BODY_BYTES) throw new Refusal(413, `more than ${MAX_BODY_BYTES} bytes`);
  if (length !== body.length - PREFIX_BYTES) throw new Refusal(400, 'one message is expected');
  const message = body.subarray(PREFIX_BYTES);
  return body[0] === 0 ? message : unpack(message, encoding);
}

function toFrame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function answer(stream: ServerHttp2Stream, code: number, message: string, body?: Buffer): void {
  if (stream.destroyed || stream.closed) return;
  const trailers = {
    'grpc-status': String(code),
    ...(message !== '' && { 'grpc-message': encodeURIComponent(message) }),
  };
  if (body === undefined) {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true });
    return;
  }
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.end(body);
}
