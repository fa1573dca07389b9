// Called by the http and undici instrumentations: plain facts of an outgoing request -> the span's name and attributes.
import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_FULL,
} from '@opentelemetry/semantic-conventions';
import { type ToMethodFacts, toMethodFacts as toKnownMethodFacts } from './method.ts';

/** Not stable yet in the conventions, and so not among the package's constants. */
const ATTR_URL_TEMPLATE = 'url.template';

export interface ClientRequestFacts {
  readonly method: string;
  /** The whole URL, already redacted. */
  readonly url: string;
  /** Host name, address, or the path of a unix socket; already redacted. */
  readonly serverAddress: string;
  readonly serverPort: number | undefined;
  /** A low-cardinality template of the path, where a rule names one. */
  readonly template: string | undefined;
}

export interface SpanFacts {
  readonly name: string;
  readonly attributes: Attributes;
}

/** What a client span knows at its creation, so that samplers can decide on it. */
export function toClientSpan(
  { method, url, serverAddress, serverPort, template }: ClientRequestFacts,
  toMethodFacts: ToMethodFacts = toKnownMethodFacts,
): SpanFacts {
  const facts = toMethodFacts(method);
  const attributes: Attributes = { [ATTR_HTTP_REQUEST_METHOD]: facts.method, [ATTR_SERVER_ADDRESS]: serverAddress };
  if (serverPort !== undefined) attributes[ATTR_SERVER_PORT] = serverPort;
  attributes[ATTR_URL_FULL] = url;
  if (facts.original !== undefined) attributes[ATTR_HTTP_REQUEST_METHOD_ORIGINAL] = facts.original;
  if (template === undefined) return { name: facts.nameOf, attributes };
  attributes[ATTR_URL_TEMPLATE] = template;
  return { name: `${facts.nameOf} ${template}`, attributes };
}
