// A bundle of its own, loaded when a web framework is first used: the route of server spans, without a span for every piece of middleware.
import { createRequire } from 'node:module';
import type * as isSupportedModule from '../is-supported.ts';
import { isWithin } from '../is-within.ts';
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

/** Whether a version lies in one of the ranges. */
export function isSupported(version: string, ranges: readonly string[]): boolean {
  return ranges.some((range) => isWithin(version, range) ?? load().isSupported(version, [range]));
}

/** The build makes it a file beside this one's; run from source, it is the TypeScript file. */
function load(): typeof isSupportedModule {
  const path = import.meta.url.endsWith('.ts') ? '../is-supported.ts' : './is-supported.cjs';
  return createRequire(import.meta.url)(path) as typeof isSupportedModule;
}
