// Called by the http instrumentations: Node's header objects in the one shape that the capture reads.
import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import type { Header } from './header-capture.ts';

/** The headers of a message as names and values. */
export function* pairs(headers: OutgoingHttpHeaders): Iterable<Header> {
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) yield [name, Array.isArray(value) ? value : String(value)];
  }
}

/** A header's value as text, as an incoming message would have it. */
export function toHeader(value: OutgoingHttpHeader | undefined): string | string[] | undefined {
  return typeof value === 'number' ? String(value) : value;
}

/** A header of an incoming message as one text. */
export function toText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
