// findPairs calls this at `name`, `key` and `value`: `{"name":"password","value":"x"}` and `<add key="password" value="x"/>`.
import { isBlank, isQuote, isWord } from './characters.ts';
import type { Scan } from './scan.ts';
import { backslashesBefore, closingQuote } from './value-end.ts';
import type { Verdict } from './name-judge.ts';

const MEMBER =
  /^(?:(?:parameter|param|field|header|cookie|variable|var|env|property|attribute|setting|option)[_-]?)?(?:(name|key)|value)$/i;
const LONGEST_MEMBER = 16;
const LONGEST_NAME = 128;
/** How many members may stand between the name and its value, and how many characters they may have. */
const MOST_MEMBERS = 12;
const LOOK = 1024;
const HEADER_NAME = /^(?:(?:proxy-?)?authorization|(?:set-?)?cookie2?|x-[a-z-]*(?:key|token|secret|signature))$/i;

/** A value, and what the name that stands beside it says about it. */
export interface NamedValue {
  readonly from: number;
  readonly verdict: Verdict;
}

/** Says whether a name is that of a header that carries a credential. */
export const isHeaderName = (name: string): boolean => HEADER_NAME.test(name);

/**
 * Reads the object (or tag) on from the member whose name is `start`-`end` and whose value starts at `value`, for the member that
 * completes it. Returns undefined when it is none of a name and a value, or when that name is harmless.
 */
export function findNamed(
  scan: Scan,
  start: number,
  end: number,
  value: number,
  separator: number,
): NamedValue | undefined {
  const { text } = scan;
  const kind = memberKind(text, start, end);
  // The attributes of a tag have quotes; `?key=x` has none.
  if (kind === undefined || (separator === 61 && quoteAt(text, value) < 0)) return undefined;
  if (kind === 'name') {
    const verdict = verdictOf(scan, value);
    if (verdict === undefined) return undefined;
    const from = sibling(text, value, 'value', separator);
    return from < 0 ? undefined : { from, verdict };
  }
  const name = sibling(text, value, 'name', separator);
  const verdict = name < 0 ? undefined : verdictOf(scan, name);
  return verdict === undefined ? undefined : { from: value, verdict };
}

function memberKind(text: string, start: number, end: number): 'name' | 'value' | undefined {
  if (end - start > LONGEST_MEMBER || end - start < 3) return undefined;
  // All of them end in `me`, `ue` or `ey`: most names are turned away here.
  const last = text.charCodeAt(end - 1) | 32;
  const before = text.charCodeAt(end - 2) | 32;
  if (last === 101 ? before !== 109 && before !== 117 : last !== 121 || before !== 101) return undefined;
  const match = MEMBER.exec(text.slice(start, end));
  if (match === null) return undefined;
  return match[1] === undefined ? 'value' : 'name';
}

/** What the quoted string at `at` says as a name. */
function verdictOf(scan: Scan, at: number): Verdict | undefined {
  const { text } = scan;
  const open = quoteAt(text, at);
  const close = open < 0 ? -1 : closingQuote(text, open);
  if (close < 0 || close - open > LONGEST_NAME) return undefined;
  const nameEnd = close - backslashesBefore(text, close);
  const verdict = scan.judge.at(text, open + 1, nameEnd);
  if (verdict.hide === 'always') return verdict;
  const name = text.slice(open + 1, nameEnd);
  if (isHeaderName(name)) return { hide: 'always', rule: 'header-list', name: name.toLowerCase() };
  return verdict.hide === 'never' ? undefined : verdict;
}

/** Returns where the value of the wanted member starts, or -1 when the object ends, or repeats itself, before it. */
function sibling(text: string, value: number, wanted: 'name' | 'value', separator: number): number {
  let at = skipValue(text, value, value + LOOK);
  const limit = at + LOOK;
  for (let members = 0; members < MOST_MEMBERS && at >= 0; members++) {
    at = skipBetween(text, at, limit);
    const open = quoteAt(text, at);
    const close = open < 0 ? bareEnd(text, at) : closingQuote(text, open);
    const start = open < 0 ? at : open + 1;
    if (close <= start || close - start > LONGEST_NAME) return -1;
    at = skipBlanks(text, open < 0 ? close : close + 1, limit);
    if (text.charCodeAt(at) !== separator) {
      // `<input required name="x">`
      if (separator === 61 && open < 0) continue;
      return -1;
    }
    at = skipBlanks(text, at + 1, limit);
    const kind = memberKind(text, start, close - (open < 0 ? 0 : backslashesBefore(text, close)));
    if (kind !== undefined) return kind === wanted ? at : -1;
    at = skipValue(text, at, limit);
  }
  return -1;
}

/** Returns the end of a value of any kind, or -1; a string may go beyond the limit. */
function skipValue(text: string, from: number, limit: number): number {
  let depth = 0;
  for (let at = from; at < text.length && at < limit; at++) {
    const code = text.charCodeAt(at);
    if (isWord(code)) continue;
    if (isQuote(code)) {
      const close = closingQuote(text, at);
      if (close < 0) return -1;
      at = close;
      if (depth === 0) return at + 1;
    } else if (code === 123 || code === 91) depth++;
    else if (code === 125 || code === 93) {
      if (--depth < 0) return -1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (code === 44 || code === 62 || code === 41 || (isBlank(code) && at > from))) return at;
  }
  return -1;
}

function skipBetween(text: string, from: number, limit: number): number {
  let at = from;
  while (at < limit) {
    const code = text.charCodeAt(at);
    if (code !== 44 && code !== 59 && !isBlank(code)) break;
    at++;
  }
  return at;
}

function skipBlanks(text: string, from: number, limit: number): number {
  let at = from;
  while (at < limit && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** Returns the offset of the quote, itself escaped or not, that opens at `at`, or -1. */
function quoteAt(text: string, at: number): number {
  let open = at;
  while (text.charCodeAt(open) === 92) open++;
  return isQuote(text.charCodeAt(open)) ? open : -1;
}

function bareEnd(text: string, from: number): number {
  let at = from;
  while (at - from <= LONGEST_NAME) {
    const code = text.charCodeAt(at);
    if (!isWord(code) && code !== 95 && code !== 45 && code !== 36 && code !== 46) break;
    at++;
  }
  return at;
}
