// Tests let the agent export to this: an OTLP/gRPC receiver on the loopback, on plain node:http2, that can also misbehave. Twin of otlp-sink.ts.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  constants,
  createSecureServer,
  createServer,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { certificateFile } from './backend.ts';
import { type ReceivedSpan, decodeProtobuf } from './otlp-decode.ts';
import { type ReceivedLog, decodeLogsProtobuf } from './otlp-decode-logs.ts';
import { type ReceivedPoint, decodeMetricsProtobuf } from './otlp-decode-metrics.ts';

/** How the sink answers one call. Only `accept`, `garbage`, `partialSuccess` and `goaway: 'after'` keep what came. */
export type GrpcAnswer =
  | { accept: true }
  /** A gRPC status; with `retryDelayMillis` as google.rpc.RetryInfo. In the headers (`trailersOnly`) or in trailers. */
  | { code: number; message?: string; retryDelayMillis?: number; trailersOnly?: boolean }
  /** An answer of something that speaks HTTP/2 and no gRPC. */
  | { httpStatus: number }
  /** Reads everything and never answers. */
  | { hang: true }
  /** Status 0 with a message that is no protobuf. */
  | { garbage: true }
  /** More than anybody reads, status 0. */
  | { flood: true }
  /** RST_STREAM with this code, or the connection is cut with a TCP reset. */
  | { reset: number | 'connection' }
  /** GOAWAY that refuses this call, or that comes after its answer. */
  | { goaway: 'before' | 'after' }
  | { partialSuccess: { rejectedSpans: number; errorMessage: string } }
  /** As a receiver that knows no gzip: UNIMPLEMENTED for a message that is compressed, and the others are accepted. */
  | { noGzip: true };

export interface GrpcSinkOptions {
  port?: number;
  first?: readonly GrpcAnswer[];
  answer?: GrpcAnswer;
  /** The fixture's certificate; `client` also asks for one. */
  tls?: 'server' | 'client';
}

export interface GrpcRequest {
  path: string;
  headers: IncomingHttpHeaders;
  /** Decompressed. */
  body: Buffer;
  /** Whether its prefix says that the message is compressed. */
  isCompressed: boolean;
  wireBytes: number;
  receivedMillis: number;
}

export interface GrpcSink extends AsyncDisposable {
  port: number;
  url: string;
  spans: ReceivedSpan[];
  points: ReceivedPoint[];
  logs: ReceivedLog[];
  requests: GrpcRequest[];
  /** How many connections came. */
  sessions(): number;
  rawText(): string;
  answerWith(answer: GrpcAnswer): void;
  waitForSpans(count: number): Promise<ReceivedSpan[]>;
  waitForRequests(count: number): Promise<GrpcRequest[]>;
  /** Cuts every connection, and listens on. */
  cutConnections(): void;
  stop(): Promise<void>;
}

const GRPC_HEADERS = { ':status': 200, 'content-type': 'application/grpc' };
const PREFIX_BYTES = 5;
/** Only what never comes takes this long, however busy the machine is. */
const TIMEOUT_MILLIS = 60_000;

