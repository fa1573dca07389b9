// Called by the frameworks' files here: tells the server span of the active request which route answers it.
import { context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import type { RequestRoute, Route } from '../../request-route.ts';

/** Names the route of the active request, or takes it back with undefined. */
export function decideRoute(route: Route): void {
  // The agent's own bundle has put a RequestRoute there; in a process with another http instrumentation it is something else.
  const metadata = getRPCMetadata(context.active()) as Partial<RequestRoute> | undefined;
  metadata?.decide?.(route);
}

/** Joins the template of a mount point and of what is below it. */
export function joinRoute(base: string, path: string): string {
  if (path === '' || path === '/') return base === '' ? path : base;
  return base.replace(/\/$/, '') + (path.startsWith('/') ? path : `/${path}`);
}
