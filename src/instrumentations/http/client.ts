// Enabled by agent.ts: a span for every request that the program makes with http or https. Twin of server.ts.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { SpanKind, context, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import {
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_VERSION,
} from '@opentelemetry/semantic-conventions';
import { subscribe } from '../../hooks/channels.ts';
import { readRequestHeader, setRequestHeader } from '../../hooks/request-headers.ts';
import { readPeer } from '../../hooks/socket-peer.ts';
import { tapIncoming, tapOutgoing } from '../../hooks/stream-taps.ts';
import { pathOf, queryOf, splitAbsoluteUrl, splitAuthority, toDefaultPort } from '../../http-semconv/authority.ts';
import { toClientSpan } from '../../http-semconv/client-span.ts';
import { toResponseOutcome } from '../../http-semconv/outcome.ts';
import { guard } from '../../log/guard.ts';
import type { RequestFacts } from '../../url-rules/match.ts';
import { setSampleRatio } from '../../url-rules/sample-ratio.ts';
import { applyOutcome, endWithError } from '../end-span.ts';
import { pairs, toText } from '../capture/headers-of.ts';
import type { Instrumentation, InstrumentationTools, OpenSpan } from '../tools.ts';

/** Traces clients by Node's diagnostics channels: `request`, `get`, `new ClientRequest` and every import style pass there. */
export function enableHttpClient({
  tracer,
  redactor,
  urlRules,
  capture,
  traceHeaders,
}: InstrumentationTools): Instrumentation {
  /** Its socket or agent holds a request until it closes, so nothing lives longer for being here; an upgrade does not close it. */
  const openSpans = new Map<ClientRequest, OpenSpan>();
  const upgrades = new WeakMap<ClientRequest, OpenSpan>();

  function start({ request }: { request: ClientRequest }): void {
    const parent = context.active();
    if (isTracingSuppressed(parent)) return;
    const target = readTarget(request);
    const { method } = request;
    const facts: RequestFacts = {
      direction: 'client',
      method,
      scheme: target.scheme,
      authority: target.authority,
      path: pathOf(target.rest),
      query: queryOf(target.rest),
      header: (name) => readRequestHeader(request, name),
    };
    const decision = urlRules.decide(facts);
    if (decision.ignored) return;
    const { name, attributes } = toClientSpan({
      method: redactor.redact(method, 'string'),
      url: urlRules.cleanUrl(`${target.scheme}://${target.authority}${target.rest}`, facts, decision),
      template: decision.name,
      serverAddress: redactor.redact(target.address, 'string'),
      serverPort: target.port,
    });
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, setSampleRatio(parent, decision.sample));
    traceHeaders.inject(trace.setSpan(parent, span), request, setRequestHeader);
    const captured = capture.of('client', decision.capture, decision.redactor);
    (isUpgrade(request) ? upgrades : openSpans).set(request, { span, captured });
    request.once('close', close);
    if (captured === undefined || !span.isRecording()) return;
    const body = captured.record('request');
    if (body !== undefined) tapOutgoing(request, (chunk, encoding) => body.add(chunk, encoding));
    captured.hook('request', span, { direction: 'client', request });
  }

  function take(request: ClientRequest): OpenSpan | undefined {
    const open = openSpans.get(request) ?? upgrades.get(request);
    openSpans.delete(request);
    upgrades.delete(request);
    return open;
  }

  function respond({ request, response }: { request: ClientRequest; response: IncomingMessage }): void {
    const open = openSpans.get(request) ?? upgrades.get(request);
    if (open === undefined) return;
    const { span, captured } = open;
    applyOutcome(span, toResponseOutcome('client', response.statusCode ?? 0));
    span.setAttribute(ATTR_NETWORK_PROTOCOL_VERSION, response.httpVersion);
    const { address, port } = readPeer(response.socket);
    if (address !== undefined) span.setAttribute(ATTR_NETWORK_PEER_ADDRESS, address);
    if (port !== undefined) span.setAttribute(ATTR_NETWORK_PEER_PORT, port);
    if (captured === undefined || !span.isRecording()) return;
    span.setAttributes(captured.headers('response', pairs(response.headers)));
    const body = captured.record('response');
    if (body !== undefined) tapIncoming(response, (chunk, encoding) => body.add(chunk, encoding));
    captured.hook('response', span, { direction: 'client', request, response });
  }

  /** What is known only now: the request's headers as they were sent, and the bodies. */
  function complete({ span, captured }: OpenSpan, request: ClientRequest): void {
    if (captured === undefined || !span.isRecording()) return;
    span.setAttributes(captured.headers('request', pairs(request.getHeaders())));
    const response = responseOf(request);
    span.setAttributes(
      captured.bodies((side, name) =>
        side === 'request' ? readRequestHeader(request, name) : toText(response?.headers[name]),
      ),
    );
  }

  function fail({ request, error }: { request: ClientRequest; error: unknown }): void {
    const open = take(request);
    if (open === undefined) return;
    complete(open, request);
    const { span } = open;
    if (isOwnDestroy(request, error)) span.end();
    else endWithError(span, error, redactor);
  }

  const end = (request: ClientRequest, response: IncomingMessage | undefined): void => {
    const open = take(request);
    if (open === undefined) return;
    complete(open, request);
    const { span } = open;
    if (response?.errored) endWithError(span, response.errored, redactor);
    else span.end();
  };

  /** The request is over; its response may still be read from what was buffered, and the span ends with that. */
  const closed = guard('http client close', (request: ClientRequest): void => {
    const response = responseOf(request);
    if (response === undefined || response.destroyed || response.readableEnded) end(request, response);
    else
      response.once(
        'close',
        guard('http client close', () => end(request, response)),
      );
  });
  function close(this: ClientRequest): void {
    closed(this);
  }

  const subscription = subscribe({
    'http.client.request.created': start,
    'http.client.response.finish': respond,
    'http.client.request.error': fail,
  });
  return {
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
    endWhatIsOver() {
      for (const request of openSpans.keys()) {
        const response = responseOf(request);
        if (response?.complete === true) end(request, response);
      }
    },
  };
}

