// Called by the http instrumentation to add trace headers to a request that Node has already built.
import type { ClientRequest } from 'node:http';

/** What ClientRequest holds once `headers` was an array or `Expect` was set: the header block as text, waiting for the socket. */
interface RenderedRequest {
  _header: string | null;
  /** True once the block is in `outputData`, which is not yet on the wire. */
  _headerSent: boolean;
  outputData: { data: unknown }[];
  outputSize: number;
}

/**
 * Sets a header on an outgoing request, also when its header block is rendered already.
 * @note Node renders the block in the constructor when `options.headers` is an array or has `Expect`; setHeader throws from then on,
 * but the block is only written on the next tick, so a line can still be added to it. With `Expect` it is queued by then.
 */
export function setRequestHeader(request: ClientRequest, name: string, value: string): void {
  // These fields are internal, unchanged for ten years, and read by many; nothing happens if they ever go.
  const rendered = request as unknown as Partial<RenderedRequest>;
  if (!rendered._header) {
    if (!request.headersSent) request.setHeader(name, value);
    return;
  }
  const before = rendered._header;
  const queued = rendered._headerSent ? rendered.outputData?.[0] : undefined;
  if (!before.endsWith('\r\n\r\n') || (rendered._headerSent && queued?.data !== before)) return;
  const ownLine = new RegExp(String.raw`^${name}:.*\r\n`, 'gim');
  const after = `${before.slice(0, -2).replace(ownLine, '')}${name}: ${value}\r\n\r\n`;
  rendered._header = after;
  if (queued === undefined) return;
  queued.data = after;
  if (rendered.outputSize !== undefined) rendered.outputSize += after.length - before.length;
}

/** Reads a header of an outgoing request, also from a block that is rendered already. */
export function readRequestHeader(request: ClientRequest, name: string): string | undefined {
  const value = request.getHeader(name);
  if (value !== undefined) return Array.isArray(value) ? value[0] : String(value);
  const rendered = (request as unknown as Partial<RenderedRequest>)._header;
  return rendered ? new RegExp(String.raw`^${name}:[ \t]*(.*)\r$`, 'im').exec(rendered)?.[1] : undefined;
}

/**
 * Takes a header that was set by us out of the request's own list, once it is on the wire.
 * @note superagent copies that list to the request that follows a redirect, after we have set its headers: it would carry the trace of the one before.
 */
export function forgetRequestHeader(request: ClientRequest, name: string): void {
  if (!request.headersSent) return;
  // removeHeader throws from now on; nothing happens if the field ever goes.
  if (outHeaders === undefined || !(outHeaders in request))
    outHeaders = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'kOutHeaders');
  const headers: unknown = outHeaders === undefined ? undefined : Reflect.get(request, outHeaders);
  if (typeof headers === 'object' && headers !== null) Reflect.deleteProperty(headers, name.toLowerCase());
}

/** Where Node keeps the headers of a request; the same for all of them. */
let outHeaders: symbol | undefined;
