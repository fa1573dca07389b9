// Enabled by enable-requests.ts: a span for every request that an http2 server of the program receives. Twin of client.ts.
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { subscribe } from '../../hooks/channels.ts';
import { keepStreamContext } from '../../hooks/http2-context.ts';
import { isPushed } from '../../hooks/http2-requests.ts';
import { tapIncoming, tapOutgoing } from '../../hooks/stream-taps.ts';
import { watchUncaught } from '../../hooks/uncaught.ts';
import { toResponseOutcome } from '../../http-semconv/outcome.ts';
import { EXIT_CUT, toCutOutcome, toStatusAttributes } from '../../http-semconv/server-ending.ts';
import { guard } from '../../log/guard.ts';
import type { BodyRecorder } from '../capture/body-recorder.ts';
import type { Captured } from '../capture/capture.ts';
import { toText } from '../capture/headers-of.ts';
import { applyError, applyOutcome, endWithError } from '../end-span.ts';
import { OpenRequests } from '../open-requests.ts';
import { type ServerSpan, createServerSpans, settleRoute } from '../server-spans.ts';
import type { Instrumentation, InstrumentationTools } from '../tools.ts';
import { fields } from './headers.ts';
import { destroyedBy, isErrorToCome, isFileUnderWay, isWhole } from './stream-end.ts';
import { readHeader } from './request-headers.ts';

interface OpenStream extends ServerSpan {
  readonly request: IncomingHttpHeaders;
  /** Node tells of a response that the application writes, not of a file that it sends itself. */
  isWritten: boolean;
  /** True once an exception was recorded: what the response says afterwards does not take it back. */
  hasThrown: boolean;
  /** Begins to record the response's body. */
  record?(): void;
}

