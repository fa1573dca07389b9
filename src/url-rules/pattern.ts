// Compiles one URL pattern of the configuration at start; matching is linear in the URL.
import { compileLinearRegex, readRegex } from './linear-regex.ts';

/** What a pattern is tried on. `authority` may have a port; `path` starts with `/` and has no query. */
export interface RequestUrl {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
}

export type UrlMatcher = (url: RequestUrl) => boolean;
export type TextMatcher = (text: string) => boolean;

const METHOD_PREFIX = /^([A-Z]+)\s+(\S.*)$/;

/**
 * Compiles `/path/*`, `/users/:id`, `https://*.example.com/x*`, `/regex/`, `METHOD pattern`, or a word found anywhere in the URL.
 * `*` stands for any text, `:name` for one path segment. The query takes no part. Hosts match in any case, and on any port
 * unless the pattern names one; paths match exactly.
 */
export function compilePattern(source: string): UrlMatcher {
  const [, method, rest] = METHOD_PREFIX.exec(source) ?? [];
  const matches = compileTarget(rest ?? source);
  return method === undefined ? matches : (url) => url.method === method && matches(url);
}

function compileTarget(pattern: string): UrlMatcher {
  const regex = readRegex(pattern);
  if (regex !== undefined) {
    const { test } = compileLinearRegex(regex.source, regex.flags);
    return ({ scheme, authority, path }) => test(path) || test(`${scheme}://${authority}${path}`);
  }
  if (pattern.startsWith('/')) {
    const path = compileGlob(pattern);
    return (url) => path(url.path) || path(withoutTrailingSlash(url.path));
  }
  const url = /^([a-z*]+):\/\/([^/]*)(.*)$/i.exec(pattern);
  if (url === null) {
    const anywhere = compileGlob(`*${pattern}*`);
    return ({ scheme, authority, path }) => anywhere(`${scheme}://${authority}${path}`);
  }
  const [, schemeText = '', hostText = '', pathText = ''] = url;
  const [scheme, host] = [compileGlob(schemeText.toLowerCase()), compileHost(hostText)];
  const path = compileGlob(pathText === '' ? '*' : pathText);
  return (target) => scheme(target.scheme) && host(target.authority) && path(target.path === '' ? '/' : target.path);
}

const withoutTrailingSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;

type Token = { readonly literal: string } | 'star' | 'segment';

/** Compiles a glob or `/regex/` for one part of a URL, such as the path or the host. */
export function compileText(pattern: string): TextMatcher {
  const regex = readRegex(pattern);
  return regex === undefined ? compileGlob(pattern) : compileLinearRegex(regex.source, regex.flags).test;
}

/** Compiles a glob or `/regex/` for `host` or `host:port`, in any case. Without a port in it, it fits any. */
export function compileHost(pattern: string): TextMatcher {
  const regex = readRegex(pattern);
  const matches =
    regex === undefined
      ? compileGlob(pattern.toLowerCase(), false)
      : compileLinearRegex(regex.source, `${regex.flags}i`).test;
  return (authority) => {
    const host = authority.toLowerCase();
    return matches(host) || matches(host.replace(/:\d+$/, ''));
  };
}

/** Compiles a text with `*` and `:name` to a matcher of whole texts. */
function compileGlob(pattern: string, withSegments = true): TextMatcher {
  const tokens: Token[] = [];
  const splitter = withSegments ? /(\*+|(?<=\/):[A-Za-z_]\w*)/ : /(\*+)/;
  for (const [index, piece] of pattern.split(splitter).entries()) {
    // Every second piece is what the splitter found; a `:name` that follows no slash is a text like any other.
    const isWildcard = index % 2 === 1;
    if (isWildcard) tokens.push(piece.startsWith('*') ? 'star' : 'segment');
    else if (piece !== '') tokens.push({ literal: piece });
  }
  return (text) => matchTokens(tokens, text);
}

/** Only the last `*` seen is ever gone back to, as nothing before it can match better: the classic linear-space glob. */
function matchTokens(tokens: readonly Token[], text: string): boolean {
  let at = 0;
  let index = 0;
  let starIndex = -1;
  let starAt = 0;
  for (;;) {
    const token = tokens[index];
    if (token === 'star') {
      if (index === tokens.length - 1) return true;
      starIndex = index++;
      starAt = at;
      continue;
    }
    const next = token === undefined ? (at === text.length ? at : -1) : matchToken(token, text, at);
    if (token === undefined && next >= 0) return true;
    if (next >= 0) {
      at = next;
      index++;
      continue;
    }
    if (starIndex < 0 || starAt >= text.length) return false;
    at = ++starAt;
    index = starIndex + 1;
  }
}

function matchToken(token: Exclude<Token, 'star'>, text: string, at: number): number {
  if (token !== 'segment') return text.startsWith(token.literal, at) ? at + token.literal.length : -1;
  const slash = text.indexOf('/', at);
  const end = slash < 0 ? text.length : slash;
  return end > at ? end : -1;
}
