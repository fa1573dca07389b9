// Called by the OTLP exporter: one HTTP POST, with Node's own client and nothing that the application may have replaced since.
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { MAX_ANSWER_BYTES, TimeoutError, type TlsOptions, release } from './connection.ts';
import type { Post } from './transport.ts';
import { writeInPieces } from './write-in-pieces.ts';
import { clearTimeout, setTimeout, type HttpClient, takeClient } from '../../natives.ts';

export interface PostTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For one attempt, from connecting to the end of the answer. */
  readonly timeoutMillis: number;
  readonly agent: Agent;
}

export interface PostAnswer {
  readonly statusCode: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

/**
 * How a connection ends that the receiver has closed while it was idle, just as something was sent on it. Nobody has read that, so it is sent
 * at once on another (nodejs.org/api/http.html, request.reusedSocket); a new connection that is closed is trouble.
 */
const CLOSED: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE']);

const takeClientFor = (url: URL): HttpClient => takeClient(url.protocol === 'https:' ? 'node:https' : 'node:http');

/** The connections to one receiver. */
export function createAgent(url: URL, tls: TlsOptions, maxSockets: number): Agent {
  return new (takeClientFor(url).Agent)({ keepAlive: true, maxSockets, ...tls });
}

/** Makes a sender that keeps its connection; nothing in it keeps the process alive. */
export function createPoster(target: PostTarget): (body: Uint8Array, abandoned: AbortSignal) => Post<PostAnswer> {
  const { agent } = target;
  const url = new URL(target.url);
  const { request } = takeClientFor(url);
  const options: RequestOptions = { agent, method: 'POST', timeout: target.timeoutMillis };
  const quiet = suppressTracing(ROOT_CONTEXT);

  return (body, abandoned) => {
    let written = false;
    const postOnce = (): Promise<PostAnswer> =>
      new Promise((resolve, reject) => {
        let answered = false;
        written = false;
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
        outgoing.on('socket', (socket) => release(socket, url));
        outgoing.on('finish', () => (written = true));
        // Once it has begun, the answer tells what became of it.
        outgoing.on('error', (error: NodeJS.ErrnoException) => {
          if (answered) return;
          if (outgoing.reusedSocket && CLOSED.has(error.code)) resolve(context.with(quiet, postOnce));
          else reject(error);
        });
        outgoing.on('close', () => {
          clearTimeout(deadline);
          abandoned.removeEventListener('abort', abandon);
          if (!answered) reject(new Error('connection closed without an answer'));
        });
        writeInPieces(outgoing, body);
      });
    return { answer: context.with(quiet, postOnce), isWritten: () => written };
  };
}

function readAnswer(response: IncomingMessage): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    const { statusCode = 0 } = response;
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (): void =>
      resolve({
        statusCode,
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
    // The status says that the receiver has the batch; sent again, it would have it twice.
    const isTaken = statusCode >= 200 && statusCode < 300;
    response.on('error', (error) => (isTaken ? finish() : reject(error)));
    response.on('close', () =>
      isTaken ? finish() : reject(new Error('connection closed before the end of the answer')),
    );
  });
}
