// Made by server.ts: starts a span for a request that a server received, and settles what is known only when it ends.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Attributes, type Context, type Span, SpanKind, trace } from '@opentelemetry/api';
import { type RPCMetadata, RPCType, setRPCMetadata, suppressTracing } from '@opentelemetry/core';
import { ATTR_HTTP_ROUTE } from '@opentelemetry/semantic-conventions';
import { pathOf, queryOf, splitAbsoluteUrl } from '../../http-semconv/authority.ts';
import { readOrigin } from '../../http-semconv/forwarded.ts';
import { toRoutedName, toServerSpan } from '../../http-semconv/server-span.ts';
import type { RequestFacts } from '../../url-rules/match.ts';
import { pairs, toText } from '../capture/headers-of.ts';
import type { InstrumentationTools, OpenSpan } from '../tools.ts';

export interface ServerSpan extends OpenSpan {
  /** What the application does for the request happens in it. */
  readonly context: Context;
  /** Frameworks write the route of the request into it. */
  readonly rpc: RPCMetadata;
  /** The name it was born with. */
  readonly name: string;
}

export interface ReceivedRequest {
  /** The context to handle the request in. */
  readonly context: Context;
  /** Undefined for a request that is ignored or not sampled: nothing more is to be done for it. */
  readonly open: ServerSpan | undefined;
}

/** Returns what starts the span of a received request. */
export function createServerSpans({
  tracer,
  redactor,
  urlRules,
  capture,
  traceHeaders,
  sampling,
  trustForwarded,
}: InstrumentationTools): (request: IncomingMessage, socket: Socket) => ReceivedRequest {
  const redactMaybe = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : redactor.redact(text, 'string');

  return (request, socket) => {
    const header = (name: string): string | undefined => toText(request.headers[name]);
    const parent = traceHeaders.extract(request.headers);
    const { method = 'GET', url: rawTarget = '' } = request;
    const absolute = splitAbsoluteUrl(rawTarget);
    const local = absolute?.rest ?? rawTarget;
    const origin = readOrigin(header, {
      trustForwarded,
      targetHost: absolute?.authority,
      encrypted: 'encrypted' in socket && socket.encrypted === true,
      remoteAddress: socket.remoteAddress,
      localAddress: socket.localAddress,
      localPort: socket.localPort,
    });
    const facts: RequestFacts = {
      direction: 'server',
      method,
      scheme: origin.scheme,
      authority: absolute?.authority ?? header('host') ?? 'localhost',
      path: pathOf(local),
      query: queryOf(local),
      header,
    };
    const decision = urlRules.decide(facts);
    if (decision.ignored) return { context: suppressTracing(parent), open: undefined };
    const sampled = sampling.decide(parent, decision.sample);
    if ('dropped' in sampled) return { context: sampled.dropped, open: undefined };
    const { name, attributes } = toServerSpan({
      method: redactor.redact(method, 'string'),
      target: urlRules.cleanTarget(rawTarget, facts, decision),
      origin: {
        scheme: redactor.redact(origin.scheme, 'string'),
        server: { ...origin.server, host: redactor.redact(origin.server.host, 'string') },
        client: { ...origin.client, host: redactor.redact(origin.client.host, 'string') },
      },
      userAgent: redactMaybe(header('user-agent')),
      peerAddress: socket.remoteAddress,
      peerPort: socket.remotePort,
      protocolVersion: request.httpVersion,
      route: decision.name,
    });
    const captured = capture.of('server', decision.capture, decision.redactor);
    if (captured !== undefined) Object.assign(attributes, captured.headers('request', pairs(request.headers)));
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, sampled.startIn);
    const entered = trace.setSpan(parent, span);
    if (!span.isRecording()) return { context: entered, open: undefined };
    const rpc: RPCMetadata = { type: RPCType.HTTP, span };
    const routed = setRPCMetadata(entered, rpc);
    return { context: routed, open: { span, captured, context: routed, rpc, name } };
  };
}

/**
 * Called when the span ends: records the route that a framework found, and names the span after it.
 * A route of a URL rule goes before, and a name that somebody gave the span stays.
 */
export function settleRoute({ span, rpc, name }: ServerSpan): void {
  if (!isReadable(span)) return;
  const known = span.attributes[ATTR_HTTP_ROUTE];
  const route: unknown = known ?? rpc.route;
  if (typeof route !== 'string' || route === '') return;
  if (known === undefined) span.setAttribute(ATTR_HTTP_ROUTE, route);
  const routed = toRoutedName(span.attributes, route);
  if (span.name === name && routed !== name) span.updateName(routed);
}

/** The API's spans can only be written; the SDK's, which records, can be read as well. */
function isReadable(span: Span): span is Span & { readonly name: string; readonly attributes: Attributes } {
  return 'name' in span && 'attributes' in span;
}
