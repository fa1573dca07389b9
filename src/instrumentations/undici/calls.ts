// Called by undici.ts: which call of the program a request belongs to, read from the handler that undici will tell of its answer.
import { type Context, context } from '@opentelemetry/api';
import type { UndiciRequest } from './request-headers.ts';

/** What is known of the first request of a call, for those that repeat it. */
interface Call {
  readonly parent: Context;
  resendCount: number;
}

/** undici's own handlers, as far as they can be seen; all of it is internal, and nothing is told where it ever goes. */
interface Handler {
  /** RedirectHandler and RetryHandler, one for each call, hand on to this. In undici 7 they hide behind another. */
  readonly handler?: unknown;
  /** The handlers of `request`, `stream`, `pipeline`, `connect` and `upgrade` are AsyncResources. */
  readonly runInAsyncScope?: unknown;
  /** That of `request` keeps what its signal was aborted with. */
  readonly reason?: unknown;
}

/** More than anybody stacks; a loop would not end. */
const MAX_DEPTH = 10;

/** Remembers calls for as long as undici does. */
export class Calls {
  readonly #known = new WeakMap<object, Call>();
  #symbol: symbol | undefined;

  /**
   * What a new request happens in, and the number of the repeat where it is certain: RedirectHandler and RetryHandler send each repeat with themselves as the
   * handler. In which context they do it, the connection's or a timer's, says nothing.
   */
  identify(request: UndiciRequest): { parent: Context; resendCount: number | undefined } {
    const first = this.#outermost(request);
    // No interceptor before it: every fetch.
    if (!isHandler(first?.handler)) return { parent: contextOf(first), resendCount: undefined };
    const chain = toChain(first);
    const repeaters = chain.slice(0, -1);
    for (const repeater of repeaters) {
      const call = this.#known.get(repeater);
      if (call === undefined) continue;
      call.resendCount += 1;
      return call;
    }
    const parent = contextOf(chain.at(-1));
    for (const repeater of repeaters) this.#known.set(repeater, { parent, resendCount: 0 });
    return { parent, resendCount: undefined };
  }

  /** True of a handler that interceptors may be hidden behind: that of undici 7. */
  isOpaque(request: UndiciRequest): boolean {
    return toChain(this.#outermost(request)).at(-1)?.constructor?.name === 'UnwrapHandler';
  }

  /** True where a request failed because its call was aborted, and with what. */
  isAborted(request: UndiciRequest, error: unknown): boolean {
    return toChain(this.#outermost(request)).at(-1)?.reason === error;
  }

  /** The handler that undici itself calls. */
  #outermost(request: UndiciRequest): Handler | undefined {
    if (this.#symbol === undefined || !(this.#symbol in request)) {
      this.#symbol = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'handler');
    }
    const handler: unknown = this.#symbol === undefined ? undefined : Reflect.get(request, this.#symbol);
    return isHandler(handler) ? handler : undefined;
  }
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'object' && value !== null;
}

/** The handlers that a request passes, the outermost first. */
function toChain(outermost: Handler | undefined): Handler[] {
  const chain: Handler[] = [];
  let next: unknown = outermost;
  while (isHandler(next) && chain.length < MAX_DEPTH) {
    chain.push(next);
    next = next.handler;
  }
  return chain;
}

/** @note Before undici 8.12, a request that waits in a pool's queue is made in the context of the one that frees its place. */
function contextOf(handler: Handler | undefined): Context {
  if (typeof handler?.runInAsyncScope !== 'function') return context.active();
  const read = (): Context => context.active();
  return Reflect.apply(handler.runInAsyncScope, handler, [read]) as Context;
}