/** Traces servers, their stream API and their compatibility API alike: they begin when their headers came and end with their stream. */
export function enableHttp2Server(tools: InstrumentationTools): Instrumentation {
  const { redactor, traceHeaders } = tools;
  const startSpan = createServerSpans(tools);
  /** A stream leaves it at the latest when its session closes. */
  const openStreams = new OpenRequests<ServerHttp2Stream, OpenStream>();

  function start({ stream, headers }: { stream: ServerHttp2Stream; headers: IncomingHttpHeaders }): void {
    if (isPushed(stream)) {
      // A response without a request: part of what the request does that it is pushed for.
      keepStreamContext(stream, context.active());
      return;
    }
    const authority = headers[':authority'];
    const { context: entered, open } = startSpan({
      method: headers[':method'] ?? 'GET',
      target: headers[':path'] ?? authority ?? '',
      authority,
      encrypted: headers[':scheme'] === undefined ? stream.session?.encrypted === true : headers[':scheme'] === 'https',
      header: (name) => toText(headers[name === 'host' && authority !== undefined ? ':authority' : name]),
      headers: () => fields(headers),
      parent: traceHeaders.extract(headers),
      // A TCP or TLS socket, behind a proxy of Node's.
      socket: stream.session?.socket,
      protocolVersion: '2',
    });
    keepStreamContext(stream, entered);
    if (open === undefined) return;
    const { span, captured } = open;
    const known: OpenStream = { ...open, request: headers, isWritten: false, hasThrown: false };
    openStreams.set(stream, known);
    if (captured === undefined || !span.isRecording()) return;
    known.record = recordBodies(captured, stream);
    captured.hook('request', span, { direction: 'server', request: { stream, headers } });
  }

  /** A response has begun, by `respond()` or by the first write. */
  function respond({ stream }: { stream: ServerHttp2Stream }): void {
    const open = openStreams.get(stream);
    if (open === undefined) return;
    open.isWritten = true;
    open.record?.();
  }

  function fail({ stream, error }: { stream: ServerHttp2Stream; error: unknown }): void {
    conclude(stream, ({ span }) => endWithError(span, error, redactor));
  }

  /** @note Node has no error for a stream that its client cancels, and none for one whose connection just ends. */
  function close({ stream }: { stream: ServerHttp2Stream }): void {
    const error = destroyedBy(stream);
    if (error !== undefined) fail({ stream, error });
    else if (isFileUnderWay(stream, openStreams.get(stream)?.isWritten)) awaitFile(stream);
    else if (!isErrorToCome(stream)) conclude(stream, abandon);
  }

  /** @note Whether the client cancels a file on its way Node does not tell; only that its connection ends. */
  function awaitFile(stream: ServerHttp2Stream): void {
    const { session } = stream;
    stream.once(
      'close',
      guard('http2 server close', () => {
        const open = openStreams.get(stream);
        if (open === undefined) return;
        if (session?.destroyed === true) conclude(stream, abandon);
        else finish(stream, open);
      }),
    );
  }

  /** Ends a stream's span: with the response's status where it went out to its end, else by `endBroken`. */
  function conclude(stream: ServerHttp2Stream, endBroken: (open: OpenStream) => void): void {
    const open = openStreams.get(stream);
    if (open === undefined) return;
    if (isWhole(stream, open.isWritten)) finish(stream, open);
    else {
      openStreams.delete(stream);
      try {
        if (stream.headersSent) open.span.setAttributes(toStatusAttributes(Number(stream.sentHeaders[':status'])));
        complete(open, stream);
      } finally {
        if (open.hasThrown) open.span.end();
        else endBroken(open);
      }
    }
  }

  function finish(stream: ServerHttp2Stream, open: OpenStream): void {
    openStreams.delete(stream);
    const status = Number(stream.sentHeaders[':status']);
    if (open.hasThrown) open.span.setAttributes(toStatusAttributes(status));
    else applyOutcome(open.span, toResponseOutcome('server', status));
    try {
      complete(open, stream);
    } finally {
      open.span.end();
    }
  }

  /** An exception of a child's work is the request's as well, so it is looked for by the request's own span. */
  function recordUncaught(error: unknown): void {
    const span = getRPCMetadata(context.active())?.span;
    if (span === undefined) return;
    for (const [, open] of openStreams.list()) {
      if (open.span !== span) continue;
      open.hasThrown = true;
      applyError(span, error, redactor);
    }
  }

  const uncaught = watchUncaught(recordUncaught);
  const subscription = subscribe({
    'http2.server.stream.created': start,
    'http2.server.stream.finish': respond,
    'http2.server.stream.error': fail,
    'http2.server.stream.close': close,
  });
  return {
    [Symbol.dispose]() {
      uncaught[Symbol.dispose]();
      subscription[Symbol.dispose]();
    },
    endWhatIsOver() {
      for (const [stream, open] of openStreams.list()) {
        if (open.isWritten && stream.writableEnded) finish(stream, open);
        else conclude(stream, cutByExit);
      }
    },
    letGo() {
      for (const [stream, { span }] of openStreams.list()) {
        openStreams.delete(stream);
        span.end();
      }
    },
  };
}

function abandon({ span }: OpenStream): void {
  applyOutcome(span, toCutOutcome({ by: 'client', type: 'aborted' }));
  span.end();
}

function cutByExit({ span }: OpenStream): void {
  applyOutcome(span, toCutOutcome(EXIT_CUT));
  span.end();
}

/** What is known only now: the route, the response's headers as they were sent, and the bodies. */
function complete(open: OpenStream, stream: ServerHttp2Stream): void {
  settleRoute(open);
  const { span, captured, request } = open;
  if (captured === undefined || !span.isRecording()) return;
  const headers = stream.headersSent ? stream.sentHeaders : {};
  span.setAttributes(captured.headers('response', fields(headers)));
  span.setAttributes(captured.bodies((side, name) => readHeader(side === 'request' ? request : headers, name)));
  captured.hook('response', span, {
    direction: 'server',
    request: { stream, headers: request },
    response: { stream, headers },
  });
}

/** Returns what begins to record the response: not before there is one, as the body of a file that Node sends itself is not seen. */
function recordBodies(captured: Captured, stream: ServerHttp2Stream): () => void {
  const requestBody = captured.record('request');
  if (requestBody !== undefined) tapIncoming(stream, (chunk, encoding) => requestBody.add(chunk, encoding));
  let responseBody: BodyRecorder | undefined;
  const record = (): BodyRecorder | undefined => (responseBody ??= captured.record('response'));
  tapOutgoing(stream, (chunk, encoding) => record()?.add(chunk, encoding));
  return record;
}
