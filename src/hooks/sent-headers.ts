// Called by the http instrumentations: what a message was really sent with.
import type { OutgoingHttpHeaders, OutgoingMessage } from 'node:http';

/**
 * The headers of an outgoing message by lower-case name, values in the order they were sent.
 * @note Headers given to `writeHead` alone, and those that Node adds, are in the rendered block but not in `getHeaders()`.
 */
export function readSentHeaders(message: OutgoingMessage): OutgoingHttpHeaders {
  const block = readSentBlock(message);
  if (block === undefined) return message.getHeaders();
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const line of block.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
  }
  return headers;
}

/** The first line and the headers of an outgoing message, once they are rendered. */
export function readSentBlock(message: OutgoingMessage): string | undefined {
  // Internal, but unchanged for ten years; without it there is still what was set.
  const { _header: block } = message as unknown as { _header?: unknown };
  return typeof block === 'string' ? block : undefined;
}
