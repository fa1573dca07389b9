// Made by server-spans.ts and client-exchange.ts for a request that has a span: the context it is handled in, or sent with.
import { type Context, ROOT_CONTEXT, type Span, createContextKey, trace } from '@opentelemetry/api';
import { type RPCMetadata, getRPCMetadata, setRPCMetadata } from '@opentelemetry/core';

/** The keys of the two, which their packages keep to themselves. */
const SPAN_KEY = keyOf((context) => trace.getSpan(context));
const RPC_KEY = keyOf((context) => getRPCMetadata(context));

/**
 * What `setRPCMetadata(trace.setSpan(parent, span), rpc)` gives, in one object.
 * @note Each of the two would copy a Map and make three closures: with the garbage they leave, a fifth of what we do for a request.
 */
export class RequestContext implements Context {
  readonly #parent: Context;
  #span: Span;
  readonly #rpc: RPCMetadata | undefined;

  /** `rpc` is what frameworks write a route into; only the server's side has it. */
  constructor(parent: Context, span: Span, rpc?: RPCMetadata) {
    this.#parent = parent;
    this.#span = span;
    this.#rpc = rpc;
  }

  getValue(key: symbol): unknown {
    if (key === SPAN_KEY) return this.#span;
    return key === RPC_KEY && this.#rpc !== undefined ? this.#rpc : this.#parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    // What every span below does. Only the API writes under this key, and nothing but spans.
    if (key === SPAN_KEY) return new RequestContext(this.#parent, value as Span, this.#rpc);
    return this.#toPlain().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#toPlain().deleteValue(key);
  }

  /**
   * Called once the span has ended: `ids` in its place say what children have to know. Node holds on to a context for as long as a timer or a socket lives that
   * was made in it, and the timer of a connection that waits for its next request is made in that of the one before.
   */
  letGo(ids: Span): void {
    this.#span = ids;
  }

  #toPlain(): Context {
    const context = trace.setSpan(this.#parent, this.#span);
    return this.#rpc === undefined ? context : setRPCMetadata(context, this.#rpc);
  }
}

/** The key that is asked for by a reader of context values. */
function keyOf(read: (context: Context) => unknown): symbol {
  let asked = createContextKey('none');
  read({ ...ROOT_CONTEXT, getValue: (key) => void (asked = key) });
  return asked;
}
