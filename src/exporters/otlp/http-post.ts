// Called by the OTLP exporter: one HTTP POST, with Node's own client and nothing that the application may have replaced since.
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { type Socket, isIP } from 'node:net';
import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';

/** PEM texts. `ca` stands in place of the authorities that Node trusts. */
export interface TlsOptions {
  readonly ca?: string;
  readonly key?: string;
  readonly cert?: string;
}

export interface PostTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For one attempt, from connecting to the end of the answer. */
  readonly timeoutMillis: number;
  /** Only for an https address. */
  readonly tls: TlsOptions;
  /** Connections that may be open at the same time. */
  readonly maxSockets: number;
}

export interface PostAnswer {
  readonly statusCode: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

// Taken at load: an application under test that fakes its timers must not stop ours.
const { setTimeout, clearTimeout } = globalThis;

/** A connection that is being opened keeps the process alive, unref or not (libuv counts the request), so it may not take long. */
const CONNECT_LIMIT_MILLIS = 1500;

/** An answer longer than this is nonsense, not OTLP: the rest is not read. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface Post {
  readonly answer: Promise<PostAnswer>;
  isWritten(): boolean;
}

/** Makes a sender that keeps its connection; nothing in it keeps the process alive. */
export function createPoster(target: PostTarget): (body: Uint8Array, abandoned: AbortSignal) => Post {
  const url = new URL(target.url);
  // Taken at start: a library that replaces http.request later (a test's mock server) must not catch our spans.
  const { request, Agent: AgentClass } = process.getBuiltinModule(
    url.protocol === 'https:' ? 'node:https' : 'node:http',
  );
  const agent: Agent = new AgentClass({ keepAlive: true, maxSockets: target.maxSockets, ...target.tls });
  const hasAddress = isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0;
  const options: RequestOptions = { agent, method: 'POST', timeout: target.timeoutMillis };
  const quiet = suppressTracing(ROOT_CONTEXT);

  return (body, abandoned) => {
    let written = false;
    let answered = false;
    const answer = new Promise<PostAnswer>((resolve, reject) => {
      context.with(quiet, () => {
        const headers = { ...target.headers, 'content-length': String(body.byteLength) };
        const outgoing = request(url, { ...options, headers }, (response) => {
          answered = true;
          readAnswer(response).then(resolve, reject);
        });
        const deadline = setTimeout(
          () => outgoing.destroy(new TimeoutError('answer', target.timeoutMillis)),
          target.timeoutMillis,
        );
        deadline.unref();
        const abandon = (): void => void outgoing.destroy(new Error('not answered before the process ended'));
        abandoned.addEventListener('abort', abandon);
        if (abandoned.aborted) abandon();
        outgoing.on('socket', (socket) => {
          socket.unref();
          limitConnecting(socket, hasAddress);
        });
        outgoing.on('finish', () => (written = true));
        outgoing.on('error', reject);
        outgoing.on('close', () => {
          clearTimeout(deadline);
          abandoned.removeEventListener('abort', abandon);
          if (!answered) reject(new Error('connection closed without an answer'));
        });
        outgoing.end(body);
      });
    });
    return { answer, isWritten: () => written };
  };
}

class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT';
  constructor(what: 'answer' | 'connection', millis: number) {
    super(`no ${what} within ${millis} ms`);
  }
}

/** From the address, be it given or looked up, to the connection. */
function limitConnecting(socket: Socket, hasAddress: boolean): void {
  if (!socket.connecting) return;
  const start = (): void => {
    const limit = setTimeout(
      () => socket.destroy(new TimeoutError('connection', CONNECT_LIMIT_MILLIS)),
      CONNECT_LIMIT_MILLIS,
    );
    limit.unref();
    socket.once('connect', () => clearTimeout(limit));
    socket.once('close', () => clearTimeout(limit));
  };
  if (hasAddress) start();
  else socket.once('lookup', start);
}

function readAnswer(response: IncomingMessage): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (): void =>
      resolve({
        statusCode: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
        body: Buffer.concat(chunks),
      });
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_ANSWER_BYTES) chunks.push(chunk);
      else {
        finish();
        response.destroy();
      }
    });
    response.on('end', finish);
    response.on('error', reject);
    response.on('close', () => reject(new Error('connection closed before the end of the answer')));
  });
}
