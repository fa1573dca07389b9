// In the bundles of libraries: stands around what an instrumentation of others puts in front of a library's function.

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** What an instrumentation makes of a library's function. */
export type Wrapper = (original: AnyFunction, name: PropertyKey) => unknown;

/** What became of the library's function in one call. */
interface Call {
  end: 'none' | 'returned' | 'threw';
  value: unknown;
}

/**
 * Errors of the instrumentation stay out of the application: it gets what the library's function gave or threw, which is called where the
 * instrumentation did not come to it. The library's own errors pass.
 * @note Proxies, since what is wrapped may be a class, or carry properties. What an instrumentation does later, in a callback or after an
 * `await`, is not seen here.
 */
export function containWrapper(wrapper: Wrapper, onError: (error: unknown) => void): Wrapper {
  return (original, name) => {
    let current: Call | undefined;
    const watched = new Proxy(original, {
      apply(target, self: unknown, args: unknown[]) {
        const call = current;
        if (call === undefined) return Reflect.apply(target, self, args);
        // What the library calls in there is another call.
        current = undefined;
        try {
          call.value = Reflect.apply(target, self, args);
          call.end = 'returned';
          return call.value;
        } catch (error) {
          call.value = error;
          call.end = 'threw';
          throw error;
        } finally {
          current = call;
        }
      },
    });
    const wrapped = wrapper(watched, name);
    if (typeof wrapped !== 'function') return wrapped;
    return new Proxy(wrapped as AnyFunction, {
      apply(target, self: unknown, args: unknown[]) {
        const before = current;
        const call: Call = { end: 'none', value: undefined };
        current = call;
        try {
          return Reflect.apply(target, self, args);
        } catch (error) {
          if (call.end === 'threw' && call.value === error) throw error;
          onError(error);
          if (call.end === 'threw') throw call.value;
          return call.end === 'returned' ? call.value : Reflect.apply(original, self, args);
        } finally {
          current = before;
        }
      },
    });
  };
}
