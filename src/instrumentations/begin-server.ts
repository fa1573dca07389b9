// Called by the http and http2 server instrumentations when a request arrives: plain facts of it -> its span and the context of its handler.
import { type Context, SpanKind, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { pathOf, queryOf, splitAbsoluteUrl } from '../http-semconv/authority.ts';
import { type HeaderReader, readOrigin } from '../http-semconv/forwarded.ts';
import { toServerSpan } from '../http-semconv/server-span.ts';
import type { RequestFacts } from '../url-rules/match.ts';
import { setSampleRatio } from '../url-rules/sample-ratio.ts';
import type { Header } from './capture/header-capture.ts';
import type { InstrumentationTools, OpenSpan } from './tools.ts';

/** A request as it was received, nothing of it redacted. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query, absolute-form, authority-form or `*`. */
  readonly target: string;
  /** Who was asked for, where the protocol has a place for it besides Host and the target. */
  readonly authority?: string | undefined;
  readonly encrypted: boolean;
  readonly header: HeaderReader;
  readonly headers: Iterable<Header>;
  /** The context that the sender put into the headers. */
  readonly parent: Context;
  readonly peerAddress: string | undefined;
  readonly peerPort: number | undefined;
  readonly protocolVersion: string;
}

/** The context for what the application does for a request, and its span unless it is ignored. */
export interface BegunRequest {
  readonly entered: Context;
  readonly open: OpenSpan | undefined;
}

/** Begins the span of a received request, or suppresses tracing for one that is ignored. */
export function beginServer(
  { tracer, redactor, urlRules, capture }: InstrumentationTools,
  { method, target, header, parent, peerAddress, peerPort, ...request }: ReceivedRequest,
): BegunRequest {
  const absolute = splitAbsoluteUrl(target);
  const local = absolute?.rest ?? target;
  const authority = absolute?.authority ?? request.authority;
  const origin = readOrigin(header, {
    targetHost: authority,
    encrypted: request.encrypted,
    remoteAddress: peerAddress,
  });
  const facts: RequestFacts = {
    direction: 'server',
    method,
    scheme: origin.scheme,
    authority: authority ?? header('host') ?? 'localhost',
    path: pathOf(local),
    query: queryOf(local),
    header,
  };
  const decision = urlRules.decide(facts);
  if (decision.ignored) return { entered: suppressTracing(parent), open: undefined };
  const userAgent = header('user-agent');
  const { name, attributes } = toServerSpan({
    method: redactor.redact(method, 'string'),
    target: urlRules.cleanTarget(target, facts, decision),
    origin: {
      scheme: redactor.redact(origin.scheme, 'string'),
      server: { ...origin.server, host: redactor.redact(origin.server.host, 'string') },
      client: { ...origin.client, host: redactor.redact(origin.client.host, 'string') },
    },
    userAgent: userAgent === undefined ? undefined : redactor.redact(userAgent, 'string'),
    peerAddress,
    peerPort,
    protocolVersion: request.protocolVersion,
    route: decision.name,
  });
  const captured = capture.of('server', decision.capture, decision.redactor);
  if (captured !== undefined) Object.assign(attributes, captured.headers('request', request.headers));
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, setSampleRatio(parent, decision.sample));
  return { entered: trace.setSpan(parent, span), open: { span, captured } };
}
