// Started when express or router (express 5's own) is first used: the template of the route that answers, mount points included.
import { replaceMethod } from '../../../hooks/replace-method.ts';
import type { LibraryHook } from '../library.ts';
import { activeRoute, decideRoute, joinRoute, mountOf, setMount } from './decide-route.ts';

type Path = string | RegExp | readonly Path[];
type Next = (error?: unknown) => void;
type Handle = (this: Layer, request: object, response: object, next: Next) => unknown;

/** One entry of a router's stack; `route` where it was made by `get`, `post`, `route` and the like. */
interface Layer {
  readonly route?: { readonly path: Path };
}

interface Router {
  readonly stack: readonly Layer[];
}

type Use = (this: Router, ...args: unknown[]) => unknown;

/** The template under which a mounted router or middleware was put there. */
const mounts = new WeakMap<Layer, string>();

/** What is done to express 4, and to the package router that express 5 stands on. */
export function hookExpress(): readonly LibraryHook[] {
  return [
    { module: 'express', patch: (exports, name) => patchFile(exports, name.slice('express/lib/router'.length), name) },
    { module: 'router', patch: (exports, name) => patchFile(exports, name.slice('router/lib'.length), name) },
  ];
}

function patchFile(exports: unknown, inside: string, name: string): unknown {
  if (inside === '/layer.js') watchLayers(exports);
  // express 4's router is the object itself; the package's has a prototype.
  if (name === 'router') watchUse(Reflect.get(Object(exports), 'prototype'));
  if (inside === '/index.js' && name.startsWith('express/')) watchUse(exports);
  return exports;
}

function watchUse(router: unknown): void {
  replaceMethod<Use>(
    router,
    'use',
    (original) =>
      function (...args) {
        const before = this.stack.length;
        const result = Reflect.apply(original, this, args);
        const template = isPath(args[0]) ? toText(args[0]) : '';
        for (const layer of this.stack.slice(before)) mounts.set(layer, template);
        return result;
      },
  );
}

function watchLayers(exports: unknown): void {
  const prototype: unknown = Reflect.get(Object(exports), 'prototype');
  // The name in express 4 and router 1, and the one since.
  for (const name of ['handle_request', 'handleRequest']) {
    replaceMethod<Handle>(
      prototype,
      name,
      (original) =>
        function (request, response, next) {
          // Looked up once a layer, of which a request passes dozens.
          const route = activeRoute();
          // From its first layer on, the request has no route until one matches, whatever others say of middleware.
          if (route?.isDecided === false) route.decide?.(undefined);
          const base = mountOf(request);
          if (this.route !== undefined) {
            route?.decide?.(joinRoute(base, toText(this.route.path)));
            return Reflect.apply(original, this, [
              request,
              response,
              toNext(next, (isPassed) => isPassed && decideRoute(undefined)),
            ]);
          }
          const mount = mounts.get(this) ?? '';
          if (mount === '' || mount === '/') return Reflect.apply(original, this, [request, response, next]);
          setMount(request, joinRoute(base, mount));
          return Reflect.apply(original, this, [request, response, toNext(next, () => setMount(request, base))]);
        },
    );
  }
}

/** `next` that first says whether the request is passed on, or has failed in what it leaves. */
function toNext(next: Next, onNext: (isPassed: boolean) => unknown): Next {
  return (...args) => {
    const [error] = args;
    onNext(error === undefined || error === null || error === 'route' || error === 'router');
    next(...args);
  };
}

function isPath(value: unknown): value is Path {
  return typeof value === 'string' || value instanceof RegExp || (Array.isArray(value) && value.every(isPath));
}

function toText(path: Path): string {
  if (typeof path === 'string') return path;
  return path instanceof RegExp ? String(path) : path.map(toText).join(',');
}
