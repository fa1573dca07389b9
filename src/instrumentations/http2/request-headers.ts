// Called by client.ts: reads what `session.request()` was given, and makes the copy of it that trace headers are put into.
import type { OutgoingHttpHeaders } from 'node:http2';
import { toClientTarget } from '../../http-semconv/client-target.ts';
import type { OutgoingRequest } from '../client-exchange.ts';
import { toHeader, toText } from '../capture/headers-of.ts';
import type { SessionFacts } from './read-session.ts';

/** A copy of the application's headers, in the form it gave them: an object, or names and values in turn. */
export type HeadersCopy = OutgoingHttpHeaders | unknown[];

/** Copies headers of any form that Node takes; undefined for what it refuses. */
export function copyHeaders(given: unknown): HeadersCopy | undefined {
  if (given === undefined) return {};
  // Both copies keep the symbol under which Node finds the names of sensitive headers.
  if (Array.isArray(given)) return given.length % 2 === 0 ? Object.assign([], given) : undefined;
  return typeof given === 'object' && given !== null ? Object.assign(Object.create(null), given) : undefined;
}

/** Sets a header once: one that the application set itself is replaced, as two trace contexts are none. */
export function setHttp2Header(headers: HeadersCopy, name: string, value: string): void {
  if (Array.isArray(headers)) {
    for (let index = headers.length - 2; index >= 0; index -= 2) {
      if (String(headers[index]).toLowerCase() === name) headers.splice(index, 2);
    }
    headers.push(name, value);
    return;
  }
  for (const given of Object.keys(headers)) if (given.toLowerCase() === name) delete headers[given];
  headers[name] = value;
}

/** The request that such headers make on a session. */
export function readRequest(
  session: SessionFacts,
  headers: OutgoingHttpHeaders,
): Pick<OutgoingRequest, 'method' | 'target' | 'header'> {
  const read = (name: string): string | undefined => readHeader(headers, name);
  const method = read(':method') ?? 'GET';
  const authority = read(':authority') ?? read('host') ?? session.authority;
  const origin = { scheme: read(':scheme') ?? session.scheme, authority };
  const isTunnel = method === 'CONNECT' && read(':protocol') === undefined;
  return {
    method,
    target: isTunnel ? toClientTarget(method, authority, origin) : toClientTarget('', read(':path') ?? '/', origin),
    header: (name) => (name === 'host' ? authority : read(name)),
  };
}

/** Headers by name, whatever form they were given in. */
export function toObject(headers: HeadersCopy): OutgoingHttpHeaders {
  if (!Array.isArray(headers)) return headers;
  const lists = new Map<string, string[]>();
  for (let index = 0; index < headers.length; index += 2) {
    const name = String(headers[index]);
    const list = lists.get(name);
    // Never a new list for every value: that is a second for ten thousand of them.
    if (list === undefined) lists.set(name, [String(headers[index + 1])]);
    else list.push(String(headers[index + 1]));
  }
  const object: OutgoingHttpHeaders = Object.fromEntries(lists);
  for (const symbol of Object.getOwnPropertySymbols(headers)) Reflect.set(object, symbol, Reflect.get(headers, symbol));
  return object;
}

/** A header by its lower-case name. */
export function readHeader(headers: OutgoingHttpHeaders, name: string): string | undefined {
  const key = headers[name] === undefined ? Object.keys(headers).find((given) => given.toLowerCase() === name) : name;
  return key === undefined ? undefined : toText(toHeader(headers[key]));
}
