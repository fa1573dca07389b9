// The engine calls findPairs on every layer: `name=value` and `name: value` in every syntax that urls, JSON, logs and headers use.
import { isBlank, isDigit, isQuote, isSlash, isWord, stopsName } from './characters.ts';
import { elementPair } from './find-elements.ts';
import { findNamed, isHeaderName } from './find-named.ts';
import { isOpaque } from './opaque-value.ts';
import { isComparison, isRemark, isPasswordLike } from './remarks.ts';
import type { Scan } from './scan.ts';
import { backslashesBefore, closingBracket, closingQuote, plainValueEnd } from './value-end.ts';
import type { ValuePlace } from './value-end.ts';
import type { Verdict } from './name-judge.ts';

/** A name is read backwards at most this far. */
const LONGEST_NAME = 256;
const WEAK_LENGTH = 12;
const REMARK_LENGTH = 20;
const NO_SECRET =
  /^(?:true|false|null|undefined|none|nil|string|number|boolean|unknown|any|\$\{?\w{0,40}\}?|\?|%s|%\(\w{1,40}\)s|:\w{1,40}|String!?|ID!?|Int!?|Boolean!?|Float!?|\[?(?:String|ID)!?\]?!?)$/;
const OAUTH_STATE = /(?:^|[?&;#"'\s{,])\s*(?:state|session_state|iss)["']?\s*[=:]/i;
const LINE_HEADER = /^(?:proxy-?authorization|authorization|set-?cookie2?|cookie2?)$/i;
const ONE_CREDENTIAL = /[ +]*(?:bearer|basic|token|apikey|api-key|negotiate|ntlm|key)[ +]+[^\s"',;]+/iy;

/** What the walk over a layer has passed since the last blank or quote. */
interface Place {
  inQuery: boolean;
  sawSlash: boolean;
  inList: boolean;
  /** Where the last `<` stood. */
  tag: number;
}

/** Reports the values of sensitive names, of weak names with opaque values, and of sensitive parents. */
export function findPairs(scan: Scan): void {
  const { text } = scan;
  const place: Place = { inQuery: false, sawSlash: false, inList: false, tag: -1 };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isWord(code)) continue;
    switch (code) {
      case 61: // =
        if (!place.sawSlash && !place.inQuery) place.inList = true;
        at = equalsPair(scan, at, place);
        break;
      case 58: // :
        at = colonPair(scan, at, place);
        break;
      case 63: // ?
      case 35: // #
      case 38: // &
        place.inQuery = true;
        break;
      case 47: // /
      case 92:
        if (!place.inQuery) place.sawSlash = true;
        break;
      case 60: // <
        place.tag = at;
        break;
      case 62: // >
        at = elementPair(scan, place.tag, at);
        place.tag = -1;
        break;
      case 44: // ,
        commaPair(scan, at);
        break;
      default:
        if (isQuote(code) || (!scan.isUrl && isBlank(code) && scan.isPlain(at))) {
          place.inQuery = false;
          place.sawSlash = false;
          place.inList = false;
        }
    }
  }
}

/** Handles the `=` at `at`; returns the last offset it has dealt with. */
function equalsPair(scan: Scan, at: number, place: Place): number {
  const { text } = scan;
  const end = beforeBlanks(scan, at);
  const quoted = end > 0 && isQuote(text.charCodeAt(end - 1));
  const nameEnd = quoted ? end - 1 - backslashesBefore(text, end - 1) : end;
  const start = nameStart(scan, nameEnd);
  namedPair(scan, start, nameEnd, at);
  const verdict = scan.judge.at(text, start, nameEnd);
  if (verdict.hide === 'never') return at;
  if (!scan.isUrl && !place.inQuery && isComparison(scan, at, { start, end: nameEnd, quoted }, verdict)) return at;
  const arrow = text.charCodeAt(at + 1) === 62;
  const operator = arrow ? at + 1 : scan.isUrl || place.inQuery ? at : lastEquals(text, at);
  const value = operator > at || end < at ? skipBlanks(scan, operator + 1) : at + 1;
  const before = text.charCodeAt(start - 1);
  const inPath = !place.inQuery && !place.inList && (isSlash(before) || (before === 59 && place.sawSlash));
  return (
    hide(scan, value, verdict, { width: scan.width(at), inPath, inList: place.inList && !place.inQuery }, true) ?? at
  );
}

/** Handles the `:` at `at`: JSON, inspected objects, GraphQL arguments, header lines; returns the last offset dealt with. */
function colonPair(scan: Scan, at: number, place: Place): number {
  const { text } = scan;
  const end = beforeBlanks(scan, at);
  const quoted = end > 0 && isQuote(text.charCodeAt(end - 1));
  const nameEnd = quoted ? end - 1 - backslashesBefore(text, end - 1) : end;
  const start = quoted ? openingQuote(text, nameEnd, text.charCodeAt(end - 1)) : bareNameStart(text, nameEnd);
  namedPair(scan, start, nameEnd, at);
  const verdict = scan.judge.at(text, start, nameEnd);
  if (verdict.hide === 'never') return at;
  const value = skipBlanks(scan, at + 1);
  const code = text.charCodeAt(value + backslashes(text, value));
  const opens = isQuote(code) || code === 123 || code === 91;
  const valuePlace: ValuePlace = {
    width: scan.width(at),
    inPath: place.sawSlash && !place.inQuery && value === at + 1,
    inList: false,
  };
  if (quoted || opens) return hide(scan, value, verdict, valuePlace, quoted || isQuote(code)) ?? at;
  if (isSlash(code) && isSlash(text.charCodeAt(value + 1))) return at;
  if (verdict.hide === 'opaque') return at;
  const valueEnd = plainValueEnd(scan, value, valuePlace);
  if (isProse(scan, start, value, valueEnd, at, place, verdict)) return at;
  if (!scan.isUrl && value > at + 1 && isRemark(text, start, nameEnd, value, valueEnd)) return at;
  if (LINE_HEADER.test(text.slice(start, nameEnd))) return hideHeaderLine(scan, value, verdict) ?? at;
  return hide(scan, value, verdict, valuePlace, false) ?? at;
}

/** Handles `"authorization", "Bearer x"` in a flat list of headers. */
function commaPair(scan: Scan, at: number): void {
  const { text } = scan;
  const end = beforeBlanks(scan, at);
  if (end === 0 || !isQuote(text.charCodeAt(end - 1))) return;
  const nameEnd = end - 1 - backslashesBefore(text, end - 1);
  const start = openingQuote(text, nameEnd, text.charCodeAt(end - 1));
  if (!isHeaderName(text.slice(start, nameEnd))) return;
  const value = skipBlanks(scan, at + 1);
  const open = value + backslashes(text, value);
  if (!isQuote(text.charCodeAt(open))) return;
  const close = closingQuote(text, open);
  const after = close < 0 ? text.length : skipBlanks(scan, close + 1);
  // `{"name":"authorization","value":"x"}` is for findNamed.
  if (text.charCodeAt(after) === 58) return;
  scan.report(open + 1, close < 0 ? text.length : close - backslashesBefore(text, close), 'header-list');
}

/** Hides what stands beside a member that names it: `"name":"password","value":"x"`. The walk goes on where it was. */
function namedPair(scan: Scan, start: number, end: number, at: number): void {
  const { text } = scan;
  const found = findNamed(scan, start, end, skipBlanks(scan, at + 1), text.charCodeAt(at));
  if (found !== undefined)
    hide(scan, found.from, found.verdict, { width: scan.width(at), inPath: false, inList: false }, true);
}

function lastEquals(text: string, from: number): number {
  let at = from;
  while (at - from < 2 && text.charCodeAt(at + 1) === 61) at++;
  return at;
}

/** Reports a value when the verdict says so. Returns its end, or undefined when the value stays. */
function hide(scan: Scan, from: number, verdict: Verdict, place: ValuePlace, mayWeak: boolean): number | undefined {
  if (verdict.hide === 'never' || (verdict.hide === 'opaque' && !mayWeak)) return undefined;
  const { text } = scan;
  const open = from + backslashes(text, from);
  const code = text.charCodeAt(open);
  let start = from;
  let end = -1;
  let next = -1;
  if (isQuote(code)) {
    const close = closingQuote(text, open);
    if (close >= 0) {
      start = open + 1;
      end = close - Math.min(backslashesBefore(text, close), open - from);
      next = close;
      if (isPlainTail(text.charCodeAt(close + 1))) end = plainValueEnd(scan, close + 1, place);
    } else if (!scan.isUrl) {
      start = open + 1;
      end = text.length;
    }
  } else if (code === 123 || code === 91) {
    end = closingBracket(text, from, scan.isUrl);
    if (end < 0 && verdict.hide === 'always')
      end = scan.isUrl ? plainValueEnd(scan, from, { ...place, inObject: true }) : text.length;
    if (end >= 0 && end < text.length && isPlainTail(text.charCodeAt(end))) end = -1;
  }
  if (end < 0) end = plainValueEnd(scan, from, place);
  if (end <= start || isKept(scan, start, end, verdict)) return undefined;
  scan.report(start, end, verdict.rule);
  return Math.max(next, end - 1);
}

function isPlainTail(code: number): boolean {
  return isWord(code) || code === 45 || code === 95 || code === 37;
}

function isKept(scan: Scan, start: number, end: number, verdict: Verdict): boolean {
  const length = end - start;
  const value = length > 512 ? scan.text.slice(start, start + 512) : scan.text.slice(start, end);
  switch (verdict.hide) {
    case 'never':
      return true;
    case 'always':
      return (length <= 48 && NO_SECRET.test(value)) || (verdict.name.endsWith('s') && /^\d{1,7}$/.test(value));
    case 'long-opaque':
      return !isOpaque(value, REMARK_LENGTH);
    case 'opaque':
      return !isOpaque(value, WEAK_LENGTH) && !(verdict.name === 'code' && isOauthCode(scan.text, value));
  }
}

/** An authorization code may be short; what stands next to a `state` is one, unless it is a country, a status or an error's name. */
function isOauthCode(text: string, value: string): boolean {
  return !/^(?:[A-Z_]+|\d{1,3})$/.test(value) && OAUTH_STATE.test(text);
}

/** Hides the credential of an Authorization or Cookie line: one word after a known scheme, else up to the end of the line or quote. */
function hideHeaderLine(scan: Scan, from: number, verdict: Verdict): number | undefined {
  if (verdict.hide === 'never') return undefined;
  const { text } = scan;
  ONE_CREDENTIAL.lastIndex = from;
  const end = ONE_CREDENTIAL.test(text) ? ONE_CREDENTIAL.lastIndex : lineEnd(scan, from);
  if (end <= from) return undefined;
  scan.report(from, end, verdict.rule);
  return end - 1;
}

/** Finds the end of a header line: a line break, raw or as `\n`, or the quote that closes the string it stands in. */
function lineEnd(scan: Scan, from: number): number {
  const { text } = scan;
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 13) break;
    if (code === 92 && /^[nr]/.test(text.charAt(at + 1))) break;
    // `Digest username="x", response="y"` has quotes of its own.
    if (isQuote(code) && scan.hasQuoteBefore(text.charAt(at), from) && backslashesBefore(text, at) % 2 === 0) break;
  }
  return at;
}

