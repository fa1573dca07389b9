// A bundle of its own, loaded when a web framework is first used: the route of server spans, without a span for every piece of middleware.
import { isSupported } from '../is-supported.ts';
import type { LibraryHook } from '../library.ts';
import { hookConnect } from './connect.ts';
import { hookExpress } from './express.ts';
import { hookFastify, hookHapi, hookHono, hookKoa, hookRestify } from './others.ts';

const frameworks: Readonly<Record<string, () => readonly LibraryHook[]>> = {
  connect: hookConnect,
  express: hookExpress,
  fastify: hookFastify,
  hapi: hookHapi,
  hono: hookHono,
  koa: hookKoa,
  restify: hookRestify,
  router: hookExpress,
};

/** Starts to read the routes of a framework. */
export function start(name: string): readonly LibraryHook[] {
  return frameworks[name]?.() ?? [];
}

export { isSupported };
