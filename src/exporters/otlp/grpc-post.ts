// Called by grpc-transport.ts: one unary call, with Node's own HTTP/2 and nothing that the application may have replaced since. Twin of http-post.ts.
import type { ClientHttp2Session, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import { type Socket, isIP } from 'node:net';
import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { MAX_ANSWER_BYTES, TimeoutError, type TlsOptions, release, toHost } from './connection.ts';
import { type GrpcAnswer, readStatus } from './grpc-status.ts';
import type { Post } from './transport.ts';

export interface CallTarget {
  readonly url: string;
  /** Pseudo-headers, such as the path of the method, and metadata. */
  readonly headers: Readonly<Record<string, string>>;
  /** For one attempt, from connecting to the end of the answer. */
  readonly timeoutMillis: number;
  /** Only for an https address. */
  readonly tls: TlsOptions;
  /** What comes before a message of so many bytes. */
  readonly toPrefix: (length: number) => Uint8Array;
}

// Taken at load: an application under test that fakes its timers must not stop ours.
const { setTimeout, clearTimeout } = globalThis;

/** The flag and the length before a message. */
const PREFIX_BYTES = 5;

const ABANDONED = 'not answered before the process ended';

interface Connection {
  readonly session: ClientHttp2Session;
  readonly socket: Socket;
}

/** Makes a caller that keeps its connection; nothing in it keeps the process alive. */
export function createGrpcPoster(target: CallTarget): (body: Uint8Array, abandoned: AbortSignal) => Post<GrpcAnswer> {
  const { headers, timeoutMillis, toPrefix } = target;
  const connect = createConnector(new URL(target.url), target.tls);
  const quiet = suppressTracing(ROOT_CONTEXT);
  let kept: Connection | undefined;

  /** The connection of the calls before, unless it is gone or the receiver wants no more of it (GOAWAY). */
  function open(): Connection {
    if (kept === undefined || kept.session.closed || kept.session.destroyed) kept = connect();
    return kept;
  }

  /** Calls that run on it may end; the next gets another one. */
  function retire(connection: Connection): void {
    if (kept === connection) kept = undefined;
    connection.session.close();
  }

  return (body, abandoned) => {
    let written = false;
    const answer = new Promise<GrpcAnswer>((resolve, reject) => {
      if (abandoned.aborted) return reject(new Error(ABANDONED));
      context.with(quiet, () => {
        const connection = open();
        const stream = connection.session.request(headers);
        const reader = new AnswerReader();
        let failure: Error | undefined;
        const deadline = setTimeout(() => {
          stream.destroy(new TimeoutError('answer', timeoutMillis));
          // Whoever is silent for so long may be gone, which a connection learns from nobody.
          retire(connection);
        }, timeoutMillis);
        deadline.unref();
        const abandon = (): void => {
          connection.session.destroy();
          connection.socket.destroy();
        };
        abandoned.addEventListener('abort', abandon);
        stream.on('response', (given) => reader.head(given));
        stream.on('trailers', (given) => reader.trailers(given));
        stream.on('data', (chunk: Buffer) => reader.add(chunk));
        stream.on('finish', () => (written = true));
        stream.on('error', (error) => (failure = toReason(error)));
        stream.on('close', () => {
          clearTimeout(deadline);
          abandoned.removeEventListener('abort', abandon);
          const read = reader.finish();
          if (read?.status !== undefined) resolve(read);
          else if (abandoned.aborted) reject(new Error(ABANDONED));
          else if (failure !== undefined) reject(failure);
          else if (read !== undefined) resolve(read);
          else reject(new Error('connection closed without an answer'));
        });
        stream.write(toPrefix(body.byteLength));
        stream.end(body);
      });
    });
    return { answer, isWritten: () => written };
  };
}

/** Everything that opens a connection is taken here, at start: a library that replaces it later (a test's mock server) must not catch our spans. */
function createConnector(url: URL, tls: TlsOptions): () => Connection {
  const { connect: connectHttp2 } = process.getBuiltinModule('node:http2');
  const host = toHost(url);
  const openSocket = url.protocol === 'https:' ? createTlsOpener(url, tls) : createTcpOpener(url);
  return () => {
    const socket = openSocket();
    release(socket, url);
    const session = connectHttp2(`${url.protocol}//${url.host}`, { createConnection: () => socket });
    // The calls on it are told as well.
    session.on('error', () => {});
    return { session, socket };
  };

  function createTcpOpener({ port }: URL): () => Socket {
    const { connect } = process.getBuiltinModule('node:net');
    return () => connect({ host, port: Number(port || 80) });
  }

  function createTlsOpener({ port }: URL, tls: TlsOptions): () => Socket {
    const { connect } = process.getBuiltinModule('node:tls');
    const servername = isIP(host) === 0 ? host : '';
    return () => {
      const socket = connect({ ...tls, host, port: Number(port || 443), servername, ALPNProtocols: ['h2'] });
      return socket.once('secureConnect', () => {
        if (socket.alpnProtocol !== 'h2') socket.destroy(new Error(NO_HTTP2));
      });
    };
  }
}

export const NO_HTTP2 = 'there is no HTTP/2, which OTLP over gRPC needs; is it the port for OTLP over HTTP?';

/** What Node says of an answer in HTTP/1. */
export const PROTOCOL_ERROR = 'Protocol error';

/** What stands behind the cancellation of a call, and in words what Node has no words for. */
function toReason(error: Error & { readonly code?: string }): Error {
  const { code, cause } = error;
  if (code === 'ERR_HTTP2_STREAM_CANCEL' && cause instanceof Error) return toReason(cause);
  return error.message === PROTOCOL_ERROR ? new Error(NO_HTTP2) : error;
}

type Head = IncomingHttpHeaders & IncomingHttpStatusHeader;

/** Puts an answer together as its parts come. */
class AnswerReader {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #head: Head | undefined;
  #trailers: IncomingHttpHeaders | undefined;

  head(given: Head): void {
    this.#head = given;
  }

  trailers(given: IncomingHttpHeaders): void {
    this.#trailers = given;
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_ANSWER_BYTES) this.#chunks.push(chunk);
  }

  /** Undefined where nothing came. A status is in the trailers, or in the head of an answer that is nothing else. */
  finish(): GrpcAnswer | undefined {
    if (this.#head === undefined) return undefined;
    const frame = Buffer.concat(this.#bytes <= MAX_ANSWER_BYTES ? this.#chunks : []);
    // Nothing else is asked for, so a message that comes compressed is a mistake, and not read.
    const isPlain = frame.length > PREFIX_BYTES && frame[0] === 0;
    return {
      httpStatus: this.#head[':status'] ?? 0,
      ...readStatus(this.#trailers ?? this.#head),
      body: isPlain ? frame.subarray(PREFIX_BYTES) : new Uint8Array(),
    };
  }
}
