// Enabled by agent.ts: a span for every request that an http or https server of the program receives. Twin of client.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Context, type Span, context } from '@opentelemetry/api';
import { keepBodyContext } from '../../hooks/body-context.ts';
import { subscribe } from '../../hooks/channels.ts';
import { tapIncoming, tapOutgoing } from '../../hooks/stream-taps.ts';
import { toClientGoneOutcome, toResponseOutcome } from '../../http-semconv/outcome.ts';
import { guard } from '../../log/guard.ts';
import { beginServer } from '../begin-server.ts';
import { applyOutcome } from '../end-span.ts';
import type { Captured } from '../capture/capture.ts';
import { pairs, toHeader, toText } from '../capture/headers-of.ts';
import type { Instrumentation, InstrumentationTools, OpenSpan } from '../tools.ts';

interface ServerExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
}

/** Traces servers by Node's diagnostics channels; nothing of the application is patched. */
export function enableHttpServer(tools: InstrumentationTools): Instrumentation {
  const { traceHeaders } = tools;
  /** A response leaves it at the latest when its connection closes. */
  const openSpans = new Map<ServerResponse, OpenSpan>();
  /** The responses that are under way on a connection: more than one when a client pipelines. */
  const connections = new WeakMap<Socket, Set<ServerResponse>>();

  function start({ request, response, socket }: ServerExchange): void {
    const { entered, open } = beginServer(tools, {
      method: request.method ?? 'GET',
      target: request.url ?? '',
      encrypted: 'encrypted' in socket && socket.encrypted === true,
      header: (name) => toText(request.headers[name]),
      headers: pairs(request.headers),
      parent: traceHeaders.extract(request.headers),
      peerAddress: socket.remoteAddress,
      peerPort: socket.remotePort,
      protocolVersion: request.httpVersion,
    });
    if (open === undefined) {
      enter(entered, request);
      return;
    }
    const { span, captured } = open;
    openSpans.set(response, open);
    if (captured !== undefined && span.isRecording()) {
      recordBodies(captured, request, response);
      captured.hook('request', span, { direction: 'server', request });
    }
    connectionOf(socket).add(response);
    enter(entered, request);
  }

  function finish({ request, response, socket }: ServerExchange): void {
    const open = openSpans.get(response);
    if (open === undefined) return;
    openSpans.delete(response);
    connections.get(socket)?.delete(response);
    applyOutcome(open.span, toResponseOutcome('server', response.statusCode));
    close(open, request, response);
  }

  function close({ span, captured }: OpenSpan, request: IncomingMessage, response: ServerResponse): void {
    try {
      if (captured !== undefined && span.isRecording()) complete(span, captured, { request, response });
    } finally {
      span.end();
    }
  }

  /** One listener a connection, not one a response: it sees the requests that never finish. */
  function connectionOf(socket: Socket): Set<ServerResponse> {
    const known = connections.get(socket);
    if (known !== undefined) return known;
    const underWay = new Set<ServerResponse>();
    connections.set(socket, underWay);
    socket.once(
      'close',
      guard('http server close', () => {
        for (const response of underWay) abandon(response);
        underWay.clear();
      }),
    );
    return underWay;
  }

  function abandon(response: ServerResponse): void {
    const open = openSpans.get(response);
    if (open === undefined) return;
    openSpans.delete(response);
    applyOutcome(open.span, toClientGoneOutcome());
    close(open, response.req, response);
  }

  const subscription = subscribe({ 'http.server.request.start': start, 'http.server.response.finish': finish });
  return {
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
    endWhatIsOver() {
      for (const response of openSpans.keys()) {
        const {
          req: request,
          req: { socket },
        } = response;
        if (response.writableEnded) finish({ request, response, socket });
      }
    },
  };
}

/** What is known only now: the response's headers as they were sent, and the bodies. */
function complete(span: Span, captured: Captured, { request, response }: Omit<ServerExchange, 'socket'>): void {
  span.setAttributes(captured.headers('response', pairs(response.getHeaders())));
  span.setAttributes(
    captured.bodies((side, name) =>
      toText(side === 'request' ? request.headers[name] : toHeader(response.getHeader(name))),
    ),
  );
  captured.hook('response', span, { direction: 'server', request, response });
}

function recordBodies(captured: Captured, request: IncomingMessage, response: ServerResponse): void {
  const requestBody = captured.record('request');
  if (requestBody !== undefined) tapIncoming(request, (chunk, encoding) => requestBody.add(chunk, encoding));
  const responseBody = captured.record('response');
  if (responseBody !== undefined) tapOutgoing(response, (chunk, encoding) => responseBody.add(chunk, encoding));
}

/** From here on, what the application does for this request happens in `entered`. */
function enter(entered: Context, request: IncomingMessage): void {
  context.attach(entered);
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0')
    keepBodyContext(request, entered);
}
