// Real spans with the times a test wants, and what the console wrote of them.
import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Span,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { createConsoleProcessor, type ConsoleOptions } from '../../../src/exporters/console/console-processor.ts';
import { reportInternalError } from '../../../src/log/guard.ts';
import { createProvider } from '../../tracer/provider.ts';

/** 12:04:11.302 wherever the test runs. */
export const START = new Date(2026, 7, 1, 12, 4, 11, 302).getTime();

export interface SpanFacts {
  /** Milliseconds after START. */
  from: number;
  kind?: SpanKind;
  attributes?: Attributes;
  parent?: Span;
}

export interface EndFacts {
  to: number;
  attributes?: Attributes;
  failed?: boolean | string;
  exception?: { name?: string; code?: string; message: string; stack?: string };
}

export function openConsole(options: Partial<ConsoleOptions> & { width?: number | undefined } = {}) {
  const writes: string[] = [];
  const { width, ...rest } = { width: 100, ...options };
  const processor = createConsoleProcessor({
    mode: 'tree',
    write: (text) => writes.push(text),
    columns: () => width,
    color: false,
    isTerminal: true,
    verbose: false,
    timestamps: true,
    now: () => START,
    cwd: '/app',
    reportInternalError,
    ...rest,
  });
  let spanIds = 0;
  let traceIds = 0x7f3c91;
  const provider = createProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop-api' }),
    spanProcessors: [processor],
    idGenerator: {
      generateSpanId: () => (++spanIds).toString(16).padStart(16, '0'),
      generateTraceId: () => (traceIds++).toString(16).padEnd(32, '0'),
    },
  });
  const tracer = provider.getTracer('test');

  const begin = (name: string, { from, kind, attributes, parent }: SpanFacts): Span =>
    tracer.startSpan(
      name,
      { startTime: START + from, ...(kind !== undefined && { kind }), ...(attributes && { attributes }) },
      parent === undefined ? ROOT_CONTEXT : trace.setSpan(context.active(), parent),
    );

  const end = (span: Span, { to, attributes, failed, exception }: EndFacts): void => {
    if (attributes !== undefined) span.setAttributes(attributes);
    if (exception !== undefined) span.recordException(exception, START + to);
    if (failed !== undefined && failed !== false) {
      span.setStatus({ code: SpanStatusCode.ERROR, ...(typeof failed === 'string' && { message: failed }) });
    }
    span.end(START + to);
  };

  return {
    processor,
    writes,
    begin,
    end,
    /** Everything written, without the last line end. */
    text: () => writes.join('').replace(/\n$/, ''),
    lines: () => writes.join('').replace(/\n$/, '').split('\n'),
    server: (path: string, from = 0, more: Attributes = {}): Span =>
      begin('GET', {
        from,
        kind: SpanKind.SERVER,
        attributes: { 'http.request.method': 'GET', 'url.scheme': 'http', 'url.path': path, ...more },
      }),
    client: (parent: Span | undefined, url: string, from: number): Span =>
      begin('GET', {
        from,
        kind: SpanKind.CLIENT,
        attributes: { 'http.request.method': 'GET', 'url.full': url },
        ...(parent && { parent }),
      }),
    /** Ends a request or a call with a status code; 5xx is a failure, 4xx for a client. */
    respond: (span: Span, code: number, to: number, more: Attributes = {}): void =>
      end(span, {
        to,
        attributes: { 'http.response.status_code': code, ...(code >= 500 && { 'error.type': String(code) }), ...more },
        failed: code >= 500,
      }),
  };
}

export type TestConsole = ReturnType<typeof openConsole>;

/** A parent in another process. */
export function remoteParent(traceId: string): Span {
  return trace.wrapSpanContext({
    traceId,
    spanId: 'abcdabcdabcdabcd',
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
}

export const REFUSED = {
  name: 'Error',
  code: 'ECONNREFUSED',
  message: 'connect ECONNREFUSED 127.0.0.1:4002',
  stack: [
    'Error: connect ECONNREFUSED 127.0.0.1:4002',
    '    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16)',
    '    at send (/app/node_modules/got/dist/index.js:10:4)',
    '    at async getPrice (file:///app/src/cart.ts:31:18)',
    '    at handler (file:///app/src/server.ts:12:3)',
  ].join('\n'),
};

/** The request of UX.md that fails: one call succeeds, one is refused. */
export function playFailedCart(console: TestConsole): void {
  const cart = console.server('/cart/42');
  const stock = console.client(cart, 'http://inventory:4001/stock/42?key=REDACTED', 0);
  console.respond(stock, 200, 61);
  const price = console.client(cart, 'http://pricing:4002/price/42', 61);
  console.end(price, { to: 179, attributes: { 'error.type': 'ECONNREFUSED' }, failed: true, exception: REFUSED });
  cart.addEvent('price lookup failed', { sku: 42 }, START + 180);
  cart.updateName('GET /cart/:id');
  console.respond(cart, 500, 184, { 'http.route': '/cart/:id' });
}

/** The request of UX.md that succeeds: two calls at the same time. */
export function playGoodCart(console: TestConsole, from = 708): void {
  const cart = console.server('/cart/42', from);
  const stock = console.client(cart, 'http://inventory:4001/stock/42', from + 5);
  const price = console.client(cart, 'http://pricing:4002/price/42', from + 10);
  console.respond(stock, 200, from + 50);
  console.respond(price, 200, from + 66);
  cart.updateName('GET /cart/:id');
  console.respond(cart, 200, from + 74, { 'http.route': '/cart/:id' });
}
