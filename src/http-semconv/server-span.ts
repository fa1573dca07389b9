// Called by the http instrumentation: plain facts of an incoming request -> the span's name and attributes.
import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_QUERY,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions';
import { splitAbsoluteUrl, toDefaultPort } from './authority.ts';
import type { SpanFacts } from './client-span.ts';
import type { Origin } from './forwarded.ts';
import { type ToMethodFacts, toMethodFacts as toKnownMethodFacts } from './method.ts';

export interface ServerRequestFacts {
  readonly method: string;
  /** The request target (`/path?query`, absolute-form, authority-form or `*`), already redacted. */
  readonly target: string;
  readonly origin: Origin;
  readonly userAgent: string | undefined;
  readonly peerAddress: string | undefined;
  readonly peerPort: number | undefined;
  readonly protocolVersion: string;
  /** The route, where a rule names one; a framework's own comes later. */
  readonly route: string | undefined;
}

/** What a server span knows at its creation, so that samplers can decide on it. */
export function toServerSpan(facts: ServerRequestFacts, toMethodFacts: ToMethodFacts = toKnownMethodFacts): SpanFacts {
  const { origin } = facts;
  const method = toMethodFacts(facts.method);
  const target = splitTarget(facts.target);
  const attributes: Attributes = {
    [ATTR_HTTP_REQUEST_METHOD]: method.method,
    [ATTR_URL_SCHEME]: origin.scheme,
    [ATTR_URL_PATH]: target.path,
  };
  if (target.query !== undefined) attributes[ATTR_URL_QUERY] = target.query;
  if (origin.server.host !== '') {
    attributes[ATTR_SERVER_ADDRESS] = origin.server.host;
    const port = origin.server.port ?? toDefaultPort(origin.scheme);
    if (port !== undefined) attributes[ATTR_SERVER_PORT] = port;
  }
  if (origin.client.host !== '') attributes[ATTR_CLIENT_ADDRESS] = origin.client.host;
  if (facts.userAgent !== undefined) attributes[ATTR_USER_AGENT_ORIGINAL] = facts.userAgent;
  if (facts.peerAddress !== undefined) attributes[ATTR_NETWORK_PEER_ADDRESS] = facts.peerAddress;
  if (facts.peerPort !== undefined) attributes[ATTR_NETWORK_PEER_PORT] = facts.peerPort;
  attributes[ATTR_NETWORK_PROTOCOL_VERSION] = facts.protocolVersion;
  if (method.original !== undefined) attributes[ATTR_HTTP_REQUEST_METHOD_ORIGINAL] = method.original;
  if (facts.route === undefined) return { name: method.nameOf, attributes };
  attributes[ATTR_HTTP_ROUTE] = facts.route;
  return { name: toRoutedName(attributes[ATTR_HTTP_REQUEST_METHOD], facts.route), attributes };
}

/** The name of a server span whose route is known: `{method} {route}`. */
export function toRoutedName(method: unknown, route: string): string {
  return `${typeof method === 'string' && method !== '_OTHER' ? method : 'HTTP'} ${route}`;
}

interface Target {
  readonly path: string;
  /** Without its `?`; undefined where the target has none, or an empty one. */
  readonly query: string | undefined;
}

function splitTarget(target: string): Target {
  // Absolute-form (RFC 9112 3.2.2) comes from clients that speak to a proxy; only its path belongs to url.path.
  const local = target.startsWith('/') ? target : (splitAbsoluteUrl(target)?.rest ?? target);
  const mark = local.indexOf('?');
  if (mark < 0) return { path: local, query: undefined };
  return { path: local.slice(0, mark), query: mark + 1 === local.length ? undefined : local.slice(mark + 1) };
}
