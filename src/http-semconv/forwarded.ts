// Called for every server span: finds what the client asked for, as the proxies in front of us tell it.
import { type Authority, splitAuthority } from './authority.ts';

export type HeaderReader = (name: string) => string | undefined;

export interface Origin {
  readonly scheme: string;
  readonly server: Authority;
  readonly client: Authority;
}

/** What the connection itself says, for when no header says more. */
export interface Connection {
  /** The authority of an absolute-form target, which counts whatever Host says (RFC 9112 3.2.2). */
  readonly targetHost?: string | undefined;
  readonly encrypted: boolean;
  readonly remoteAddress: string | undefined;
}

/**
 * `url.scheme`, `server.address` and `client.address`: the first of Forwarded (RFC 7239), X-Forwarded-*, Host, the connection;
 * the first element of a list is the one next to the client.
 */
export function readOrigin(header: HeaderReader, connection: Connection): Origin {
  const forwarded = header('forwarded');
  const first = forwarded === undefined ? undefined : parseForwarded(forwarded);
  const scheme = first?.proto ?? firstOf(header('x-forwarded-proto'));
  const host = first?.host ?? firstOf(header('x-forwarded-host')) ?? connection.targetHost ?? header('host') ?? '';
  const client = first?.for ?? firstOf(header('x-forwarded-for')) ?? connection.remoteAddress ?? '';
  return {
    scheme: scheme === undefined ? (connection.encrypted ? 'https' : 'http') : scheme.toLowerCase(),
    server: splitAuthority(host),
    client: splitAuthority(client),
  };
}

function firstOf(list: string | undefined): string | undefined {
  if (list === undefined) return undefined;
  const comma = list.indexOf(',');
  const first = (comma < 0 ? list : list.slice(0, comma)).trim();
  return first === '' ? undefined : first;
}

type ForwardedPair = 'for' | 'host' | 'proto';

/** Reads the first element of a Forwarded header: `for="[2001:db8::1]:4711";proto=https;host=example.com`. */
function parseForwarded(value: string): Partial<Record<ForwardedPair, string>> {
  const pairs: Partial<Record<ForwardedPair, string>> = {};
  // A quoted string may hold a comma, so elements are not split at commas first.
  const pattern = /\s*([A-Za-z]{1,20})=("(?:[^"\\]|\\.){0,300}"|[^\s;,"]{0,300})\s*([;,]|$)/y;
  for (let match = pattern.exec(value); match !== null; match = pattern.exec(value)) {
    const [, name = '', raw = '', separator] = match;
    const text = raw.startsWith('"') ? raw.slice(1, -1).replaceAll(/\\(.)/g, '$1') : raw;
    const key = name.toLowerCase();
    if (text !== '' && (key === 'for' || key === 'host' || key === 'proto')) pairs[key] ??= text;
    if (separator !== ';') break;
  }
  return pairs;
}
