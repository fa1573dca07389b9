// Called by the http and undici clients: which URL a request target stands for. Pure text; see authority.ts for why.
import { type Authority, splitAbsoluteUrl, splitAuthority, toDefaultPort } from './authority.ts';

/** What a client asks for, as it says it: nothing here is redacted yet. */
export interface ClientTarget {
  readonly scheme: string;
  readonly authority: string;
  /** Path and query. */
  readonly rest: string;
  /** `server.address`: without port and brackets. */
  readonly address: string;
  readonly port: number | undefined;
}

/** What the connection is to, for targets that do not say it. */
export interface ClientOrigin {
  readonly scheme: string;
  readonly authority: string;
}

/**
 * Reads the four forms of a request target (RFC 9112 3.2). One for a proxy, in absolute-form or of a CONNECT, names the server that is meant; the
 * URL of a CONNECT has the scheme of the connection to the proxy, as nobody says another.
 */
export function toClientTarget(method: string, target: string, origin: ClientOrigin): ClientTarget {
  const { scheme, authority } = origin;
  // Almost all: what follows costs a regular expression each.
  if (target.startsWith('/') && method !== 'CONNECT') return withServer(scheme, authority, target);
  if (method === 'CONNECT') return withServer(scheme, target.replace(/^\//, ''), '');
  const absolute = splitAbsoluteUrl(target);
  if (absolute !== undefined) return withServer(absolute.scheme, absolute.authority, absolute.rest);
  // `OPTIONS *` asks the server as a whole. Node sends a path without its slash as it is; a URL has no such thing.
  return withServer(scheme, authority, target === '*' ? '' : /^\?|^$/.test(target) ? target : `/${target}`);
}

/** The server that was asked last, mostly the next one too; none whose address begins with a user and a password. */
let last: ClientOrigin & Authority = { scheme: '', authority: '', host: '', port: undefined };

function withServer(scheme: string, authority: string, rest: string): ClientTarget {
  let server = last;
  if (authority !== last.authority || scheme !== last.scheme) {
    const { host, port = toDefaultPort(scheme) } = splitAuthority(authority);
    server = { scheme, authority, host, port };
    if (!authority.includes('@')) last = server;
  }
  return { scheme, authority, rest, address: server.host, port: server.port };
}

/** The whole URL. */
export const toUrl = ({ scheme, authority, rest }: ClientTarget): string => `${scheme}://${authority}${rest}`;