/** Starts a receiver. */
export async function startGrpcSink(options: GrpcSinkOptions = {}): Promise<GrpcSink> {
  const queue = [...(options.first ?? [])];
  let usualAnswer: GrpcAnswer = options.answer ?? { accept: true };
  const spans: ReceivedSpan[] = [];
  const points: ReceivedPoint[] = [];
  const logs: ReceivedLog[] = [];
  const requests: GrpcRequest[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const waiting = new Set<() => void>();
  let sessionCount = 0;

  const server = options.tls === undefined ? createServer() : createSecureServer(toTlsOptions(options.tls));
  server.on('session', (session: ServerHttp2Session) => {
    sessionCount++;
    sessions.add(session);
    session.on('close', () => sessions.delete(session)).on('error', () => {});
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const request = toRequest(Buffer.concat(chunks), headers);
      requests.push(request);
      const given = queue.shift() ?? usualAnswer;
      const unread = { code: 12, message: 'no such compression', trailersOnly: true } as const;
      const answer = 'noGzip' in given ? (request.isCompressed ? unread : ({ accept: true } as const)) : given;
      if ('accept' in answer || 'garbage' in answer || 'flood' in answer || 'goaway' in answer) keep(request, answer);
      if ('partialSuccess' in answer)
        spans.push(...decodeProtobuf(request.body).slice(answer.partialSuccess.rejectedSpans));
      respond(stream, answer);
      for (const check of waiting) check();
    });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  function keep({ path, body }: GrpcRequest, answer: GrpcAnswer): void {
    if ('goaway' in answer && answer.goaway === 'before') return;
    if (path === '/opentelemetry.proto.collector.trace.v1.TraceService/Export') spans.push(...decodeProtobuf(body));
    if (path === '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export')
      points.push(...decodeMetricsProtobuf(body));
    if (path === '/opentelemetry.proto.collector.logs.v1.LogsService/Export') logs.push(...decodeLogsProtobuf(body));
  }

  const waitFor = <T>(list: T[], count: number): Promise<T[]> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(check);
        reject(new Error(`${list.length} of ${count} came to the gRPC sink in ${TIMEOUT_MILLIS} ms`));
      }, TIMEOUT_MILLIS);
      function check(): void {
        if (list.length < count) return;
        clearTimeout(timer);
        waiting.delete(check);
        resolve(list);
      }
      waiting.add(check);
      check();
    });
  const cutConnections = (): void => {
    for (const session of sessions) session.destroy();
  };
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cutConnections();
    await closed;
  };
  const [scheme, host] = options.tls === undefined ? ['http', '127.0.0.1'] : ['https', 'localhost'];
  return {
    port,
    url: `${scheme}://${host}:${port}`,
    spans,
    points,
    logs,
    requests,
    sessions: () => sessionCount,
    rawText: () => requests.map(({ body }) => body.toString('utf8')).join('\n'),
    answerWith(answer) {
      queue.length = 0;
      usualAnswer = answer;
    },
    waitForSpans: (count) => waitFor(spans, count),
    waitForRequests: (count) => waitFor(requests, count),
    cutConnections,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function toTlsOptions(tls: 'server' | 'client'): object {
  const [key, cert] = [readFileSync(join(dirname(certificateFile), 'key.pem')), readFileSync(certificateFile)];
  return { key, cert, ...(tls === 'client' && { ca: cert, requestCert: true, rejectUnauthorized: true }) };
}

function toRequest(wire: Buffer, headers: IncomingHttpHeaders): GrpcRequest {
  const isCompressed = wire[0] === 1;
  // What is no call has none.
  const length = wire.length < PREFIX_BYTES ? 0 : wire.readUInt32BE(1);
  const message = wire.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  return {
    path: headers[':path'] ?? '',
    headers,
    body: isCompressed ? gunzipSync(message) : message,
    isCompressed,
    wireBytes: message.length,
    receivedMillis: Date.now(),
  };
}

function respond(stream: ServerHttp2Stream, answer: GrpcAnswer): void {
  if ('hang' in answer) return;
  if ('reset' in answer) {
    if (answer.reset === 'connection') stream.session?.destroy();
    else stream.close(answer.reset);
  } else if ('httpStatus' in answer) {
    stream.respond({ ':status': answer.httpStatus }, { endStream: true });
  } else if ('code' in answer) {
    refuse(stream, answer);
  } else if ('goaway' in answer && answer.goaway === 'before') {
    stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 0);
    stream.close(constants.NGHTTP2_REFUSED_STREAM);
  } else {
    stream.respond(GRPC_HEADERS, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(toMessage(answer));
    if ('goaway' in answer) stream.on('close', () => stream.session?.close());
  }
}

function refuse(
  stream: ServerHttp2Stream,
  { code, message, retryDelayMillis, trailersOnly = false }: Extract<GrpcAnswer, { code: number }>,
): void {
  const status: OutgoingHttpHeaders = {
    'grpc-status': String(code),
    ...(message !== undefined && { 'grpc-message': encodeURIComponent(message) }),
    ...(retryDelayMillis !== undefined && { 'grpc-status-details-bin': encodeRetryInfo(code, retryDelayMillis) }),
  };
  if (trailersOnly) return stream.respond({ ...GRPC_HEADERS, ...status }, { endStream: true });
  stream.respond(GRPC_HEADERS, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(status));
  stream.end();
}

function toMessage(answer: GrpcAnswer): Buffer {
  const message =
    'garbage' in answer
      ? Buffer.from('\xff\xfe no protobuf')
      : 'flood' in answer
        ? Buffer.alloc(1024 * 1024)
        : 'partialSuccess' in answer
          ? field(1, [
              ...varint(1 << 3),
              ...varint(answer.partialSuccess.rejectedSpans),
              ...field(2, Buffer.from(answer.partialSuccess.errorMessage)),
            ])
          : Buffer.alloc(0);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** google.rpc.Status with one google.rpc.RetryInfo, as the header has it: base64 without padding. */
export function encodeRetryInfo(code: number, millis: number): string {
  const duration = [
    ...varint(1 << 3),
    ...varint(Math.floor(millis / 1000)),
    ...varint(2 << 3),
    ...varint((millis % 1000) * 1e6),
  ];
  const any = [...field(1, Buffer.from('type.googleapis.com/google.rpc.RetryInfo')), ...field(2, field(1, duration))];
  const status = Buffer.from([...varint(1 << 3), ...varint(code), ...field(3, any)]);
  return status.toString('base64').replace(/=+$/, '');
}

const field = (number: number, bytes: Iterable<number>): Buffer => {
  const content = Buffer.from([...bytes]);
  return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(content.length)]), content]);
};

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}