interface Target {
  readonly scheme: string;
  readonly authority: string;
  /** Path and query. */
  readonly rest: string;
  /** `server.address`: without port and brackets; a unix socket's path. */
  readonly address: string;
  readonly port: number | undefined;
}

function readTarget(request: ClientRequest): Target {
  const absolute = splitAbsoluteUrl(request.path);
  if (absolute !== undefined) return { ...absolute, ...toServer(absolute.authority, absolute.scheme) };
  const scheme = request.protocol.replace(/:$/, '');
  const header = readRequestHeader(request, 'host') ?? '';
  // A Host header of the application's own choice (a virtual host) names the server it means, not the one it connects to.
  const authority = splitAuthority(header).host === '' ? request.host : header;
  const { socketPath } = request as { socketPath?: unknown };
  const server =
    typeof socketPath === 'string' ? { address: socketPath, port: undefined } : toServer(authority, scheme);
  return { scheme, authority, rest: request.path, ...server };
}

function toServer(authority: string, scheme: string): Pick<Target, 'address' | 'port'> {
  const { host, port } = splitAuthority(authority);
  return { address: host, port: port ?? toDefaultPort(scheme) };
}

/** Known when the request is made; a CONNECT is one too. */
function isUpgrade(request: ClientRequest): boolean {
  return request.method === 'CONNECT' || readRequestHeader(request, 'upgrade') !== undefined;
}

/** Node keeps the response on the request as `res`: not documented, but there since the first versions. */
function responseOf(request: ClientRequest): IncomingMessage | undefined {
  return (request as { res?: IncomingMessage | null }).res ?? undefined;
}

/**
 * Tells the caller's own `request.destroy()` from a server that hangs up: both are `ECONNRESET: socket hang up`.
 * @note A server that hangs up ends or breaks the socket first; the caller's destroy does neither.
 */
function isOwnDestroy(request: ClientRequest, error: unknown): boolean {
  if (!request.destroyed || !(error instanceof Error) || error.message !== 'socket hang up') return false;
  const { socket } = request as { socket: ClientRequest['socket'] | null };
  return socket === null || (!socket.readableEnded && socket.errored === null);
}
