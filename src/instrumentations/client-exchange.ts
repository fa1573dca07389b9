// Made by the http and undici clients for every request that they trace: the life of a client span, the same whatever sends the request.
import type { Socket } from 'node:net';
import { type Context, type Span, SpanKind, isSpanContextValid, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import {
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_VERSION,
} from '@opentelemetry/semantic-conventions';
import { readPeer } from '../hooks/socket-peer.ts';
import { pathOf, queryOf } from '../http-semconv/authority.ts';
import { toClientSpan } from '../http-semconv/client-span.ts';
import { type ClientTarget, toUrl } from '../http-semconv/client-target.ts';
import { isCancel, toResponseOutcome } from '../http-semconv/outcome.ts';
import type { Redactor } from '../redaction/create-redactor.ts';
import type { RequestFacts } from '../url-rules/match.ts';
import type { Captured } from './capture/capture.ts';
import { applyOutcome, endWithError } from './end-span.ts';
import { createRepeatedTexts } from './repeated-texts.ts';
import { RequestContext } from './request-context.ts';
import { type Attempt, Resends } from './resends.ts';
import type { InstrumentationTools, OpenSpan } from './tools.ts';

/** A request that is about to be sent, as its client says it. */
export interface OutgoingRequest {
  /** What it happens in. */
  readonly parent: Context;
  readonly method: string;
  readonly target: ClientTarget;
  /** The path of the unix socket that the connection goes to. */
  readonly socketPath?: string | undefined;
  header(name: string): string | undefined;
  /** Puts a header that carries the trace on it. */
  setHeader(name: string, value: string): void;
  /** The number of the repeat, where the client itself tells; where it does not, it is found out. */
  readonly resendCount?: number | undefined;
}

/** What an answer says of itself. */
export interface Answer {
  readonly status: number;
  readonly location: string | undefined;
}

/** An open client span. Whoever holds it ends it once, by `end` or by `fail`. */
export interface ClientExchange extends OpenSpan {
  readonly parent: Context;
  readonly resendCount: number;
  /** The connection is known, and perhaps who is at its other end. */
  connected(socket: Socket | null | undefined): void;
  answered(answer: Answer): void;
  speaks(protocolVersion: string): void;
  /** The request failed. A caller's own cancel just ends the span. */
  fail(error: unknown): void;
  end(): void;
}

/** Makes the function that starts client spans, and sends the trace on; it returns undefined for requests that get no span. */
export function createClientExchanges(
  tools: InstrumentationTools,
): (request: OutgoingRequest) => ClientExchange | undefined {
  const { tracer, redactor, urlRules, capture, traceHeaders, sampling, toMethodFacts, requireParent } = tools;
  const resends = new Resends();
  const redact = createRepeatedTexts(redactor);

  return (request) => {
    const { parent, method, target, socketPath } = request;
    if (isTracingSuppressed(parent) || (requireParent && !isInTrace(parent))) return undefined;
    const facts = new SentFacts(request);
    const decision = urlRules.decide(facts);
    if (decision.ignored) return undefined;
    const sampled = sampling.decide(parent, decision.sample);
    if ('dropped' in sampled) {
      traceHeaders.inject(new RequestContext(parent, sampled.dropped), request, facts);
      return undefined;
    }
    const url = toUrl(target);
    const attempt: Attempt = { method, url, count: request.resendCount ?? resends.take(parent, { method, url }) };
    const { name, attributes } = toClientSpan(
      {
        method: redact(method),
        url: urlRules.cleanUrl(url, facts, decision),
        template: decision.name,
        serverAddress: redact(socketPath ?? target.address),
        serverPort: socketPath === undefined ? target.port : undefined,
      },
      toMethodFacts,
    );
    if (attempt.count > 0) attributes[ATTR_HTTP_REQUEST_RESEND_COUNT] = attempt.count;
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, sampled.startIn);
    traceHeaders.inject(new RequestContext(parent, span), request, facts);
    const captured = capture.of('client', decision.capture, decision.redactor);
    return new OpenExchange({ span, parent, attempt, captured, resends, redactor });
  };
}

/** What rules are tried on. Its header is a method for the reason that server-spans.ts gives. */
class SentFacts implements RequestFacts {
  readonly direction = 'client';
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly #request: OutgoingRequest;

  constructor(request: OutgoingRequest) {
    const { method, target } = request;
    this.method = method;
    this.scheme = target.scheme;
    this.authority = target.authority;
    this.#request = request;
  }

  get path(): string {
    return pathOf(this.#request.target.rest);
  }

  get query(): string | undefined {
    return queryOf(this.#request.target.rest);
  }

  header(name: string): string | undefined {
    return this.#request.header(name);
  }
}

type Parts = Pick<ClientExchange, 'span' | 'parent' | 'captured'> & {
  readonly attempt: Attempt;
  readonly resends: Resends;
  readonly redactor: Redactor;
};

/** A class, so that a request needs one object and not a function for each thing that can happen to it. */
class OpenExchange implements ClientExchange {
  readonly span: Span;
  readonly parent: Context;
  readonly captured: Captured | undefined;
  readonly #attempt: Attempt;
  readonly #resends: Resends;
  readonly #redactor: Redactor;
  #isPeerKnown = false;

  constructor({ span, parent, captured, attempt, resends, redactor }: Parts) {
    this.span = span;
    this.parent = parent;
    this.captured = captured;
    this.#attempt = attempt;
    this.#resends = resends;
    this.#redactor = redactor;
  }

  get resendCount(): number {
    return this.#attempt.count;
  }

  connected(socket: Socket | null | undefined): void {
    if (this.#isPeerKnown || !socket) return;
    const { address, port } = readPeer(socket);
    if (address === undefined) return;
    this.#isPeerKnown = true;
    this.span.setAttribute(ATTR_NETWORK_PEER_ADDRESS, address);
    if (port !== undefined) this.span.setAttribute(ATTR_NETWORK_PEER_PORT, port);
  }

  speaks(protocolVersion: string): void {
    this.span.setAttribute(ATTR_NETWORK_PROTOCOL_VERSION, protocolVersion);
  }

  answered(answer: Answer): void {
    applyOutcome(this.span, toResponseOutcome('client', answer.status));
    this.#resends.answered(this.parent, this.#attempt, answer);
  }

  fail(error: unknown): void {
    if (!isCancel(error)) this.#resends.failed(this.parent, this.#attempt);
    endWithError(this.span, error, this.#redactor);
  }

  end(): void {
    this.span.end();
  }
}

function isInTrace(parent: Context): boolean {
  const spanContext = trace.getSpanContext(parent);
  return spanContext !== undefined && isSpanContextValid(spanContext);
}
