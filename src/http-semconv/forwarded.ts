// Called for every server span: finds what the client asked for, as the proxies in front of us tell it.
import { type Authority, splitAuthority } from './authority.ts';

export interface Origin {
  readonly scheme: string;
  readonly server: Authority;
  readonly client: Authority;
}

/** A request as it came in: its headers, and what the connection itself says, for when no header says more. */
export interface Incoming {
  header(name: string): string | undefined;
  /** False where no proxy is in front that sets the headers, and so any client could. */
  readonly trustForwarded: boolean;
  /** The authority of an absolute-form target, which counts whatever Host says (RFC 9112 3.2.2). */
  readonly targetHost?: string | undefined;
  readonly encrypted: boolean;
  readonly remoteAddress: string | undefined;
  /** Our end of it, asked for only where nobody else says who was asked. */
  local?(): Authority;
}

/**
 * `url.scheme`, `server.address` and `client.address`: the first of Forwarded (RFC 7239), X-Forwarded-*, Host, the connection;
 * the first element of a list is the one next to the client.
 */
export function readOrigin(incoming: Incoming): Origin {
  const { scheme, host, client } = incoming.trustForwarded ? readForwarded(incoming) : NOTHING;
  const asked = host ?? incoming.targetHost ?? incoming.header('host');
  return {
    scheme: scheme ?? (incoming.encrypted ? 'https' : 'http'),
    // HTTP/1.0 needs no Host.
    server: asked ? splitAuthority(asked) : (incoming.local?.() ?? { host: '', port: undefined }),
    client: client === undefined ? { host: incoming.remoteAddress ?? '', port: undefined } : splitAuthority(client),
  };
}

interface Forwarded {
  readonly scheme?: string | undefined;
  readonly host?: string | undefined;
  readonly client?: string | undefined;
}

const NOTHING: Forwarded = {};
/** What these headers may say; anything else is no scheme, no authority and no address, and is passed over. */
const SCHEME = /^[a-z][a-z\d+.-]{0,31}$/i;
const AUTHORITY = /^[^\s/?#\\"<>]{1,255}$/;

function readForwarded(incoming: Incoming): Forwarded {
  const forwarded = incoming.header('forwarded');
  const first = forwarded === undefined ? {} : parseForwarded(forwarded);
  return {
    scheme: pick(SCHEME, first.proto, incoming.header('x-forwarded-proto'))?.toLowerCase(),
    host: pick(AUTHORITY, first.host, incoming.header('x-forwarded-host')),
    client: pick(AUTHORITY, toNode(first.for), toNode(firstOf(incoming.header('x-forwarded-for')))),
  };
}

/** A proxy that does not know, or does not say, writes `unknown` (RFC 7239 6.2). */
function toNode(text: string | undefined): string | undefined {
  return text?.toLowerCase() === 'unknown' ? undefined : text;
}

function pick(allowed: RegExp, element: string | undefined, list: string | undefined): string | undefined {
  if (element !== undefined && allowed.test(element)) return element;
  const first = firstOf(list);
  return first !== undefined && allowed.test(first) ? first : undefined;
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
