// Called by both sides of http2: the headers of a message that may be captured.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { Header } from '../capture/header-capture.ts';
import { pairs } from '../capture/headers-of.ts';
import { process } from '../../natives.ts';

/** Without the pseudo-headers, which are the request line and have attributes of their own, and without those that their sender marked as sensitive. */
export function* fields(headers: IncomingHttpHeaders | OutgoingHttpHeaders): Iterable<Header> {
  const sensitive = readSensitive(headers);
  for (const pair of pairs(headers)) {
    const name = pair[0].toLowerCase();
    if (!name.startsWith(':') && !sensitive.has(name)) yield pair;
  }
}

function readSensitive(headers: object): ReadonlySet<string> {
  // Loaded by now: a stream has been made.
  const names: unknown = Reflect.get(headers, process.getBuiltinModule('node:http2').sensitiveHeaders);
  return new Set(Array.isArray(names) ? names.map((name) => String(name).toLowerCase()) : []);
}
