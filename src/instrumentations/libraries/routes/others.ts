// Started when fastify, koa, hapi, restify or hono is first used: each knows itself which of its routes answers a request.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { replaceMethod } from '../../../hooks/replace-method.ts';
import type { LibraryHook } from '../library.ts';
import { activeMount, decideRoute, joinRoute, mountOf } from './decide-route.ts';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** What fastify keeps with each of its routes. */
interface FastifyRoute {
  readonly config?: { readonly url?: string };
}

type Find = (this: unknown, ...args: unknown[]) => { readonly store?: FastifyRoute | null } | null;

/**
 * fastify: its router finds the route of a request, with what fastify keeps there; what answers 404 has no URL.
 * @note A hook of ours would do, but `addHook` adds a line to what `printPlugins` prints, and the hook one to `printRoutes`.
 */
export function hookFastify(): readonly LibraryHook[] {
  return [
    {
      module: 'fastify',
      patch: (exports, name, folder) => {
        if (name !== 'fastify' || folder === undefined) return exports;
        // The copy that fastify itself has loaded just now.
        const Router: unknown = createRequire(join(folder, 'package.json'))('find-my-way');
        replaceMethod<Find>(
          prototypeOf(Router),
          'find',
          (original) =>
            function (...args) {
              const found = Reflect.apply(original, this, args);
              // Others use this router as well, restify for one.
              const config = found?.store?.config;
              if (config !== undefined) decideRoute(config.url && joinRoute(activeMount(), config.url));
              return found;
            },
        );
        return exports;
      },
    },
  ];
}

/** koa: its routers leave the route that matched in the context. */
export function hookKoa(): readonly LibraryHook[] {
  return hookMain('koa', (exports) => {
    replaceMethod<Method>(
      prototypeOf(Reflect.get(Object(exports), 'default') ?? exports),
      'handleRequest',
      (original) =>
        function (...args) {
          const context = Object(args[0]) as { readonly req: object; readonly _matchedRoute?: string | RegExp };
          const mount = mountOf(context.req);
          decideRoute(() => {
            const route = context._matchedRoute?.toString();
            return route && joinRoute(mount, route);
          });
          return Reflect.apply(original, this, args);
        },
    );
  });
}

interface HapiRequest {
  readonly route: { readonly path: string; readonly method: string };
}

/** hapi: a request has a route from its birth; the ones that answer 400 and 404 are marked `_special`. */
export function hookHapi(): readonly LibraryHook[] {
  return [
    {
      module: '@hapi/hapi',
      patch: (exports, name) => {
        if (name !== '@hapi/hapi/lib/request.js') return exports;
        replaceMethod<Method>(
          exports,
          'generate',
          (original) =>
            function (...args) {
              const request = Reflect.apply(original, this, args) as HapiRequest;
              decideRoute(() => (request.route.method === '_special' ? undefined : request.route.path));
              return request;
            },
        );
        return exports;
      },
    },
  ];
}

/** restify: `getRoute` of a request says nothing until its router has found one. */
export function hookRestify(): readonly LibraryHook[] {
  return [
    {
      module: 'restify',
      patch: (exports, name) => {
        if (name !== 'restify/lib/server.js') return exports;
        replaceMethod<Method>(
          prototypeOf(exports),
          '_setupRequest',
          (original) =>
            function (...args) {
              const request = args[0] as { getRoute(): { readonly path?: string | RegExp } | undefined };
              decideRoute(() => request.getRoute()?.path?.toString());
              return Reflect.apply(original, this, args);
            },
        );
        return exports;
      },
    },
  ];
}

type HonoHandler = (context: unknown, next: unknown) => unknown;
type HonoAdd = (this: unknown, method: string, path: string, entry: readonly [HonoHandler, ...unknown[]]) => unknown;

/** hono: handlers are put into a router beside their path; what takes all methods, and `next` or
 * every path, is middleware. */
export function hookHono(): readonly LibraryHook[] {
  return [
    {
      module: 'hono',
      patch: (exports) => {
        const Hono: unknown = Reflect.get(Object(exports), 'Hono');
        if (typeof Hono !== 'function') return exports;
        const { router } = Reflect.construct(Hono, []) as { readonly router: object };
        replaceMethod<HonoAdd>(
          Object.getPrototypeOf(router),
          'add',
          (original) =>
            function (method, path, entry) {
              const [handler, ...rest] = entry;
              if (typeof handler !== 'function' || (method === 'ALL' && (handler.length > 1 || path.endsWith('*')))) {
                return Reflect.apply(original, this, [method, path, entry]);
              }
              const answer: HonoHandler = (context, next) => {
                decideRoute(path);
                return handler(context, next);
              };
              return Reflect.apply(original, this, [method, path, [answer, ...rest]]);
            },
        );
        return exports;
      },
    },
  ];
}

function hookMain(module: string, patch: (exports: unknown) => void): readonly LibraryHook[] {
  return [
    {
      module,
      patch: (exports, name) => {
        if (name === module) patch(exports);
        return exports;
      },
    },
  ];
}

function prototypeOf(exports: unknown): unknown {
  return Reflect.get(Object(exports), 'prototype');
}
