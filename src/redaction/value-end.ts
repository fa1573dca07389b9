// The pair detectors ask here where a value ends: at a separator, at its closing quote, or at its closing bracket.
import { isBlank, isWord } from './characters.ts';
import type { Scan } from './scan.ts';

/** How far a `;` looks for the `name=` that makes it a separator. */
const SEPARATOR_LOOK = 64;

/** Where an unquoted value stands: encoding width of its `=`, whether `/` ends it, whether it is a connection-string entry, or an object that never closes. */
export interface ValuePlace {
  readonly width: number;
  readonly inPath: boolean;
  readonly inList: boolean;
  readonly inObject?: boolean;
}

/**
 * Returns the end of an unquoted value. A separator that is encoded more deeply than the pair's own `=` belongs to the value:
 * `tok%65n=a%26b` is one value, `%3Ftoken%3Da%26page%3D2` are two pairs.
 */
export function plainValueEnd(scan: Scan, from: number, place: ValuePlace): number {
  const { text, isUrl } = scan;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isWord(code)) continue;
    if (code === 40 || code === 91 || code === 123) depth++;
    else if (code === 41 || code === 93 || code === 125) {
      if (!isUrl && --depth < 0) return at;
    } else if (isValueEnd(scan, at, code, from, place)) return at;
  }
  return text.length;
}

function isValueEnd(scan: Scan, at: number, code: number, from: number, place: ValuePlace): boolean {
  const { text, isUrl } = scan;
  switch (code) {
    case 38: // &
      return scan.width(at) <= place.width || isEntityWide(scan, at, place);
    case 59: // ;
      return scan.width(at) <= place.width && startsNextPair(text, at + 1, true);
    case 35: // #
      return !place.inList && scan.width(at) <= place.width;
    case 47: // /
    case 63: // ?
      return place.inPath && scan.width(at) <= place.width;
    case 92: // backslash
      return (place.inPath && scan.isUrl) || isEscapedEnd(text, at, isUrl);
    case 34: // "
    case 39: // '
    case 96: // backtick
      return at > from && place.inObject !== true && (!isUrl || scan.hasQuoteBefore(text.charAt(at), from));
    case 60: // <
    case 62: // >
      return !isUrl;
    case 44: // ,
      return !isUrl && startsNextPair(text, at + 1, false);
    default:
      return !isUrl && isBlank(code) && scan.isPlain(at);
  }
}

// `\u0026` (Go's JSON) is six characters wide and `&amp;` five, yet both stand for a separator of the level they are on.
function isEntityWide(scan: Scan, at: number, place: ValuePlace): boolean {
  if (place.width > 1 || scan.layer.map === undefined) return false;
  return scan.source.charCodeAt(scan.layer.map[at] ?? 0) !== 37;
}

function isEscapedEnd(text: string, at: number, isUrl: boolean): boolean {
  const next = text.charCodeAt(at + 1);
  if (next === 34) return true;
  if (next === 117) return /^u0026/i.test(text.slice(at + 1, at + 6));
  return !isUrl && (next === 110 || next === 114 || next === 116);
}

/** Says whether a `;` or `,` ends a value: at the end, before a blank (in text), or before the next `name=`. */
function startsNextPair(text: string, from: number, orPath: boolean): boolean {
  const limit = Math.min(text.length, from + SEPARATOR_LOOK);
  if (from >= text.length || isBlank(text.charCodeAt(from))) return true;
  for (let at = from; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === 61) return at > from;
    if (isWord(code) || code > 127 || isNamePunctuation(code)) continue;
    return orPath
      ? at === from && (code === 47 || code === 63 || code === 38 || code === 35)
      : code === 34 || code === 39;
  }
  return false;
}

function isNamePunctuation(code: number): boolean {
  // % + - . [ ] _ : space $ !
  return (
    code === 37 ||
    code === 43 ||
    code === 45 ||
    code === 46 ||
    code === 91 ||
    code === 93 ||
    code === 95 ||
    code === 58 ||
    code === 32 ||
    code === 36 ||
    code === 33
  );
}

/**
 * Returns the offset of the closing quote of the string that opens at `open`, or -1. Quotes that are themselves escaped
 * (`\"name\": \"value\"`) close at the same level of escaping.
 */
export function closingQuote(text: string, open: number): number {
  const quote = text.charAt(open);
  const level = backslashesBefore(text, open);
  let at = text.indexOf(quote, open + 1);
  while (at >= 0) {
    const slashes = backslashesBefore(text, at);
    if (level === 0 ? slashes % 2 === 0 : slashes <= level) break;
    at = text.indexOf(quote, at + 1);
  }
  return at;
}

/** Counts the backslashes right before an offset. */
export function backslashesBefore(text: string, index: number): number {
  let at = index;
  while (at > 0 && text.charCodeAt(at - 1) === 92) at--;
  return index - at;
}

/** Returns the end of the object or array that opens at `open`, past its bracket, or -1 when it does not close before an `&` of a URL. */
export function closingBracket(text: string, open: number, isUrl: boolean): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 123 || code === 91) depth++;
    else if (code === 125 || code === 93) {
      if (--depth === 0) return at + 1;
    } else if (isUrl && code === 38) return -1;
    else if (code === 34) {
      const close = closingQuote(text, at);
      if (close < 0) return -1;
      at = close;
    }
  }
  return -1;
}