/** `invalid token: unexpected end`, `auth:8080`, `session.js:12:3`: a remark, a port, a position, and no value. */
function isProse(
  scan: Scan,
  start: number,
  value: number,
  end: number,
  colon: number,
  place: Place,
  verdict: Verdict,
): boolean {
  const { text } = scan;
  const length = end - value;
  if (length <= 5 && value === colon + 1 && allDigits(text, value, end)) return true;
  const before = text.charCodeAt(start - 1);
  if (value === colon + 1 && before === 46) return true;
  // `scope=token:read`, `sort=session:asc`.
  if (value === colon + 1)
    return (scan.isUrl || place.inQuery) && /^[a-z][a-z_+:. -]{0,40}$/.test(text.slice(value, end));
  const inSentence = before === 32 && /[\w,:;)\]"]/.test(text.charAt(start - 2));
  if (!inSentence) return false;
  // `user: bob, password: correcthorse`
  if (isPasswordLike(verdict) && /[,;]/.test(text.charAt(start - 2))) return false;
  if (/^[a-z][a-z0-9+.-]{1,20}:\/\//i.test(text.slice(value, value + 24))) return true;
  return length <= 24 && /^(?:[A-Za-z]?[a-z'-]{0,23}[.!,]?|[<>{}[\]().,;:!?"'`-]{1,3})$/.test(text.slice(value, end));
}

function allDigits(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (!isDigit(code) && code !== 58) return false;
  }
  return to > from;
}

function nameStart(scan: Scan, end: number): number {
  const { text, isUrl } = scan;
  const limit = Math.max(0, end - LONGEST_NAME);
  let at = end;
  while (at > limit) {
    const code = text.charCodeAt(at - 1);
    if (!isWord(code) && (stopsName(code) || (!isUrl && isBlank(code) && scan.isPlain(at - 1)))) break;
    at--;
  }
  return isUrl ? at : joinedStart(text, at, end);
}

function bareNameStart(text: string, end: number): number {
  const limit = Math.max(0, end - LONGEST_NAME);
  let at = end;
  while (at > limit) {
    const code = text.charCodeAt(at - 1);
    if (!isWord(code) && code !== 95 && code !== 45 && code !== 36 && code < 128) break;
    at--;
  }
  return joinedStart(text, at, end);
}

// `API key: x`, `access key = x`: the qualifier stands before a blank.
function joinedStart(text: string, start: number, end: number): number {
  if (end - start !== 3 || !/^key$/i.test(text.slice(start, end))) return start;
  const before = /(?:api|access|private|secret|account|shared|master|encryption|signing|license|subscription) $/i.exec(
    text.slice(Math.max(0, start - 14), start),
  );
  return before === null ? start : start - before[0].length;
}

function openingQuote(text: string, end: number, quote: number): number {
  const limit = Math.max(0, end - LONGEST_NAME);
  let at = end;
  while (at > limit && text.charCodeAt(at - 1) !== quote) at--;
  return at;
}

function beforeBlanks(scan: Scan, at: number): number {
  let end = at;
  while (end > 0 && at - end < 4 && isBlank(scan.text.charCodeAt(end - 1))) end--;
  return end;
}

function skipBlanks(scan: Scan, from: number): number {
  let at = from;
  while (at - from < 8 && isBlank(scan.text.charCodeAt(at))) at++;
  return at;
}

function backslashes(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 92) at++;
  return isQuote(text.charCodeAt(at)) ? at - from : 0;
}
