// The engine calls findFlags on every layer that holds a dash: command lines, whole or as JSON lists, and curl's credentials.
import { isBlank, isLetter, isQuote, isWord } from './characters.ts';
import { isOpaque } from './opaque-value.ts';
import type { Scan } from './scan.ts';
import { backslashesBefore, closingQuote } from './value-end.ts';

const LONGEST_FLAG = 64;
const LONGEST_GAP = 8;
const CURL_USER =
  /(?<![^\s"'`,[=])(?:-u|-U|--user|--proxy-user|--oauth2-bearer)(?:["'`]?[\s,=]{1,8}["'`]?|(?<=-[uU]))([^\s:"'`,\]]{0,256}):([^\s"'`]{1,1024})/g;

/** Reports the value after `--flag value`, `["--flag","value"]`, `-flag value` and `curl -u user:password`. */
export function findFlags(scan: Scan): void {
  const { text } = scan;
  for (let at = text.indexOf('-'); at >= 0; at = text.indexOf('-', at + 1)) {
    if (at > 0 && !isFlagBoundary(text.charCodeAt(at - 1))) continue;
    const start = text.charCodeAt(at + 1) === 45 ? at + 2 : at + 1;
    const end = flagEnd(text, start);
    if (end > start) flag(scan, start, end);
    at = Math.max(at, end - 1);
  }
  if (!text.includes('-u') && !text.includes('-U') && !text.includes('-user')) return;
  for (const match of text.matchAll(CURL_USER)) {
    const [whole, user = '', password = ''] = match;
    // `docker run -u 1000:1000` names a user and a group.
    if (/^\d+$/.test(user) && /^\d+$/.test(password)) continue;
    const end = match.index + whole.length;
    scan.report(end - password.length - 1 - user.length, end - password.length - 1, 'flag:user');
    scan.report(end - password.length, end, 'flag:user');
  }
}

function isFlagBoundary(code: number): boolean {
  return isBlank(code) || isQuote(code) || code === 91 || code === 44 || code === 40 || code === 43;
}

function flagEnd(text: string, start: number): number {
  if (!isLetter(text.charCodeAt(start)) && text.charCodeAt(start) < 128) return start;
  let end = start;
  while (end - start < LONGEST_FLAG) {
    const code = text.charCodeAt(end);
    if (!isWord(code) && code !== 45 && code !== 95 && code !== 46 && !(code > 127)) break;
    end++;
  }
  return end;
}

function flag(scan: Scan, start: number, end: number): void {
  const { text } = scan;
  const verdict = scan.judge.at(text, start, end);
  if (verdict.hide === 'never' || /^no-/i.test(text.slice(start, start + 3))) return;
  // `curl -k`, `-H`, `-s`: one letter is a switch, not a weak name.
  if (verdict.hide === 'opaque' && end - start < 3) return;
  const value = valueStart(text, end);
  if (value <= end || value >= text.length || text.charCodeAt(value) === 45) return;
  const close = isQuote(text.charCodeAt(value)) ? closingQuote(text, value) : -1;
  const from = isQuote(text.charCodeAt(value)) ? value + 1 : value;
  const to = from === value ? wordEnd(text, value) : close < 0 ? text.length : close - backslashesBefore(text, close);
  if (verdict.hide === 'opaque' && !isOpaque(text.slice(from, Math.min(to, from + 512)), 12)) return;
  if (verdict.hide === 'long-opaque' && !isOpaque(text.slice(from, Math.min(to, from + 512)), 20)) return;
  scan.report(from, to, verdict.rule);
}

/** Skips the blanks, or the `","` of a JSON list, between a flag and its value. Returns `end` when no value follows. */
function valueStart(text: string, end: number): number {
  const quote = skipBackslashes(text, end);
  if (!isQuote(text.charCodeAt(quote))) {
    const plain = skipGap(text, end, isFlagGap);
    return isQuote(text.charCodeAt(skipBackslashes(text, plain))) ? skipBackslashes(text, plain) : plain;
  }
  const value = skipGap(text, quote + 1, isListGap);
  if (value === quote + 1) return end;
  const open = skipBackslashes(text, value);
  return isQuote(text.charCodeAt(open)) ? open : value;
}

const isFlagGap = (code: number): boolean => isBlank(code) || code === 43;
const isListGap = (code: number): boolean => isFlagGap(code) || code === 44;

function skipGap(text: string, from: number, isGap: (code: number) => boolean): number {
  let at = from;
  while (at - from < LONGEST_GAP && isGap(text.charCodeAt(at))) at++;
  return at;
}

function skipBackslashes(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 92) at++;
  return at;
}

function wordEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (isBlank(code) || isQuote(code) || code === 38) break;
    at++;
  }
  return at;
}
