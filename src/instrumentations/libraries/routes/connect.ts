// Started when connect is first used: it knows no routes, only mount points; the one that answers is the route.
import { replaceMethod } from '../../../hooks/replace-method.ts';
import type { LibraryHook } from '../library.ts';
import { decideRoute, mountOf, setMount } from './decide-route.ts';

type Next = (error?: unknown) => void;
type Handle = (this: unknown, ...args: unknown[]) => unknown;

interface Layer {
  readonly route: string;
  handle: Handle;
}

type Use = (this: { readonly stack: readonly Layer[] }, ...args: unknown[]) => unknown;

/** What is done to connect. */
export function hookConnect(): readonly LibraryHook[] {
  return [
    {
      module: 'connect',
      patch: (exports) => {
        // `connect()` copies its methods to every application, so the function that makes applications has to be exchanged.
        if (typeof exports !== 'function') return exports;
        const create = exports as (...args: unknown[]) => object;
        const createApp = (...args: unknown[]): object => {
          const app = create(...args);
          replaceMethod<Use>(app, 'use', watchUse);
          return app;
        };
        return Object.assign(createApp, exports);
      },
    },
  ];
}

function watchUse(original: Use): Use {
  return function (...args) {
    const result = Reflect.apply(original, this, args);
    const layer = this.stack.at(-1);
    if (layer !== undefined && layer.route !== '')
      replaceMethod<Handle>(layer, 'handle', (handle) => watchHandle(handle, layer.route));
    return result;
  };
}

function watchHandle(handle: Handle, mount: string): Handle {
  // connect tells error handlers by their four arguments; replaceMethod keeps the length.
  const requestAt = handle.length === 4 ? 1 : 0;
  return function (...args) {
    const request = Object(args[requestAt]) as object;
    const next = args[requestAt + 2] as Next;
    const base = mountOf(request);
    const route = base + mount;
    setMount(request, route);
    decideRoute(route);
    const leave: Next = (error) => {
      setMount(request, base);
      // The route of what has failed stays, whoever says so to the client.
      if (!isError(error)) decideRoute(base === '' ? undefined : base);
    };
    const leaveToNext: Next = (...passed) => {
      leave(...passed);
      next(...passed);
    };
    try {
      return Reflect.apply(handle, this, [...args.slice(0, requestAt + 2), leaveToNext]);
    } catch (error) {
      // connect catches it, and goes on to the next error handler.
      leave(error);
      throw error;
    }
  };
}

function isError(value: unknown): boolean {
  return value !== undefined && value !== null;
}
