// Enabled by enable-requests.ts: a span for every request that an http or https server of the program receives. Twin of client.ts.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Context, type Span, context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { keepBodyContext } from '../../hooks/body-context.ts';
import { subscribe } from '../../hooks/channels.ts';
import { createEventWatch } from '../../hooks/request-events.ts';
import { watchFirstWrites } from '../../hooks/first-writes.ts';
import { readSentBlock, readSentHeaders } from '../../hooks/sent-headers.ts';
import { tapIncoming, tapOutgoing } from '../../hooks/stream-taps.ts';
import { watchUncaught } from '../../hooks/uncaught.ts';
import { watchUpgrades } from '../../hooks/upgrades.ts';
import { toResponseOutcome } from '../../http-semconv/outcome.ts';
import {
  type Cut,
  EXIT_CUT,
  readStatusCode,
  toCut,
  toCutOutcome,
  toStatusAttributes,
} from '../../http-semconv/server-ending.ts';
import { guard } from '../../log/guard.ts';
import { applyError, applyOutcome } from '../end-span.ts';
import type { Captured } from '../capture/capture.ts';
import type { Header } from '../capture/header-capture.ts';
import { pairs, toHeader, toText } from '../capture/headers-of.ts';
import { OpenRequests } from '../open-requests.ts';
import { readHeader } from '../read-header.ts';
import type { Instrumentation, InstrumentationTools } from '../tools.ts';
import { Connections } from './connections.ts';
import {
  type ReceivedRequest,
  type ServerSpan,
  createServerSpans,
  endServerSpan,
  settleRoute,
} from '../server-spans.ts';

interface ServerExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
}

/** An exchange whose span is open. */
interface OpenExchange {
  readonly open: ServerSpan;
  readonly request: IncomingMessage;
  /** Undefined for an upgrade: the application writes its answer into the socket. */
  readonly response: ServerResponse | undefined;
  readonly socket: Socket;
  /** Takes an upgrade out of its socket. */
  readonly stopWatching: (() => void) | undefined;
  /** True once an exception was recorded: what the response says afterwards does not take it back. */
  hasThrown: boolean;
}

/** Enough for the status line and what may come before it. */
const MAX_HEAD_LENGTH = 64;

