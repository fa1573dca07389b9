// Enabled by agent.ts: a span for every request that an http or https server of the program receives. Twin of client.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Context, type Span, SpanKind, context, trace } from '@opentelemetry/api';
import { type RPCMetadata, setRPCMetadata, suppressTracing } from '@opentelemetry/core';
import { ATTR_HTTP_ROUTE } from '@opentelemetry/semantic-conventions';
import { keepBodyContext } from '../../hooks/body-context.ts';
import { subscribe } from '../../hooks/channels.ts';
import { tapIncoming, tapOutgoing } from '../../hooks/stream-taps.ts';
import { pathOf, queryOf, splitAbsoluteUrl } from '../../http-semconv/authority.ts';
import { readOrigin } from '../../http-semconv/forwarded.ts';
import { toClientGoneOutcome, toResponseOutcome } from '../../http-semconv/outcome.ts';
import { toServerSpan } from '../../http-semconv/server-span.ts';
import { guard } from '../../log/guard.ts';
import type { RequestFacts } from '../../url-rules/match.ts';
import { setSampleRatio } from '../../url-rules/sample-ratio.ts';
import { applyOutcome } from '../end-span.ts';
import type { Captured } from '../capture/capture.ts';
import { pairs, toHeader, toText } from '../capture/headers-of.ts';
import { RequestRoute } from '../request-route.ts';
import type { Instrumentation, InstrumentationTools, OpenSpan } from '../tools.ts';

/** An open server span; its route is known when the request is over. */
interface OpenServerSpan extends OpenSpan {
  /** What the name of the span begins with, and is where no route is known. */
  readonly methodName: string;
  /** Undefined where a rule has named the route. */
  readonly route: RequestRoute | undefined;
}

interface ServerExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
}

/** Traces servers by Node's diagnostics channels; nothing of the application is patched. */
export function enableHttpServer({
  tracer,
  redactor,
  urlRules,
  capture,
  traceHeaders,
}: InstrumentationTools): Instrumentation {
  /** A response leaves it at the latest when its connection closes. */
  const openSpans = new Map<ServerResponse, OpenServerSpan>();
  /** The responses that are under way on a connection: more than one when a client pipelines. */
  const connections = new WeakMap<Socket, Set<ServerResponse>>();

  function start({ request, response, socket }: ServerExchange): void {
    const header = (name: string): string | undefined => toText(request.headers[name]);
    const parent = traceHeaders.extract(request.headers);
    const rawTarget = request.url ?? '';
    const absolute = splitAbsoluteUrl(rawTarget);
    const local = absolute?.rest ?? rawTarget;
    const origin = readOrigin(header, {
      targetHost: absolute?.authority,
      encrypted: 'encrypted' in socket && socket.encrypted === true,
      remoteAddress: socket.remoteAddress,
    });
    const { method = 'GET' } = request;
    const facts: RequestFacts = {
      direction: 'server',
      method,
      scheme: origin.scheme,
      authority: absolute?.authority ?? header('host') ?? 'localhost',
      path: pathOf(local),
      query: queryOf(local),
      header,
    };
    const decision = urlRules.decide(facts);
    if (decision.ignored) {
      enter(suppressTracing(parent), request);
      return;
    }
    const { name, attributes } = toServerSpan({
      method: redactor.redact(method, 'string'),
      target: urlRules.cleanTarget(rawTarget, facts, decision),
      origin: {
        scheme: redactor.redact(origin.scheme, 'string'),
        server: { ...origin.server, host: redactor.redact(origin.server.host, 'string') },
        client: { ...origin.client, host: redactor.redact(origin.client.host, 'string') },
      },
      userAgent: redactMaybe(header('user-agent')),
      peerAddress: socket.remoteAddress,
      peerPort: socket.remotePort,
      protocolVersion: request.httpVersion,
      route: decision.name,
    });
    const captured = capture.of('server', decision.capture, decision.redactor);
    if (captured !== undefined) Object.assign(attributes, captured.headers('request', pairs(request.headers)));
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, setSampleRatio(parent, decision.sample));
    const route = new RequestRoute(span);
    openSpans.set(response, {
      span,
      captured,
      methodName: name,
      route: decision.name === undefined ? route : undefined,
    });
    if (captured !== undefined && span.isRecording()) {
      recordBodies(captured, request, response);
      captured.hook('request', span, { direction: 'server', request });
    }
    connectionOf(socket).add(response);
    // Its `route` may be undefined where the type has none; the interface is older than the difference.
    enter(setRPCMetadata(trace.setSpan(parent, span), route as RPCMetadata), request);
  }

  function finish({ request, response, socket }: ServerExchange): void {
    const open = openSpans.get(response);
    if (open === undefined) return;
    openSpans.delete(response);
    connections.get(socket)?.delete(response);
    applyOutcome(open.span, toResponseOutcome('server', response.statusCode));
    close(open, request, response);
  }

  function close(open: OpenServerSpan, request: IncomingMessage, response: ServerResponse): void {
    const { span, captured } = open;
    try {
      nameByRoute(open);
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

  const redactMaybe = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : redactor.redact(text, 'string');

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

function nameByRoute({ span, methodName, route: request }: OpenServerSpan): void {
  const route = request?.route;
  if (typeof route !== 'string' || route === '') return;
  span.setAttribute(ATTR_HTTP_ROUTE, route);
  span.updateName(`${methodName} ${route}`);
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
