// Called by the http and http2 client instrumentations when a request is made: plain facts of it -> its span.
import { type Context, SpanKind } from '@opentelemetry/api';
import { pathOf, queryOf, splitAuthority, toDefaultPort } from '../http-semconv/authority.ts';
import { toClientSpan } from '../http-semconv/client-span.ts';
import type { HeaderReader } from '../http-semconv/forwarded.ts';
import type { RequestFacts } from '../url-rules/match.ts';
import { setSampleRatio } from '../url-rules/sample-ratio.ts';
import type { InstrumentationTools, OpenSpan } from './tools.ts';

/** A request that is about to be sent, nothing of it redacted. */
export interface SentRequest {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  /** Path and query; empty for a CONNECT. */
  readonly target: string;
  /** `server.address`, where the authority does not say it: the path of a unix socket. */
  readonly socketPath?: string | undefined;
  readonly header: HeaderReader;
}

/** Begins the span of a request, unless it is ignored. */
export function beginClient(
  { tracer, redactor, urlRules, capture }: InstrumentationTools,
  { method, scheme, authority, target, socketPath, header }: SentRequest,
  parent: Context,
): OpenSpan | undefined {
  const facts: RequestFacts = {
    direction: 'client',
    method,
    scheme,
    authority,
    path: pathOf(target),
    query: queryOf(target),
    header,
  };
  const decision = urlRules.decide(facts);
  if (decision.ignored) return undefined;
  const server = splitAuthority(authority);
  const { name, attributes } = toClientSpan({
    method: redactor.redact(method, 'string'),
    url: urlRules.cleanUrl(`${scheme}://${authority}${target}`, facts, decision),
    template: decision.name,
    serverAddress: redactor.redact(socketPath ?? server.host, 'string'),
    serverPort: socketPath === undefined ? (server.port ?? toDefaultPort(scheme)) : undefined,
  });
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, setSampleRatio(parent, decision.sample));
  return { span, captured: capture.of('client', decision.capture, decision.redactor) };
}
