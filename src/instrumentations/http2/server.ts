// Enabled by agent.ts: a span for every request that an http2 server of the program receives. Twin of client.ts.
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { context } from '@opentelemetry/api';
import { subscribe } from '../../hooks/channels.ts';
import { keepStreamContext } from '../../hooks/http2-context.ts';
import { isPushed } from '../../hooks/http2-requests.ts';
import { tapIncoming, tapOutgoing } from '../../hooks/stream-taps.ts';
import { toClientGoneOutcome, toResponseOutcome } from '../../http-semconv/outcome.ts';
import { guard } from '../../log/guard.ts';
import { beginServer } from '../begin-server.ts';
import type { BodyRecorder } from '../capture/body-recorder.ts';
import type { Captured } from '../capture/capture.ts';
import { toText } from '../capture/headers-of.ts';
import { applyOutcome, endWithError } from '../end-span.ts';
import type { Instrumentation, InstrumentationTools, OpenSpan } from '../tools.ts';
import { fields } from './headers.ts';
import { destroyedBy, isErrorToCome, isFileUnderWay, isWhole } from './stream-end.ts';
import { readHeader } from './request-headers.ts';

interface OpenStream extends OpenSpan {
  readonly request: IncomingHttpHeaders;
  /** Node tells of a response that the application writes, not of a file that it sends itself. */
  isWritten: boolean;
  /** Begins to record the response's body. */
  record?(): void;
}

/** Traces servers, their stream API and their compatibility API alike: they begin when their headers came and end with their stream. */
export function enableHttp2Server(tools: InstrumentationTools): Instrumentation {
  const { redactor, traceHeaders } = tools;
  /** A stream leaves it at the latest when its session closes. */
  const openStreams = new Map<ServerHttp2Stream, OpenStream>();

  function start({ stream, headers }: { stream: ServerHttp2Stream; headers: IncomingHttpHeaders }): void {
    if (isPushed(stream)) {
      // A response without a request: part of what the request does that it is pushed for.
      keepStreamContext(stream, context.active());
      return;
    }
    const authority = headers[':authority'];
    const { remoteAddress, remotePort } = stream.session?.socket ?? {};
    const { entered, open } = beginServer(tools, {
      method: headers[':method'] ?? 'GET',
      target: headers[':path'] ?? authority ?? '',
      authority,
      encrypted: headers[':scheme'] === undefined ? stream.session?.encrypted === true : headers[':scheme'] === 'https',
      header: (name) => toText(headers[name === 'host' && authority !== undefined ? ':authority' : name]),
      headers: fields(headers),
      parent: traceHeaders.extract(headers),
      peerAddress: remoteAddress,
      peerPort: remotePort,
      protocolVersion: '2',
    });
    keepStreamContext(stream, entered);
    if (open === undefined) return;
    const { span, captured } = open;
    const known: OpenStream = { ...open, request: headers, isWritten: false };
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
        complete(open, stream);
      } finally {
        endBroken(open);
      }
    }
  }

  function finish(stream: ServerHttp2Stream, open: OpenStream): void {
    openStreams.delete(stream);
    applyOutcome(open.span, toResponseOutcome('server', Number(stream.sentHeaders[':status'])));
    try {
      complete(open, stream);
    } finally {
      open.span.end();
    }
  }

  const subscription = subscribe({
    'http2.server.stream.created': start,
    'http2.server.stream.finish': respond,
    'http2.server.stream.error': fail,
    'http2.server.stream.close': close,
  });
  return {
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
    endWhatIsOver() {
      for (const [stream, open] of openStreams) {
        if (open.isWritten && stream.writableEnded) finish(stream, open);
      }
    },
  };
}

function abandon({ span }: OpenSpan): void {
  applyOutcome(span, toClientGoneOutcome());
  span.end();
}

/** What is known only now: the response's headers as they were sent, and the bodies. */
function complete({ span, captured, request }: OpenStream, stream: ServerHttp2Stream): void {
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
