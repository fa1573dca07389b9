// Enabled by agent.ts: a span for every request that the program makes with http2. Twin of server.ts.
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { context, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import {
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_VERSION,
} from '@opentelemetry/semantic-conventions';
import { subscribe } from '../../hooks/channels.ts';
import { type PreparedRequest, watchHttp2Requests } from '../../hooks/http2-requests.ts';
import { tapIncoming, tapOutgoing } from '../../hooks/stream-taps.ts';
import { toResponseOutcome, toServerGoneOutcome } from '../../http-semconv/outcome.ts';
import { beginClient } from '../begin-client.ts';
import { applyOutcome, endWithError } from '../end-span.ts';
import type { Instrumentation, InstrumentationTools, OpenSpan } from '../tools.ts';
import { fields } from './headers.ts';
import { readSession } from './read-session.ts';
import { copyHeaders, readHeader, readRequest, setHttp2Header, toObject } from './request-headers.ts';
import { destroyedBy, findBreak, isErrorToCome } from './stream-end.ts';

interface OpenStream extends OpenSpan {
  /** As they are sent, trace headers and all. */
  readonly request: OutgoingHttpHeaders;
  /** Undefined until the response begins. */
  response?: IncomingHttpHeaders;
}

/** Traces the requests of client sessions: they begin at `session.request()` and end with their stream. A push has no request and no span. */
export function enableHttp2Client(tools: InstrumentationTools): Instrumentation {
  const { redactor, traceHeaders } = tools;
  /** A stream leaves it at the latest when its session closes. */
  const openStreams = new Map<ClientHttp2Stream, OpenStream>();

  function prepare(session: ClientHttp2Session, given: unknown): PreparedRequest | undefined {
    const parent = context.active();
    if (isTracingSuppressed(parent)) return undefined;
    const facts = readSession(session);
    const headers = facts.isOfUndici ? undefined : copyHeaders(given);
    if (headers === undefined) return undefined;
    const open = beginClient(tools, readRequest(facts, toObject(headers)), parent);
    if (open === undefined) return undefined;
    traceHeaders.inject(trace.setSpan(parent, open.span), headers, setHttp2Header);
    return {
      headers,
      made: (stream) => start(stream, { ...open, request: toObject(headers) }),
      failed: (error) => endWithError(open.span, error, redactor),
    };
  }

  function start(stream: ClientHttp2Stream, open: OpenStream): void {
    openStreams.set(stream, open);
    const { span, captured } = open;
    if (captured !== undefined && span.isRecording()) {
      const body = captured.record('request');
      if (body !== undefined) tapOutgoing(stream, (chunk, encoding) => body.add(chunk, encoding));
      captured.hook('request', span, { direction: 'client', request: { stream, headers: open.request } });
    }
    // An AbortSignal that was aborted before destroys the stream before anybody knows it.
    if (stream.destroyed) close({ stream });
  }

  function respond({ stream, headers }: { stream: ClientHttp2Stream; headers: IncomingHttpHeaders }): void {
    const open = openStreams.get(stream);
    if (open === undefined || open.response !== undefined) return;
    open.response = headers;
    const { span, captured } = open;
    applyOutcome(span, toResponseOutcome('client', Number(headers[':status'])));
    span.setAttribute(ATTR_NETWORK_PROTOCOL_VERSION, '2');
    const { remoteAddress, remotePort } = stream.session?.socket ?? {};
    if (remoteAddress !== undefined) span.setAttribute(ATTR_NETWORK_PEER_ADDRESS, remoteAddress);
    if (remotePort !== undefined) span.setAttribute(ATTR_NETWORK_PEER_PORT, remotePort);
    if (captured === undefined || !span.isRecording()) return;
    span.setAttributes(captured.headers('response', fields(headers)));
    const body = captured.record('response');
    if (body !== undefined) tapIncoming(stream, (chunk, encoding) => body.add(chunk, encoding));
    const request = { stream, headers: open.request };
    captured.hook('response', span, { direction: 'client', request, response: { stream, headers } });
  }

  function take(stream: ClientHttp2Stream): OpenStream | undefined {
    const open = openStreams.get(stream);
    openStreams.delete(stream);
    if (open !== undefined) complete(open);
    return open;
  }

  function fail({ stream, error }: { stream: ClientHttp2Stream; error: unknown }): void {
    const open = take(stream);
    if (open === undefined) return;
    const reason = toReason(error);
    if (reason === undefined) open.span.end();
    else endWithError(open.span, reason, redactor);
  }

  /** @note Node has no error for a stream that is cancelled, from either end, and none for one whose connection just ends. */
  function close({ stream }: { stream: ClientHttp2Stream }): void {
    const error = destroyedBy(stream);
    if (error !== undefined) fail({ stream, error });
    else if (!isErrorToCome(stream)) end(stream);
  }

  function end(stream: ClientHttp2Stream): void {
    const open = take(stream);
    if (open === undefined) return;
    const broken = findBreak(stream, open.response !== undefined);
    if (broken !== undefined) applyOutcome(open.span, toServerGoneOutcome(broken.type, broken.message));
    open.span.end();
  }

  const watch = watchHttp2Requests(prepare);
  const subscription = subscribe({
    'http2.client.stream.finish': respond,
    'http2.client.stream.error': fail,
    'http2.client.stream.close': close,
  });
  return {
    [Symbol.dispose]() {
      watch[Symbol.dispose]();
      subscription[Symbol.dispose]();
    },
    endWhatIsOver() {
      for (const [stream, { response }] of openStreams) {
        if (response !== undefined && stream.readableEnded) take(stream)?.span.end();
      }
    },
  };
}

/** What is known only now: the request's headers as they were sent, and the bodies. */
function complete({ span, captured, request, response = {} }: OpenStream): void {
  if (captured === undefined || !span.isRecording()) return;
  span.setAttributes(captured.headers('request', fields(request)));
  span.setAttributes(captured.bodies((side, name) => readHeader(side === 'request' ? request : response, name)));
}

/** Why a stream failed: what stands behind a pending stream's cancellation. It is the caller's own when nothing does. */
function toReason(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_HTTP2_STREAM_CANCEL') return error;
  return error.cause;
}
