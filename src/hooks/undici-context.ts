// Called by the undici instrumentation: lets what undici's interceptors do in answer to a response happen in the context of the request.
import { type Context, context } from '@opentelemetry/api';

/** What undici's internal Request calls on the way to its handler, in undici 6 and 7. */
const METHODS = ['onHeaders', 'onComplete', 'onError'];

/**
 * Runs the handler of a request in `kept`.
 * @note undici calls it in the context in which the connection was made, by another request. The interceptors of undici 7 send redirects and retries from there.
 */
export function keepHandlerContext(request: object, kept: Context): void {
  for (const name of METHODS) {
    const original: unknown = Reflect.get(request, name);
    if (typeof original !== 'function') continue;
    const value = {
      [name](this: unknown, ...args: unknown[]): unknown {
        return context.with(kept, () => Reflect.apply(original, this, args));
      },
    }[name];
    Object.defineProperty(request, name, { value, writable: true, configurable: true, enumerable: false });
  }
}
