// Called by client.ts for every request: what a session was connected to, and by whom. Node keeps it where only symbols lead.
import type { ClientHttp2Session } from 'node:http2';
import { toDefaultPort } from '../../http-semconv/authority.ts';

export interface SessionFacts {
  readonly scheme: string;
  /** What Node sends as `:authority`, as a URL would have it. */
  readonly authority: string;
  /** undici makes requests of its own with http2; its channels have told of them already. */
  readonly isOfUndici: boolean;
}

const known = new WeakMap<ClientHttp2Session, SessionFacts>();

/** Reads a session, once. */
export function readSession(session: ClientHttp2Session): SessionFacts {
  const before = known.get(session);
  if (before !== undefined) return before;
  const symbols = new Map(Object.getOwnPropertySymbols(session).map((symbol) => [symbol.description, symbol]));
  const read = (description: string): string => {
    const symbol = symbols.get(description);
    const value: unknown = symbol === undefined ? undefined : Reflect.get(session, symbol);
    return typeof value === 'string' ? value : '';
  };
  // The descriptions are the same in every version of Node and of undici (6 to 8, and those built in); the tests say when they are not.
  const scheme = read('protocol').replace(/:$/, '') || (session.encrypted ? 'https' : 'http');
  const facts = { scheme, authority: toAuthority(read('authority'), scheme), isOfUndici: symbols.has('open streams') };
  known.set(session, facts);
  return facts;
}

/** @note Node's own is always `host:port`, also for the port that the scheme implies, and an IPv6 address has lost its brackets. */
function toAuthority(connected: string, scheme: string): string {
  const colon = connected.lastIndexOf(':');
  if (colon < 0) return connected;
  const host = connected.slice(0, colon);
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const port = connected.slice(colon);
  return port === `:${toDefaultPort(scheme)}` ? bracketed : bracketed + port;
}
