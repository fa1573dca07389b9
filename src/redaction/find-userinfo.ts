// The engine calls findUserinfo on every layer that holds an `@`: whoever stands before the host of a URL goes.
import { isBlank, isLetter, isSlash, isWord, stopsAuthority } from './characters.ts';
import type { Scan } from './scan.ts';

const SPECIAL = /^(?:https?|wss?|ftps?)$/i;
const RULE = 'userinfo';
const LONGEST_SCHEME = 40;
const PLAIN_SCHEMES = /^(?:mailto|sip|sips|xmpp|acct|npm|jsr|pkg|https?|wss?|ftps?)$/i;
/** Before an address of a person in a text. Before that of a server they are the name of a user, `user` more often than any. */
const LABELS = /^(?:from|to|cc|bcc|email|e-mail|mail|user|author|owner|contact|image|by|reply-to|sender)$/i;
const HOST_WITH_PORT = /^(?:[\w.-]{1,255}|\[[\da-f:.]{2,45}\]):\d{1,5}\b/i;
const BARE = /^[\s\0-\x1f]*([^\s:/@?#]{0,256}):([^\s/?#]{1,1024})@(?=[\w.[\]:-]+(?::\d{1,5})?\/?\s*$)/;
const BARE_IN_TEXT =
  /(?<![^\s"'`=(<>,#[])([\w.%+-]{1,64}):([^\s/?#"'`<>@]{1,256})@(?=(?:[\w.-]{1,255}|\[[\da-f:.]{2,45}\])(?::\d{1,5}\b|\/)|(?:tcp|unix|udp)\()/gi;
const ORACLE_THIN = /\bthin:([^\s@/"']{1,128})\/([^\s@"']{1,256})@/gi;

/** One walk over a layer; up to `emptyUntil` a raw password was already looked for in vain. */
interface Search {
  readonly scan: Scan;
  emptyUntil: number;
  /** Where the last `@` dealt with stands. */
  last: number;
}

/** Reports user names and passwords before `@`, in URLs of any scheme, scheme-relative references and authority-form targets. */
export function findUserinfo(scan: Scan): void {
  const { text } = scan;
  if (!text.includes('@') && !scan.isCut) return;
  const search: Search = { scan, emptyUntil: -1, last: -1 };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 58) at = afterColon(search, at);
    else if (isSlash(code) && isSlash(text.charCodeAt(at + 1))) at = schemeRelative(search, at);
  }
  if (text.indexOf('@') !== search.last || text.lastIndexOf('@') !== search.last) bareAuthority(scan);
}

/** Handles a `:` that may end a scheme. Returns the last offset dealt with. */
function afterColon(search: Search, colon: number): number {
  const { scan } = search;
  const { text } = scan;
  const scheme = schemeStart(text, colon);
  if (scheme === colon) return colon;
  let start = colon + 1;
  while (isSlash(text.charCodeAt(start)) || (start > colon + 1 && isStripped(scan, start))) start++;
  const special = SPECIAL.test(text.slice(scheme, colon));
  if (!special && start < colon + 3) return colon;
  if (special && start === colon + 1 && !/^[^\s/\\?#]*@/.test(text.slice(start, start + 2048))) return colon;
  return authority(search, start);
}

function isStripped(scan: Scan, at: number): boolean {
  const code = scan.text.charCodeAt(at);
  return scan.isUrl && (code === 9 || code === 10 || code === 13);
}

function schemeStart(text: string, colon: number): number {
  let at = colon;
  const limit = Math.max(0, colon - LONGEST_SCHEME);
  while (at > limit) {
    const code = text.charCodeAt(at - 1);
    if (!isWord(code) && code !== 43 && code !== 45 && code !== 46) break;
    at--;
  }
  while (at < colon && !isLetter(text.charCodeAt(at))) at++;
  return at;
}

/** Handles `//` that no scheme precedes: at the start, or after a character that cannot be part of a path. */
function schemeRelative(search: Search, at: number): number {
  const { text } = search.scan;
  const before = text.charCodeAt(at - 1);
  let start = at;
  while (isSlash(text.charCodeAt(start))) start++;
  if (at > 0 && (isWord(before) || before === 45 || before === 95 || before === 46 || before === 37)) return start - 1;
  return authority(search, start);
}

/** Reports the userinfo of the authority that begins at `start`. Returns the last offset dealt with. */
function authority(search: Search, start: number): number {
  const { scan } = search;
  const { text } = scan;
  let end = start;
  let at = -1;
  while (end < text.length && !endsAuthority(scan, end)) {
    if (text.charCodeAt(end) === 64) at = end;
    end++;
  }
  if (at < 0 && hasBadPort(text, start, end)) at = rawPasswordEnd(search, end);
  if (at < 0) return start - 1;
  credentials(scan, start, at);
  search.last = at;
  return at;
}

function endsAuthority(scan: Scan, at: number): boolean {
  const code = scan.text.charCodeAt(at);
  if (stopsAuthority(code)) return true;
  return !scan.isUrl && isBlank(code) && scan.isPlain(at);
}

/** True when what looks like `host:port` cannot be one, so that the URL can only be a password with a raw `/`, `?` or `#`. */
function hasBadPort(text: string, start: number, end: number): boolean {
  if (end - start > 1024) return true;
  const authority = text.slice(start, end);
  if (authority.startsWith('[') || !authority.includes(':')) return false;
  return authority.split(',').some((host) => {
    const colon = host.lastIndexOf(':');
    if (colon < 0) return false;
    const port = host.slice(colon + 1);
    return !/^\d{0,5}$/.test(port) || Number(port) > 65535;
  });
}

/** Finds the last `@` that a password with raw separators can end at: none after a `=`, a blank or a quote. */
function rawPasswordEnd(search: Search, from: number): number {
  const { scan } = search;
  const { text } = scan;
  if (from < search.emptyUntil) return -1;
  let found = -1;
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 64) found = at;
    else if (code === 61 && found >= 0) return found;
    else if (!scan.isUrl && (code === 34 || code === 60 || code === 62 || (isBlank(code) && scan.isPlain(at)))) break;
  }
  if (found < 0 && scan.isCut && at === text.length) return at;
  if (found < 0) search.emptyUntil = at;
  return found;
}

function credentials(scan: Scan, start: number, end: number): void {
  const colon = scan.text.indexOf(':', start);
  if (colon < 0 || colon >= end) {
    scan.report(start, end, RULE);
    return;
  }
  scan.report(start, colon, RULE);
  scan.report(colon + 1, end, RULE);
}

/** Handles `user:password@host:443` without a scheme: a CONNECT target, a DSN, a proxy in a message. */
function bareAuthority(scan: Scan): void {
  const { text } = scan;
  const whole = text.length <= 2048 ? BARE.exec(text) : null;
  if (whole !== null && !isPlainPrefix(scan, whole[1] ?? '', whole[0].length)) {
    const start = whole[0].length - 2 - (whole[1] ?? '').length - (whole[2] ?? '').length;
    credentials(scan, start, whole[0].length - 1);
    return;
  }
  BARE_IN_TEXT.lastIndex = 0;
  for (const match of text.matchAll(BARE_IN_TEXT)) {
    if (isPlainPrefix(scan, match[1] ?? '', match.index + match[0].length)) continue;
    credentials(scan, match.index, match.index + match[0].length - 1);
  }
  if (!text.includes('thin:')) return;
  for (const match of text.matchAll(ORACLE_THIN)) {
    const end = match.index + match[0].length - 1;
    scan.report(match.index + 5, end, RULE);
  }
}

/** True of what stands before a `:` and is no user name, as what follows is no server's authority; `host` is where that begins. */
function isPlainPrefix({ text, isUrl }: Scan, prefix: string, host: number): boolean {
  if (PLAIN_SCHEMES.test(prefix)) return true;
  return !isUrl && LABELS.test(prefix) && !HOST_WITH_PORT.test(text.slice(host, host + 300));
}
