// Called by the http server instrumentation: lets the events of a request's body fire in the request's context.
import type { IncomingMessage } from 'node:http';
import { type Context, context } from '@opentelemetry/api';

/**
 * Runs everything that a body's arrival sets off (`data`, `readable`, `end`) in `kept`.
 * @note Node's parser calls back in the context of the connection. Where contexts live in an AsyncContextFrame (Node 24) the one attached
 * in `http.server.request.start` ends with that callback, so bytes of a later packet, and every `end`, would arrive without it.
 * `push` is where they enter the stream; the application reads from the other side.
 */
export function keepBodyContext(request: IncomingMessage, kept: Context): void {
  const { push } = request;
  const wrapper = {
    push(this: IncomingMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
      return context.with(kept, push, this, chunk, encoding);
    },
  };
  Object.defineProperty(request, 'push', {
    value: wrapper.push,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}
