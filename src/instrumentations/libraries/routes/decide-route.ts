// Called by the frameworks' files here: tells the server span of the active request which route answers it.
import { context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import type { RequestRoute, Route } from '../../request-route.ts';

/** What the active request's route is told to. The agent's own bundle has put a RequestRoute there; another http instrumentation something else. */
export const activeRoute = (): Partial<RequestRoute> | undefined => getRPCMetadata(context.active());

/** Names the route of the active request, or takes it back with undefined. */
export function decideRoute(route: Route): void {
  activeRoute()?.decide?.(route);
}

/** Joins the template of a mount point and of what is below it. */
export function joinRoute(base: string, path: string): string {
  if (path === '' || path === '/') return base === '' ? path : base;
  return base.replace(/\/$/, '') + (path.startsWith('/') ? path : `/${path}`);
}

/** Request -> the template of the mount points that it is inside of just now, whichever frameworks they are of. */
const mounts = new WeakMap<object, string>();

/** The template of the mount points that a request is inside of, as it came from Node; empty outside of any. */
export function mountOf(request: object): string {
  return mounts.get(request) ?? '';
}

/** Says that a request is inside of a mount point from now on. */
export function setMount(request: object, template: string): void {
  mounts.set(request, template);
  const route = activeRoute();
  if (route !== undefined) mounts.set(route, template);
}

/** The same of the active request, for a framework that does not say whose route it looks for. */
export function activeMount(): string {
  const route = activeRoute();
  return route === undefined ? '' : mountOf(route);
}