/** A request as the span wants to know it. */
class Received implements ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly authority = undefined;
  readonly encrypted: boolean;
  readonly parent: Context;
  readonly socket: Socket;
  readonly protocolVersion: string;
  readonly #headers: IncomingHttpHeaders;

  constructor(request: IncomingMessage, socket: Socket, parent: Context) {
    this.method = request.method ?? 'GET';
    this.target = request.url ?? '';
    this.encrypted = 'encrypted' in socket && socket.encrypted === true;
    this.parent = parent;
    this.socket = socket;
    this.protocolVersion = request.httpVersion;
    this.#headers = request.headers;
  }

  header(name: string): string | undefined {
    return toText(readHeader(this.#headers, name));
  }

  headers(): Iterable<Header> {
    return pairs(this.#headers);
  }
}

/** Traces servers by Node's diagnostics channels; upgrades pass none, and have a hook of their own. */
export function enableHttpServer(tools: InstrumentationTools): Instrumentation {
  const { redactor, traceHeaders } = tools;
  const startSpan = createServerSpans(tools);
  /** An exchange leaves it at the latest when its connection closes. */
  const connections = new Connections<OpenExchange>(closeConnection);
  const upgrades = new OpenRequests<IncomingMessage, OpenExchange>();
  /** Of requests without a span that a client pipelines behind one with a span. */
  const quietContexts = new WeakMap<IncomingMessage, Context>();

  function start({ request, response, socket }: ServerExchange): void {
    const { context: entered, open } = startSpan(new Received(request, socket, traceHeaders.extract(request.headers)));
    if (open !== undefined) {
      connections.add(socket, { open, request, response, socket, stopWatching: undefined, hasThrown: false });
      if (open.captured !== undefined) {
        recordBodies(open.captured, request, response);
        open.captured.hook('request', open.span, { direction: 'server', request });
      }
    } else if (connections.of(socket).length > 0) quietContexts.set(request, entered);
    enter(entered, request);
  }

  /** Upgrade and CONNECT: the span ends with the handshake's answer, what follows belongs to the application. */
  function startUpgrade(request: IncomingMessage, socket: Socket): void {
    if (upgrades.get(request) !== undefined || connections.of(socket).some((known) => known.request === request))
      return;
    connections.letGo(socket);
    const { context: entered, open } = startSpan(new Received(request, socket, traceHeaders.extract(request.headers)));
    context.attach(entered);
    if (open === undefined) return;
    let head = '';
    const writes = watchFirstWrites(socket, (chunk) => {
      head += (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1')).slice(0, MAX_HEAD_LENGTH);
      const statusCode = readStatusCode(head);
      if (statusCode === undefined) return false;
      // 100 and 103 come before the answer; 101 is one.
      if (statusCode >= 100 && statusCode < 200 && statusCode !== 101) {
        head = '';
        return false;
      }
      if (take(exchange)) end(exchange, statusCode === 0 ? undefined : statusCode);
      return true;
    });
    // Node hands a socket over without any listener of `close`, and applications that count on it find none.
    const unwatch = createEventWatch<Socket>((_socket, name) => {
      if (name === 'close') abandon(exchange, toCut(readConnection(socket)));
    })(socket);
    const stopWatching = (): void => {
      writes[Symbol.dispose]();
      unwatch();
    };
    const exchange: OpenExchange = { open, request, response: undefined, socket, stopWatching, hasThrown: false };
    upgrades.set(request, exchange);
    open.captured?.hook('request', open.span, { direction: 'server', request });
  }

  /** False where it is over already. */
  function take({ request, response, socket, stopWatching }: OpenExchange): boolean {
    if (response !== undefined) return connections.take(socket, request) !== undefined;
    const isOpen = upgrades.get(request) !== undefined;
    upgrades.delete(request);
    stopWatching?.();
    return isOpen;
  }

  function finish({ request, response, socket }: ServerExchange): void {
    const exchange = connections.take(socket, request);
    // A pipelined response is sent by the end of the one before it, and its `finish` and `close` fire in that one's context.
    const own = exchange?.open.context ?? quietContexts.get(request);
    // To attach the one that is active already would copy what else is kept of the asynchronous context.
    if (own !== undefined && own !== context.active()) context.attach(own);
    if (exchange !== undefined) end(exchange, readStatus(response));
  }

  function end(exchange: OpenExchange, statusCode: number | undefined): void {
    const { span } = exchange.open;
    if (statusCode !== undefined) {
      if (exchange.hasThrown) span.setAttributes(toStatusAttributes(statusCode));
      else applyOutcome(span, toResponseOutcome('server', statusCode));
    }
    close(exchange);
  }

  /** Ends the span of an exchange whose connection, or process, ends before its response does. */
  function abandon(exchange: OpenExchange, cut: Cut): void {
    if (!take(exchange)) return;
    const { response, hasThrown } = exchange;
    const { span } = exchange.open;
    if (response !== undefined && isHeaderSent(response)) span.setAttributes(toStatusAttributes(readStatus(response)));
    try {
      if (hasThrown) return;
      if (cut.by === 'error') applyError(span, cut.error, redactor);
      else applyOutcome(span, toCutOutcome(cut));
    } finally {
      close(exchange);
    }
  }

  function close({ open, request, response }: OpenExchange): void {
    const { span, captured } = open;
    try {
      settleRoute(open);
      if (captured !== undefined && response !== undefined) complete(span, captured, { request, response });
    } finally {
      endServerSpan(open);
    }
  }

  function closeConnection(socket: Socket, exchanges: readonly OpenExchange[]): void {
    const [exchange] = exchanges;
    // Node tells request and response of it from this event on, in the connection's context; of several requests none can be chosen.
    if (exchange !== undefined && exchanges.length === 1) context.attach(exchange.open.context);
    for (const each of exchanges) leave(each, socket);
  }

  /** Guarded one by one: what goes wrong with one span must not leave the others open. */
  const leave = guard('http server close', (exchange: OpenExchange, socket: Socket) => {
    const { request, response } = exchange;
    // An application may have removed all listeners of `finish`, and Node's with them.
    if (response?.writableFinished === true) finish({ request, response, socket });
    else abandon(exchange, toCut(readConnection(socket, response)));
  });

  const cutByExit = guard('http server exit', (exchange: OpenExchange) => {
    const { request, response, socket } = exchange;
    if (response?.writableEnded === true) finish({ request, response, socket });
    else abandon(exchange, EXIT_CUT);
  });

  const list = (): readonly OpenExchange[] => [
    ...connections.list(),
    ...upgrades.list().map(([, exchange]) => exchange),
  ];

  /** An exception of a child's work is the request's as well, so it is looked for by the request's own span. */
  function recordUncaught(error: unknown): void {
    const span = getRPCMetadata(context.active())?.span;
    if (span === undefined) return;
    for (const exchange of list()) {
      if (exchange.open.span !== span) continue;
      exchange.hasThrown = true;
      applyError(span, error, redactor);
    }
  }

  const parts = [
    subscribe({ 'http.server.request.start': start, 'http.server.response.finish': finish }),
    watchUpgrades(startUpgrade),
    watchUncaught(recordUncaught),
  ];
  return {
    [Symbol.dispose]() {
      for (const part of parts) part[Symbol.dispose]();
    },
    endWhatIsOver() {
      for (const exchange of list()) cutByExit(exchange);
    },
    letGo() {
      for (const exchange of list()) if (take(exchange)) exchange.open.span.end();
    },
  };
}

/** @note A proxy destroys its response with what its own call broke with: the same code as of a client that is gone, but the application's. */
function readConnection({ errored, readableEnded }: Socket, response?: ServerResponse): Parameters<typeof toCut>[0] {
  const isGiven = errored !== null && response?.errored === errored;
  return { error: errored, isGivenByApplication: isGiven, isEndedByClient: readableEnded };
}

/** @note `headersSent` is true as soon as `writeHead` was called; this, unchanged for ten years, once the header is written. */
function isHeaderSent(response: ServerResponse): boolean {
  return (response as { _headerSent?: unknown })._headerSent === true && response.socket !== null;
}

/** @note `statusCode` can be set when the header is written already, as error handlers do: the client has the other one. */
function readStatus(response: ServerResponse): number {
  return readStatusCode(readSentBlock(response) ?? '') || response.statusCode;
}

/** What is known only now: the response's headers as they were sent, and the bodies. */
function complete(span: Span, captured: Captured, { request, response }: Omit<ServerExchange, 'socket'>): void {
  const sent = readSentHeaders(response);
  span.setAttributes(captured.headers('response', pairs(sent)));
  span.setAttributes(
    captured.bodies((side, name) => toText(side === 'request' ? request.headers[name] : toHeader(sent[name]))),
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
