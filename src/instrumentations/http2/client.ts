// Enabled by enable-requests.ts: a span for every request that the program makes with http2. Twin of server.ts.
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { context } from '@opentelemetry/api';
import { subscribe } from '../../hooks/channels.ts';
import { type PreparedRequest, watchHttp2Requests } from '../../hooks/http2-requests.ts';
import { tapIncoming, tapOutgoing } from '../../hooks/stream-taps.ts';
import { toServerGoneOutcome } from '../../http-semconv/outcome.ts';
import { type ClientExchange, createClientExchanges } from '../client-exchange.ts';
import { applyOutcome } from '../end-span.ts';
import { OpenRequests } from '../open-requests.ts';
import type { Instrumentation, InstrumentationTools } from '../tools.ts';
import { fields } from './headers.ts';
import { readSession } from './read-session.ts';
import { copyHeaders, readHeader, readRequest, setHttp2Header, toObject } from './request-headers.ts';
import { destroyedBy, findBreak, isErrorToCome } from './stream-end.ts';
import { isError } from '../../http-semconv/is-error.ts';

interface OpenStream {
  readonly exchange: ClientExchange;
  /** As they are sent, trace headers and all. */
  readonly request: OutgoingHttpHeaders;
  /** Undefined until the response begins. */
  response?: IncomingHttpHeaders;
}

/** Traces the requests of client sessions: they begin at `session.request()` and end with their stream. A push has no request and no span. */
export function enableHttp2Client(tools: InstrumentationTools): Instrumentation {
  const startExchange = createClientExchanges(tools);
  /** A stream leaves it at the latest when its session closes. */
  const openStreams = new OpenRequests<ClientHttp2Stream, OpenStream>();

  function prepare(session: ClientHttp2Session, given: unknown): PreparedRequest | undefined {
    const facts = readSession(session);
    const headers = facts.isOfUndici ? undefined : copyHeaders(given);
    if (headers === undefined) return undefined;
    let isChanged = false;
    const exchange = startExchange({
      ...readRequest(facts, toObject(headers)),
      parent: context.active(),
      setHeader(name, value) {
        isChanged = true;
        setHttp2Header(headers, name, value);
      },
    });
    if (exchange !== undefined) {
      return {
        headers,
        made: (stream) => start(stream, { exchange, request: toObject(headers) }),
        failed: (error) => exchange.fail(error),
      };
    }
    // A request that is not sampled has no span, but still carries its trace.
    return isChanged ? { headers, made: () => {}, failed: () => {} } : undefined;
  }

  function start(stream: ClientHttp2Stream, open: OpenStream): void {
    openStreams.set(stream, open);
    const { span, captured } = open.exchange;
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
    const { exchange } = open;
    exchange.answered({ status: Number(headers[':status']), location: headers.location });
    exchange.speaks('2');
    exchange.connected(stream.session?.socket);
    const { span, captured } = exchange;
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
    if (reason === undefined) open.exchange.end();
    else open.exchange.fail(reason);
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
    if (broken !== undefined) applyOutcome(open.exchange.span, toServerGoneOutcome(broken.type, broken.message));
    open.exchange.end();
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
      for (const [stream] of openStreams.list()) take(stream)?.exchange.end();
    },
  };
}

/** What is known only now: the request's headers as they were sent, and the bodies. */
function complete({ exchange: { span, captured }, request, response = {} }: OpenStream): void {
  if (captured === undefined || !span.isRecording()) return;
  span.setAttributes(captured.headers('request', fields(request)));
  span.setAttributes(captured.bodies((side, name) => readHeader(side === 'request' ? request : response, name)));
}

/** Why a stream failed: what stands behind a pending stream's cancellation. It is the caller's own when nothing does. */
function toReason(error: unknown): unknown {
  if (!isError(error) || !('code' in error) || error.code !== 'ERR_HTTP2_STREAM_CANCEL') return error;
  return error.cause;
}
