// Enabled by agent.ts: a span for every request of the built-in fetch and of the undici package (6 to 8), which share their channels.
import type { Socket } from 'node:net';
import { type Context, SpanKind, context, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import {
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
} from '@opentelemetry/semantic-conventions';
import { subscribe } from '../../hooks/channels.ts';
import { readPeer } from '../../hooks/socket-peer.ts';
import { pathOf, queryOf, splitAbsoluteUrl, splitAuthority, toDefaultPort } from '../../http-semconv/authority.ts';
import { toClientSpan } from '../../http-semconv/client-span.ts';
import { toResponseOutcome } from '../../http-semconv/outcome.ts';
import type { RequestFacts } from '../../url-rules/match.ts';
import { setSampleRatio } from '../../url-rules/sample-ratio.ts';
import { applyOutcome, endWithError } from '../end-span.ts';
import type { BodyRecorder } from '../capture/body-recorder.ts';
import type { InstrumentationTools, OpenSpan } from '../tools.ts';
import { type UndiciRequest, flatPairs, readFlat, setUndiciHeader } from './request-headers.ts';
import { Resends } from './resends.ts';

interface OpenRequest extends OpenSpan {
  readonly parent: Context;
  /** As sent: for comparing, never for recording. */
  readonly url: string;
  readonly resendCount: number;
  readonly recorders: Readonly<Record<'request' | 'response', BodyRecorder | undefined>>;
  response?: UndiciResponse;
}

interface UndiciResponse {
  readonly statusCode: number;
  /** Names and values in turn, as bytes. */
  readonly headers: readonly unknown[];
}

/** Traces fetch and undici by their diagnostics channels; redirects and retries are requests of their own there. */
export function enableUndici({ tracer, redactor, urlRules, capture, traceHeaders }: InstrumentationTools): Disposable {
  const open = new WeakMap<UndiciRequest, OpenRequest>();
  const resends = new Resends();

  function start({ request }: { request: UndiciRequest }): void {
    const parent = context.active();
    if (isTracingSuppressed(parent)) return;
    // A path in absolute-form is for a proxy and names the server that is meant.
    const url = request.path.startsWith('/') ? String(request.origin) + request.path : request.path;
    const { scheme, authority, rest } = splitAbsoluteUrl(url) ?? { scheme: '', authority: '', rest: url };
    const { method } = request;
    const facts: RequestFacts = {
      direction: 'client',
      method,
      scheme,
      authority,
      path: pathOf(rest),
      query: queryOf(rest),
      header: (name) => readFlat(request.headers, name),
    };
    const decision = urlRules.decide(facts);
    if (decision.ignored) return;
    const server = splitAuthority(authority);
    const { name, attributes } = toClientSpan({
      method: redactor.redact(method, 'string'),
      url: urlRules.cleanUrl(url, facts, decision),
      template: decision.name,
      serverAddress: redactor.redact(server.host, 'string'),
      serverPort: server.port ?? toDefaultPort(scheme),
    });
    const resendCount = resends.take(parent, url);
    if (resendCount > 0) attributes[ATTR_HTTP_REQUEST_RESEND_COUNT] = resendCount;
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, setSampleRatio(parent, decision.sample));
    traceHeaders.inject(trace.setSpan(parent, span), request, setUndiciHeader);
    const captured = capture.of('client', decision.capture, decision.redactor);
    const recorders = { request: captured?.record('request'), response: captured?.record('response') };
    open.set(request, { span, captured, recorders, parent, url, resendCount });
    if (span.isRecording()) captured?.hook('request', span, { direction: 'client', request });
  }

  function connect({ request, socket }: { request: UndiciRequest; socket: Socket }): void {
    const span = open.get(request)?.span;
    if (span === undefined) return;
    const { address, port } = readPeer(socket);
    if (address !== undefined) span.setAttribute(ATTR_NETWORK_PEER_ADDRESS, address);
    if (port !== undefined) span.setAttribute(ATTR_NETWORK_PEER_PORT, port);
  }

  function respond({ request, response }: { request: UndiciRequest; response: UndiciResponse }): void {
    const known = open.get(request);
    if (known === undefined) return;
    applyOutcome(known.span, toResponseOutcome('client', response.statusCode));
    if (known.captured !== undefined && known.span.isRecording()) {
      known.response = response;
      known.span.setAttributes(known.captured.headers('response', flatPairs(response.headers)));
      known.captured.hook('response', known.span, { direction: 'client', request, response });
    }
    const location = readLocation(response);
    if (location !== undefined) {
      resends.redirected(known.parent, { url: known.url, location, count: known.resendCount });
    }
  }

  function end({ request }: { request: UndiciRequest }): void {
    const known = open.get(request);
    if (known === undefined) return;
    open.delete(request);
    complete(known, request);
    known.span.end();
  }

  function fail({ request, error }: { request: UndiciRequest; error: unknown }): void {
    const known = open.get(request);
    if (known === undefined) return;
    open.delete(request);
    complete(known, request);
    endWithError(known.span, error, redactor);
  }

  /** What is known only now: the request's headers as they were sent, and the bodies. */
  function complete({ span, captured, response }: OpenRequest, request: UndiciRequest): void {
    if (captured === undefined || !span.isRecording()) return;
    span.setAttributes(captured.headers('request', flatPairs(request.headers)));
    span.setAttributes(
      captured.bodies((side, name) => readFlat(side === 'request' ? request.headers : response?.headers, name)),
    );
  }

  const feed =
    (side: 'request' | 'response') =>
    ({ request, chunk }: { request: UndiciRequest; chunk: Uint8Array | string }): void =>
      open.get(request)?.recorders[side]?.add(chunk);

  return subscribe({
    'undici:request:create': start,
    'undici:client:sendHeaders': connect,
    'undici:request:headers': respond,
    'undici:request:trailers': end,
    'undici:request:error': fail,
    // A channel costs as soon as somebody listens. undici 6 (Node 22) has neither of the two.
    ...(capture.mayRecord('client') && {
      'undici:request:bodyChunkSent': feed('request'),
      'undici:request:bodyChunkReceived': feed('response'),
    }),
  });
}

function readLocation({ statusCode, headers }: UndiciResponse): string | undefined {
  if (statusCode < 300 || statusCode > 399) return undefined;
  const index = headers.findIndex((text, at) => at % 2 === 0 && String(text).toLowerCase() === 'location');
  return index < 0 ? undefined : String(headers[index + 1]);
}
