// Made by the http and http2 servers: starts a span for a request that was received, and settles what is known only when it ends.
import type { Socket } from 'node:net';
import { type Context, type Span, SpanKind, trace } from '@opentelemetry/api';
import { type RPCMetadata, suppressTracing } from '@opentelemetry/core';
import { ATTR_HTTP_REQUEST_METHOD, ATTR_HTTP_ROUTE } from '@opentelemetry/semantic-conventions';
import { type SocketPeer, readPeer } from '../hooks/socket-peer.ts';
import { type AbsoluteUrl, type Authority, pathOf, queryOf, splitAbsoluteUrl } from '../http-semconv/authority.ts';
import { type Incoming, type Origin, readOrigin } from '../http-semconv/forwarded.ts';
import { toRoutedName, toServerSpan } from '../http-semconv/server-span.ts';
import type { RequestFacts } from '../url-rules/match.ts';
import type { Header } from './capture/header-capture.ts';
import { createRepeatedTexts } from './repeated-texts.ts';
import { RequestContext } from './request-context.ts';
import { RequestRoute } from './request-route.ts';
import type { InstrumentationTools, OpenSpan } from './tools.ts';

/** A request as it was received, nothing of it redacted. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query, absolute-form, authority-form or `*`. */
  readonly target: string;
  /** Who was asked for, where the protocol has a place for it besides Host and the target. */
  readonly authority?: string | undefined;
  readonly encrypted: boolean;
  header(name: string): string | undefined;
  /** All headers, for those that are captured. */
  headers(): Iterable<Header>;
  /** The context that the sender put into the headers. */
  readonly parent: Context;
  readonly socket: Socket | undefined;
  readonly protocolVersion: string;
}

export interface ServerSpan extends OpenSpan {
  /** What the application does for the request happens in it. */
  readonly context: RequestContext;
  /** Frameworks write the route of the request into it. */
  readonly rpc: RequestRoute;
  /** The name it was born with. */
  readonly name: string;
}

export interface StartedRequest {
  /** The context to handle the request in. */
  readonly context: Context;
  /** Undefined for a request that is ignored or not sampled: nothing more is to be done for it. */
  readonly open: ServerSpan | undefined;
}

/** Of a request whose session is gone already. */
const NOBODY: SocketPeer = { address: undefined, port: undefined };

/** Makes the function that starts server spans, or suppresses tracing below a request that is ignored. */
export function createServerSpans({
  tracer,
  redactor,
  urlRules,
  capture,
  sampling,
  toMethodFacts,
  trustForwarded,
}: InstrumentationTools): (request: ReceivedRequest) => StartedRequest {
  const redact = createRepeatedTexts(redactor);
  const redactHost = (given: Authority): Authority => {
    const host = redact(given.host);
    return host === given.host ? given : { host, port: given.port };
  };

  return (request) => {
    const { method, target, parent } = request;
    const facts = new ReceivedFacts(request, trustForwarded);
    const decision = urlRules.decide(facts);
    if (decision.ignored) return { context: suppressTracing(parent), open: undefined };
    const sampled = sampling.decide(parent, decision.sample);
    if ('dropped' in sampled) return { context: new RequestContext(parent, sampled.dropped), open: undefined };
    const { origin, peer } = facts;
    const userAgent = request.header('user-agent');
    const { name, attributes } = toServerSpan(
      {
        method: redact(method),
        target: urlRules.cleanTarget(target, facts, decision),
        origin: {
          scheme: redact(origin.scheme),
          server: redactHost(origin.server),
          client: redactHost(origin.client),
        },
        userAgent: userAgent === undefined ? undefined : redact(userAgent),
        peerAddress: peer.address,
        peerPort: peer.port,
        protocolVersion: request.protocolVersion,
        route: decision.name,
      },
      toMethodFacts,
    );
    const captured = capture.of('server', decision.capture, decision.redactor);
    if (captured !== undefined) Object.assign(attributes, captured.headers('request', request.headers()));
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, sampled.startIn);
    if (!span.isRecording()) return { context: new RequestContext(parent, span), open: undefined };
    const rpc = new RequestRoute(span);
    // Its `route` may be undefined where the type has none; the interface is older than the difference.
    const entered = new RequestContext(parent, span, rpc as RPCMetadata);
    return { context: entered, open: { span, captured, context: entered, rpc, name } };
  };
}

/**
 * What rules are tried on, and the span is told of. Read when it is asked for: most configurations have no rules, and a request that is
 * not sampled needs nothing of it.
 */
class ReceivedFacts implements RequestFacts, Incoming {
  readonly direction = 'server';
  readonly method: string;
  readonly trustForwarded: boolean;
  readonly #request: ReceivedRequest;
  #peer: SocketPeer | undefined;
  #origin: Origin | undefined;

  constructor(request: ReceivedRequest, trustForwarded: boolean) {
    this.method = request.method;
    this.#request = request;
    this.trustForwarded = trustForwarded;
  }

  /**
   * @note A method. As a function that the facts kept, it made V8 keep them, and their requests, through two collections of what is young for the
   * first seconds of a program, and so ask for twice the memory.
   */
  header(name: string): string | undefined {
    return this.#request.header(name);
  }

  get scheme(): string {
    return this.origin.scheme;
  }

  get authority(): string {
    return this.targetHost ?? this.header('host') ?? 'localhost';
  }

  get path(): string {
    return pathOf(this.#local);
  }

  get query(): string | undefined {
    return queryOf(this.#local);
  }

  get peer(): SocketPeer {
    const { socket } = this.#request;
    return (this.#peer ??= socket === undefined ? NOBODY : readPeer(socket));
  }

  get origin(): Origin {
    return (this.#origin ??= readOrigin(this));
  }

  get encrypted(): boolean {
    return this.#request.encrypted;
  }

  get remoteAddress(): string | undefined {
    return this.peer.address;
  }

  local(): Authority {
    const { socket } = this.#request;
    return { host: socket?.localAddress ?? '', port: socket?.localPort };
  }

  /** Path and query. */
  get #local(): string {
    return splitTarget(this.#request.target)?.rest ?? this.#request.target;
  }

  get targetHost(): string | undefined {
    return splitTarget(this.#request.target)?.authority ?? this.#request.authority;
  }
}

/** A target in absolute-form, in its parts. Almost all begin with a slash, and are none. */
function splitTarget(target: string): AbsoluteUrl | undefined {
  return target.startsWith('/') ? undefined : splitAbsoluteUrl(target);
}

/**
 * Called when the span ends: records the route that a framework found, and names the span after it.
 * A route of a URL rule goes before, and a name that somebody gave the span stays.
 */
export function settleRoute({ span, rpc, name }: ServerSpan): void {
  if (!isReadable(span)) return;
  const known = span.textOf(ATTR_HTTP_ROUTE);
  const route: unknown = known ?? rpc.route;
  if (typeof route !== 'string' || route === '') return;
  if (known === undefined) span.setAttribute(ATTR_HTTP_ROUTE, route);
  if (span.name !== name) return;
  const routed = toRoutedName(span.textOf(ATTR_HTTP_REQUEST_METHOD), route);
  if (routed !== name) span.updateName(routed);
}

/** Ends the span; what outlives the request holds no more than its ids. */
export function endServerSpan({ span, context, rpc }: ServerSpan): void {
  span.end();
  const ids = trace.wrapSpanContext(span.spanContext());
  context.letGo(ids);
  rpc.letGo(ids);
}

/** The API's spans can only be written; ours can be read as well. */
function isReadable(span: Span): span is Span & { readonly name: string; textOf(name: string): string | undefined } {
  return 'textOf' in span;
}
