// Enabled by enable-requests.ts: a span for every request of the built-in fetch and of the undici package (6 to 8), which share their channels.
import type { Socket } from 'node:net';
import type { Context } from '@opentelemetry/api';
import { subscribe } from '../../hooks/channels.ts';
import { keepHandlerContext } from '../../hooks/undici-context.ts';
import { watchUpgrade } from '../../hooks/undici-upgrade.ts';
import { splitAbsoluteUrl } from '../../http-semconv/authority.ts';
import { type ClientOrigin, type ClientTarget, toClientTarget } from '../../http-semconv/client-target.ts';
import { guard } from '../../log/guard.ts';
import type { BodyRecorder } from '../capture/body-recorder.ts';
import { type ClientExchange, type OutgoingRequest, createClientExchanges } from '../client-exchange.ts';
import { OpenRequests } from '../open-requests.ts';
import type { Instrumentation, InstrumentationTools } from '../tools.ts';
import { Calls } from './calls.ts';
import { type UndiciRequest, readHeader, setUndiciHeader, toPairs } from './request-headers.ts';
import { isError } from '../../http-semconv/is-error.ts';

interface OpenRequest {
  readonly exchange: ClientExchange;
  readonly recorders: Readonly<Record<'request' | 'response', BodyRecorder | undefined>> | undefined;
  response: UndiciResponse | undefined;
}

/** A request as the exchange wants to know it. */
class Outgoing implements OutgoingRequest {
  readonly parent: Context;
  readonly resendCount: number | undefined;
  readonly method: string;
  readonly target: ClientTarget;
  readonly #request: UndiciRequest;

  constructor(request: UndiciRequest, { parent, resendCount }: ReturnType<Calls['identify']>) {
    const { method, path, origin } = request;
    this.parent = parent;
    this.resendCount = resendCount;
    this.method = method;
    this.target = toClientTarget(method, path, readOrigin(String(origin)));
    this.#request = request;
  }

  header(name: string): string | undefined {
    return readHeader(this.#request.headers, name);
  }

  setHeader(name: string, value: string): void {
    setUndiciHeader(this.#request, name, value);
  }
}

/** The origin that was asked for last, mostly the next one too. */
let lastOrigin = '';
let lastRead: ClientOrigin = { scheme: '', authority: '' };

function readOrigin(origin: string): ClientOrigin {
  if (origin === lastOrigin) return lastRead;
  lastOrigin = origin;
  return (lastRead = splitAbsoluteUrl(origin) ?? { scheme: '', authority: '' });
}

/** HTTP/2 has no request line: what undici says to have sent there are the fields alone. */
function isHttp1(headers: unknown): boolean {
  return typeof headers === 'string' && headers.startsWith(' HTTP/1.1', headers.indexOf('\r') - ' HTTP/1.1'.length);
}

interface UndiciResponse {
  readonly statusCode: number;
  readonly headers: unknown;
}

/** Traces fetch and undici by their diagnostics channels; redirects and retries are requests of their own there. */
export function enableUndici(tools: InstrumentationTools): Instrumentation {
  const { capture } = tools;
  const startExchange = createClientExchanges(tools);
  const calls = new Calls();
  /** undici's client holds a request until it is over, so nothing lives longer for being here. */
  const openRequests = new OpenRequests<UndiciRequest, OpenRequest>();

  function start({ request }: { request: UndiciRequest }): void {
    const { method } = request;
    const exchange = startExchange(new Outgoing(request, calls.identify(request)));
    if (exchange === undefined) return;
    if (calls.isOpaque(request)) keepHandlerContext(request, exchange.parent);
    const { span, captured } = exchange;
    const recorders = captured && { request: captured.record('request'), response: captured.record('response') };
    openRequests.set(request, { exchange, recorders, response: undefined });
    if (method === 'CONNECT' || Boolean(request.upgrade)) {
      const handedOver = guard('undici upgrade', (statusCode: unknown, headers: unknown) => {
        handOver(request, { statusCode: typeof statusCode === 'number' ? statusCode : 200, headers });
      });
      watchUpgrade(request, handedOver);
    }
    if (span.isRecording()) captured?.hook('request', span, { direction: 'client', request });
  }

  function connect({ request, socket, headers }: { request: UndiciRequest; socket: Socket; headers: unknown }): void {
    const exchange = openRequests.get(request)?.exchange;
    exchange?.connected(socket);
    exchange?.speaks(isHttp1(headers) ? '1.1' : '2');
  }

  function respond({ request, response }: { request: UndiciRequest; response: UndiciResponse }): void {
    const open = openRequests.get(request);
    // An informational answer is followed by another; the 101 of an upgrade is not.
    if (open === undefined || (response.statusCode < 200 && response.statusCode !== 101)) return;
    const { span, captured } = open.exchange;
    const { statusCode: status } = response;
    const isRedirect = status >= 300 && status < 400;
    open.exchange.answered({ status, location: isRedirect ? readHeader(response.headers, 'location') : undefined });
    if (captured === undefined || !span.isRecording()) return;
    open.response = response;
    span.setAttributes(captured.headers('response', toPairs(response.headers)));
    captured.hook('response', span, { direction: 'client', request, response });
  }

  /** The handshake is the exchange; what the connection is used for afterwards is not. */
  function handOver(request: UndiciRequest, response: UndiciResponse): void {
    respond({ request, response });
    end({ request });
  }

  function end({ request }: { request: UndiciRequest }): void {
    take(request)?.end();
  }

  function fail({ request, error }: { request: UndiciRequest; error: unknown }): void {
    const exchange = take(request);
    // undici's own failures are Errors, always; only a program aborts for another reason.
    if (!isError(error)) exchange?.end();
    // What RetryHandler makes of an answer, whose status is known already.
    else if ('code' in error && error.code === 'UND_ERR_REQ_RETRY') exchange?.end();
    else if (error.name !== 'TimeoutError' && calls.isAborted(request, error)) exchange?.end();
    else exchange?.fail(error);
  }

  /** Closes the books on a request: its headers as they were sent, and the bodies, are known only now. */
  function take(request: UndiciRequest): ClientExchange | undefined {
    const open = openRequests.get(request);
    if (open === undefined) return undefined;
    openRequests.delete(request);
    const { response, exchange } = open;
    const { span, captured } = exchange;
    if (captured === undefined || !span.isRecording()) return exchange;
    span.setAttributes(captured.headers('request', toPairs(request.headers)));
    span.setAttributes(
      captured.bodies((side, name) => readHeader(side === 'request' ? request.headers : response?.headers, name)),
    );
    return exchange;
  }

  const feed =
    (side: 'request' | 'response') =>
    ({ request, chunk }: { request: UndiciRequest; chunk: Uint8Array | string }): void =>
      openRequests.get(request)?.recorders?.[side]?.add(chunk);

  const subscription = subscribe({
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
  return {
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
    endWhatIsOver() {
      for (const [request] of openRequests.list()) end({ request });
    },
  };
}
