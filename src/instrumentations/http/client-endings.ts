// Called by client.ts when a request ends: tells what the program did itself from what was done to it. Node reports both alike.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { isError } from '../../http-semconv/is-error.ts';

/** Node keeps the response on the request as `res`: not documented, but there since the first versions. */
export function responseOf(request: ClientRequest): IncomingMessage | undefined {
  return (request as { res?: IncomingMessage | null }).res ?? undefined;
}

/** True of the answer to an upgrade or a CONNECT, after which the connection speaks something else. Node's types leave it out. */
export function isHandOver(response: IncomingMessage): boolean {
  return (response as { upgrade?: unknown }).upgrade === true;
}

/**
 * True where the program itself gave the request up: `request.destroy()`, `response.destroy()`, `agent.destroy()`, without an error of its own. An abort by
 * a signal has an error that says so.
 * @note Node calls it what it calls a server that hangs up, `ECONNRESET: socket hang up`, or `aborted` in the middle of a response. But a server ends or
 * breaks the socket first, and the program does neither.
 */
export function isOwnDoing(request: ClientRequest, error: unknown): boolean {
  if (error === undefined || error === null) return true;
  if (!request.destroyed) return false;
  if (isError(error) && error.message !== 'socket hang up' && error.message !== 'aborted') return false;
  const { socket } = request as { socket: ClientRequest['socket'] | null };
  return socket === null || (!socket.readableEnded && socket.errored === null);
}

/**
 * For a request that its program destroyed after Node's `timeout` event: that is how timeouts are documented, and the error that is seen, `socket hang up`,
 * says nothing of it. `timeout` is what the conventions call it.
 */
export function toTimeoutError(): Error {
  return Object.assign(new Error('destroyed after a timeout'), { code: 'timeout', stack: '' });
}
