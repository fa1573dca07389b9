// Pure text work on hosts and URLs for the span facts. Never `new URL()`: it throws on what servers accept and moves hosts.

export interface Authority {
  /** Without brackets for IPv6, as the conventions want it; empty when there is none. */
  readonly host: string;
  readonly port: number | undefined;
}

/** Splits `host`, `host:port`, `[v6]:port`, or a bare v6 address. A port that is not a number from 0 to 65535 counts as none. */
export function splitAuthority(text: string): Authority {
  const authority = text.slice(text.lastIndexOf('@') + 1);
  if (authority.startsWith('[')) {
    const close = authority.indexOf(']');
    if (close > 0) return { host: authority.slice(1, close), port: toPort(authority.slice(close + 1)) };
  }
  const colon = authority.indexOf(':');
  if (colon < 0 || authority.includes(':', colon + 1)) return { host: authority, port: undefined };
  return { host: authority.slice(0, colon), port: toPort(authority.slice(colon)) };
}

function toPort(text: string): number | undefined {
  return /^:\d{1,5}$/.test(text) && Number(text.slice(1)) <= 65_535 ? Number(text.slice(1)) : undefined;
}

export interface AbsoluteUrl {
  readonly scheme: string;
  readonly authority: string;
  /** Everything from the path on; empty when nothing follows the authority. */
  readonly rest: string;
}

/** Splits `scheme://authority/rest`, or tells that the text is no such URL. */
export function splitAbsoluteUrl(text: string): AbsoluteUrl | undefined {
  const end = text.indexOf('://');
  if (end <= 0) return undefined;
  const scheme = text.slice(0, end);
  if (!SCHEME.test(scheme)) return undefined;
  let pathStart = end + 3;
  while (pathStart < text.length && !isAuthorityEnd(text.charCodeAt(pathStart))) pathStart++;
  return { scheme: scheme.toLowerCase(), authority: text.slice(end + 3, pathStart), rest: text.slice(pathStart) };
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;

/** `/`, `?` or `#`. */
function isAuthorityEnd(code: number): boolean {
  return code === 47 || code === 63 || code === 35;
}

/** The port that a scheme implies. */
export function toDefaultPort(scheme: string): number | undefined {
  if (scheme === 'http') return 80;
  return scheme === 'https' ? 443 : undefined;
}

/** What is before the query of a request target. */
export function pathOf(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? target : target.slice(0, mark);
}

/** The query of a request target without its `?`; undefined where there is none. */
export function queryOf(target: string): string | undefined {
  const mark = target.indexOf('?');
  return mark < 0 ? undefined : target.slice(mark + 1);
}
