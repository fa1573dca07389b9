// Shared by http-post.ts and grpc-post.ts: what both do with the connection to a receiver.
import { type Socket, isIP } from 'node:net';
import { setTimeout, clearTimeout } from '../../natives.ts';

/** PEM texts. `ca` stands in place of the authorities that Node trusts. */
export interface TlsOptions {
  readonly ca?: string;
  readonly key?: string;
  readonly cert?: string;
}

/** A connection that is being opened keeps the process alive, unref or not (libuv counts the request), so it may not take long. */
const CONNECT_LIMIT_MILLIS = 1500;

/** An answer longer than this is nonsense, not OTLP: the rest is not read. */
export const MAX_ANSWER_BYTES = 64 * 1024;

export class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT';
  constructor(what: 'answer' | 'connection' | 'byte taken', millis: number) {
    super(`no ${what} within ${millis} ms`);
  }
}

/** The host as sockets want it: an IPv6 address without its brackets. */
export const toHost = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

/** Keeps a socket from keeping the process alive: once it is open at all, and while it opens, for a short time only. */
export function release(socket: Socket, url: URL): void {
  socket.unref();
  if (!socket.connecting) return;
  // From the address, be it given or looked up, to the connection.
  const start = (): void => {
    const limit = setTimeout(
      () => socket.destroy(new TimeoutError('connection', CONNECT_LIMIT_MILLIS)),
      CONNECT_LIMIT_MILLIS,
    );
    limit.unref();
    socket.once('connect', () => clearTimeout(limit));
    socket.once('close', () => clearTimeout(limit));
  };
  if (isIP(toHost(url)) !== 0) start();
  else socket.once('lookup', start);
}
