// Tests let the agent export to this: a real OTLP/HTTP receiver on the loopback, in the test's own process, that can also misbehave.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { decodeJson, decodeProtobuf, type ReceivedSpan } from './otlp-decode.ts';
import { decodeLogsJson, decodeLogsProtobuf, type ReceivedLog } from './otlp-decode-logs.ts';
import { decodeMetricsJson, decodeMetricsProtobuf, type ReceivedPoint } from './otlp-decode-metrics.ts';
import { drawTrees } from './trace-tree.ts';

/** How the sink answers one request. Only `accept`, `garbage` and the rest of `partialSuccess` put their spans into `sink.spans`. */
export type Answer =
  /** As a healthy collector, after `delayMillis` if given. */
  | { accept: true; delayMillis?: number }
  /** An HTTP status and no more; with `retryAfter` as the Retry-After header (seconds or a date). */
  | { status: number; retryAfter?: string | number }
  /** Reads everything and never answers. */
  | { hang: true }
  /** Status 200 with a body that is neither protobuf nor JSON. */
  | { garbage: true }
  /** Cuts the connection with a TCP reset: while the request's body arrives, or in the middle of the answer's. */
  | { reset: 'request' | 'response' }
  /** As a receiver that knows no gzip: this status for a body that is compressed, and the others are accepted. */
  | { noGzip: number }
  /** Status 200, but the first `rejectedSpans` of the batch are refused. */
  | { partialSuccess: { rejectedSpans: number; errorMessage: string } };

export interface SinkOptions {
  /** 0, the default, lets the system choose; a number lets a sink come back where another one was. */
  port?: number;
  /** Answers of the first requests, one each, in order: `times(3, { status: 503 })` is "three failures, then fine". */
  first?: readonly Answer[];
  /** The answer of every later request; `{ accept: true }` if not given. */
  answer?: Answer;
}

export interface SinkRequest {
  method: string;
  /** The request target as sent, such as `/v1/traces`. */
  path: string;
  headers: IncomingHttpHeaders;
  /** Decompressed. */
  body: Buffer;
  /** Bytes as they came, compressed or not. */
  wireBytes: number;
  /** What the body holds; empty for other signals and for bodies that do not decode (see `sink.errors`). */
  spans: ReceivedSpan[];
  /** The same of a body with metrics. */
  points: ReceivedPoint[];
  /** The same of a body with log records. */
  logs: ReceivedLog[];
  receivedMillis: number;
}

export interface Sink extends AsyncDisposable {
  port: number;
  /** For OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:<port>`. */
  url: string;
  /** Spans of the accepted batches, in the order they came. */
  spans: ReceivedSpan[];
  /** Data points of the accepted metrics, in the order they came. */
  points: ReceivedPoint[];
  /** Records of the accepted logs, in the order they came. */
  logs: ReceivedLog[];
  /** Every request, accepted or not. */
  requests: SinkRequest[];
  /** Why a body could not be decoded; such a request is answered with 400. */
  errors: Error[];
  /** Everything received by any signal, decompressed, as text: search it for secrets. */
  rawText(): string;
  /** Changes the answer of all requests from now on. */
  answerWith(answer: Answer): void;
  /** Resolves with all spans once there are `count`; rejects with the tree of what came when `timeoutMillis` (60 000) pass. */
  waitForSpans(count: number, timeoutMillis?: number): Promise<ReceivedSpan[]>;
  /** Resolves with the points that are true for `isWanted` once there are `count`; rejects with those that came instead. */
  waitForPoints(
    isWanted: (point: ReceivedPoint) => boolean,
    count?: number,
    timeoutMillis?: number,
  ): Promise<ReceivedPoint[]>;
  /** Resolves with all log records once there are `count`. */
  waitForLogs(count: number, timeoutMillis?: number): Promise<ReceivedLog[]>;
  /** Resolves once `count` requests came, accepted or not. */
  waitForRequests(count: number, timeoutMillis?: number): Promise<SinkRequest[]>;
  /** Closes the port and every connection. */
  stop(): Promise<void>;
}

/** Only what never comes takes this long, however busy the machine is. */
const DEFAULT_TIMEOUT_MILLIS = 60_000;

