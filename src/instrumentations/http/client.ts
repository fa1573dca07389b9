// Enabled by enable-requests.ts: a span for every request that the program makes with http or https. Twin of server.ts.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { context } from '@opentelemetry/api';
import { subscribe } from '../../hooks/channels.ts';
import { readAuthority } from '../../hooks/request-authority.ts';
import { createEventWatch } from '../../hooks/request-events.ts';
import { forgetRequestHeader, readRequestHeader, setRequestHeader } from '../../hooks/request-headers.ts';
import { readSentHeaders } from '../../hooks/sent-headers.ts';
import { tapIncoming, tapOutgoing } from '../../hooks/stream-taps.ts';
import { splitAuthority } from '../../http-semconv/authority.ts';
import { type ClientTarget, toClientTarget } from '../../http-semconv/client-target.ts';
import { pairs, toText } from '../capture/headers-of.ts';
import { type ClientExchange, type OutgoingRequest, createClientExchanges } from '../client-exchange.ts';
import { OpenRequests } from '../open-requests.ts';
import type { Instrumentation, InstrumentationTools } from '../tools.ts';
import { isHandOver, isOwnDoing, responseOf, toTimeoutError } from './client-endings.ts';

/** The events that say something of how a request ends; `finish`, that it is sent, and so to whom. */
const ENDINGS: ReadonlySet<string> = new Set(['finish', 'timeout', 'error', 'close', 'upgrade', 'connect']);

interface OpenRequest {
  readonly exchange: ClientExchange;
  /** Headers that only we set. */
  readonly added: readonly string[];
  /** Node said `timeout` and left it to the program to do something about it. */
  timedOut: boolean;
}

/** A request as the exchange wants to know it. */
class Outgoing implements OutgoingRequest {
  readonly parent = context.active();
  readonly method: string;
  readonly target: ClientTarget;
  readonly socketPath: string | undefined;
  readonly added: string[] = [];
  readonly #request: ClientRequest;

  constructor(request: ClientRequest) {
    const { socketPath } = request as { socketPath?: unknown };
    this.method = request.method;
    this.target = readTarget(request);
    this.socketPath = typeof socketPath === 'string' ? socketPath : undefined;
    this.#request = request;
  }

  header(name: string): string | undefined {
    return readRequestHeader(this.#request, name);
  }

  setHeader(name: string, value: string): void {
    if (this.header(name) === undefined) this.added.push(name);
    setRequestHeader(this.#request, name, value);
  }
}

/**
 * Traces clients: `request`, `get`, `new ClientRequest` and every import style pass Node's diagnostics channels. What they do not tell, how a
 * request ends, its own events do.
 */
export function enableHttpClient(tools: InstrumentationTools): Instrumentation {
  const startExchange = createClientExchanges(tools);
  /** Its socket or agent holds a request until it closes, so nothing lives longer for being here. */
  const openRequests = new OpenRequests<ClientRequest, OpenRequest>();
  const watch = createEventWatch<ClientRequest>(see);

  function start({ request }: { request: ClientRequest }): void {
    const outgoing = new Outgoing(request);
    const exchange = startExchange(outgoing);
    if (exchange === undefined) return;
    openRequests.set(request, { exchange, added: outgoing.added, timedOut: false });
    watch(request);
    const { span, captured } = exchange;
    if (captured === undefined || !span.isRecording()) return;
    const body = captured.record('request');
    if (body !== undefined) tapOutgoing(request, (chunk, encoding) => body.add(chunk, encoding));
    captured.hook('request', span, { direction: 'client', request });
  }

  function see(request: ClientRequest, name: string, argument: unknown): void {
    if (!ENDINGS.has(name)) return;
    const open = openRequests.get(request);
    if (open === undefined) return;
    open.exchange.connected(request.socket);
    if (name === 'timeout') open.timedOut = true;
    else if (name === 'error') fail(request, open, argument);
    else if (name === 'close') close(request, open);
    else if (name === 'upgrade' || name === 'connect') handOver(request, open);
  }

  function respond({ request, response }: { request: ClientRequest; response: IncomingMessage }): void {
    const open = openRequests.get(request);
    if (open === undefined) return;
    const { exchange, added } = open;
    for (const name of added) forgetRequestHeader(request, name);
    exchange.answered({ status: response.statusCode ?? 0, location: response.headers.location });
    exchange.speaks(response.httpVersion);
    exchange.connected(response.socket);
    const { span, captured } = exchange;
    if (captured === undefined || !span.isRecording()) return;
    span.setAttributes(captured.headers('response', pairs(response.headers)));
    const body = captured.record('response');
    if (body !== undefined) tapIncoming(response, (chunk, encoding) => body.add(chunk, encoding));
    captured.hook('response', span, { direction: 'client', request, response });
  }

  /** An upgrade or a CONNECT was answered: the handshake is the exchange, what the connection is used for afterwards is not. */
  function handOver(request: ClientRequest, open: OpenRequest): void {
    const response = responseOf(request);
    if (response !== undefined) respond({ request, response });
    end(request, open);
  }

  function fail(request: ClientRequest, open: OpenRequest, error: unknown): void {
    if (!isOwnDoing(request, error)) end(request, open, { error });
    else if (open.timedOut) end(request, open, { error: toTimeoutError() });
    else end(request, open);
  }

  /** The last event of every request, unless it was handed over. What was buffered of a whole response may still be read. */
  function close(request: ClientRequest, open: OpenRequest): void {
    const response = responseOf(request);
    // Nobody listened to `upgrade` or `connect`, so that Node closed the connection.
    if (response !== undefined && isHandOver(response)) handOver(request, open);
    else if (response?.complete === true) end(request, open);
    else fail(request, open, response?.errored);
  }

  function end(request: ClientRequest, { exchange }: OpenRequest, failure?: { error: unknown }): void {
    openRequests.delete(request);
    try {
      complete(exchange, request);
    } finally {
      if (failure === undefined) exchange.end();
      else exchange.fail(failure.error);
    }
  }

  const subscription = subscribe({ 'http.client.request.created': start, 'http.client.response.finish': respond });
  return {
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
    endWhatIsOver() {
      for (const [request, open] of openRequests.list()) end(request, open);
    },
  };
}

/** What is known only now: the request's headers as they were sent, and the bodies. */
function complete({ span, captured }: ClientExchange, request: ClientRequest): void {
  if (captured === undefined || !span.isRecording()) return;
  span.setAttributes(captured.headers('request', pairs(readSentHeaders(request))));
  const response = responseOf(request);
  span.setAttributes(
    captured.bodies((side, name) =>
      side === 'request' ? readRequestHeader(request, name) : toText(response?.headers[name]),
    ),
  );
}

function readTarget(request: ClientRequest): ClientTarget {
  const header = readRequestHeader(request, 'host') ?? '';
  // A Host header of the application's own choice (a virtual host) names the server it means, not the one it connects to.
  const authority = splitAuthority(header).host === '' ? readAuthority(request) : header;
  return toClientTarget(request.method, request.path, { scheme: toScheme(request.protocol), authority });
}

/** Without the colon. */
function toScheme(protocol: string): string {
  return protocol.endsWith(':') ? protocol.slice(0, -1) : protocol;
}