/** Starts a receiver. `const sink = await closeAfter(t, startSink())` stops it at the end of the test. */
export async function startSink(options: SinkOptions = {}): Promise<Sink> {
  const queue = [...(options.first ?? [])];
  let usualAnswer: Answer = options.answer ?? { accept: true };
  const waiting = new Set<() => void>();
  const spans: ReceivedSpan[] = [];
  const points: ReceivedPoint[] = [];
  const logs: ReceivedLog[] = [];
  const requests: SinkRequest[] = [];
  const errors: Error[] = [];

  const server = createServer((request, response) => {
    const given = queue.shift() ?? usualAnswer;
    const isGzip = request.headers['content-encoding'] === 'gzip';
    const answer = 'noGzip' in given ? (isGzip ? { status: given.noGzip } : ({ accept: true } as const)) : given;
    if ('reset' in answer && answer.reset === 'request') {
      request.once('data', () => request.socket.resetAndDestroy());
      return;
    }
    receive(request)
      .then(
        (received) => {
          requests.push(received);
          try {
            decode(received);
          } catch (error) {
            errors.push(error as Error);
            return response.writeHead(400).end();
          }
          // Before the answer, so that whoever sees the exporter succeed also sees the spans.
          spans.push(...accepted(received.spans, answer));
          points.push(...accepted(received.points, answer));
          logs.push(...accepted(received.logs, answer));
          return respond(response, received, answer);
        },
        (error: unknown) => {
          errors.push(error as Error);
          response.writeHead(400).end();
        },
      )
      .finally(() => {
        for (const check of waiting) check();
      });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const waitFor = <T>(read: () => T[], count: number, timeoutMillis: number, describe: () => string): Promise<T[]> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const list = read();
        if (list.length < count) return;
        finish();
        resolve(list);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`${read().length} of ${count} came to the sink in ${timeoutMillis} ms\n${describe()}`));
      }, timeoutMillis);
      const finish = (): void => {
        clearTimeout(timer);
        waiting.delete(check);
      };
      waiting.add(check);
      check();
    });
  const describeRequests = (): string =>
    [
      ...requests.map(({ method, path, wireBytes }) => `${method} ${path} ${wireBytes} bytes`),
      ...errors.map(String),
    ].join('\n');
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    spans,
    points,
    logs,
    requests,
    errors,
    rawText: () => requests.map(({ body }) => body.toString('utf8')).join('\n'),
    answerWith(answer) {
      queue.length = 0;
      usualAnswer = answer;
    },
    waitForSpans: (count, timeoutMillis = DEFAULT_TIMEOUT_MILLIS) =>
      waitFor(
        () => spans,
        count,
        timeoutMillis,
        () => `${drawTrees(spans)}\n${describeRequests()}`,
      ),
    waitForPoints: (isWanted, count = 1, timeoutMillis = DEFAULT_TIMEOUT_MILLIS) =>
      waitFor(
        () => points.filter(isWanted),
        count,
        timeoutMillis,
        () => `${points.map(describePoint).join('\n')}\n${describeRequests()}`,
      ),
    waitForLogs: (count, timeoutMillis = DEFAULT_TIMEOUT_MILLIS) =>
      waitFor(
        () => logs,
        count,
        timeoutMillis,
        () => `${logs.map(({ body }) => JSON.stringify(body)).join('\n')}\n${describeRequests()}`,
      ),
    waitForRequests: (count, timeoutMillis = DEFAULT_TIMEOUT_MILLIS) =>
      waitFor(() => requests, count, timeoutMillis, describeRequests),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The same answer several times, for `first`. */
export const times = (count: number, answer: Answer): Answer[] => Array.from({ length: count }, () => answer);

/**
 * A port of the loopback where nobody listens: what connects there is refused. It is none of those that the system gives to who asks for any,
 * which another test may be given in the next moment.
 */
export async function closedPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

const isJson = (headers: IncomingHttpHeaders): boolean => /json/.test(headers['content-type'] ?? '');

async function receive(request: IncomingMessage): Promise<SinkRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const wire = Buffer.concat(chunks);
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body: request.headers['content-encoding'] === 'gzip' ? gunzipSync(wire) : wire,
    wireBytes: wire.length,
    spans: [],
    points: [],
    logs: [],
    receivedMillis: Date.now(),
  };
}

function decode(received: SinkRequest): void {
  const { path, body, headers } = received;
  if (path.endsWith('/v1/traces')) received.spans = isJson(headers) ? decodeJson(body) : decodeProtobuf(body);
  if (path.endsWith('/v1/metrics'))
    received.points = isJson(headers) ? decodeMetricsJson(body) : decodeMetricsProtobuf(body);
  if (path.endsWith('/v1/logs')) received.logs = isJson(headers) ? decodeLogsJson(body) : decodeLogsProtobuf(body);
}

const describePoint = ({ name, attributes, value, count, temporality }: ReceivedPoint): string =>
  `${name} ${JSON.stringify(attributes)} ${value} (${count}) ${temporality}`;

function accepted<T>(items: T[], answer: Answer): T[] {
  if ('accept' in answer || 'garbage' in answer) return items;
  return 'partialSuccess' in answer ? items.slice(answer.partialSuccess.rejectedSpans) : [];
}

function respond(
  response: ServerResponse,
  { headers, wireBytes }: SinkRequest,
  answer: Exclude<Answer, { noGzip: number }>,
): void {
  const contentType = isJson(headers) ? 'application/json' : 'application/x-protobuf';
  if ('hang' in answer) return;
  if ('status' in answer) {
    if (answer.retryAfter !== undefined) response.setHeader('retry-after', answer.retryAfter);
    response.writeHead(answer.status).end();
    return;
  }
  response.setHeader('content-type', contentType);
  if ('garbage' in answer) {
    response.end(`<html>\xff\xfe not what you asked for, ${wireBytes} bytes of it`);
  } else if ('reset' in answer) {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('half an ans');
    setTimeout(() => response.socket?.resetAndDestroy(), 10);
  } else if ('partialSuccess' in answer) {
    response.end(isJson(headers) ? JSON.stringify(answer) : encodePartialSuccess(answer.partialSuccess));
  } else {
    // The test may be over long before.
    setTimeout(() => response.end(isJson(headers) ? '{}' : ''), answer.delayMillis ?? 0).unref();
  }
}

/** ExportTraceServiceResponse { partial_success = 1 { rejected_spans = 1: int64, error_message = 2: string } }. */
function encodePartialSuccess({
  rejectedSpans,
  errorMessage,
}: {
  rejectedSpans: number;
  errorMessage: string;
}): Buffer {
  const text = Buffer.from(errorMessage);
  if (rejectedSpans > 127 || text.length > 100)
    throw new RangeError('a partial success of the sink fits one-byte lengths');
  const inner = Buffer.concat([Buffer.from([0x08, rejectedSpans, 0x12, text.length]), text]);
  return Buffer.concat([Buffer.from([0x0a, inner.length]), inner]);
}
