// findPairs calls this at every `>`: `<password>x</password>`, CDATA, `<entry key="password">x</entry>`, `<key>password</key><string>x`.
import { isBlank, isSlash, isWord } from './characters.ts';
import type { Scan } from './scan.ts';

const LONGEST_TAG = 512;
const LONGEST_NAME = 128;
const CDATA = '<![CDATA[';
const NAMING_ATTRIBUTE = /\s(?:name|key)\s{0,4}=\s{0,4}(?:"([^"<>]{1,128})"|'([^'<>]{1,128})')/i;
const NAMING_ELEMENT = /^(?:name|key)$/i;
const VALUE_ELEMENT = /<\/[\w:.-]{1,64}>\s{0,64}<(?:[\w.-]{1,32}:)?(?:value|string)(?:\s[^<>]{0,128})?>/iy;

/** Handles the `>` at `at` of the tag that opens at `tag` (or -1); returns the last offset dealt with. */
export function elementPair(scan: Scan, tag: number, at: number): number {
  const { text } = scan;
  if (tag < 0 || at - tag > LONGEST_TAG || isSlash(text.charCodeAt(tag + 1)) || isSlash(text.charCodeAt(at - 1)))
    return at;
  let start = tag + 1;
  let end = start;
  for (; end < at; end++) {
    const code = text.charCodeAt(end);
    if (code === 58) start = end + 1;
    else if (!isWord(code) && code !== 45 && code !== 46 && code !== 95 && code !== 36 && code < 128) break;
  }
  if (end <= start || (end < at && !isBlank(text.charCodeAt(end)))) return at;
  const own = scan.judge.at(text, start, end);
  if (own.hide === 'always') return hideContent(scan, at + 1, own.rule) ?? at;
  if (end < at) {
    const match = NAMING_ATTRIBUTE.exec(text.slice(end, at));
    const named = match === null ? undefined : scan.judge.judge(match[1] ?? match[2] ?? '');
    if (named?.hide === 'always') return hideContent(scan, at + 1, named.rule) ?? at;
  }
  return NAMING_ELEMENT.test(text.slice(start, Math.min(end, start + 5))) ? namedContent(scan, at) : at;
}

/** `<name>password</name><value>x</value>`, and the lists of properties that Apple writes. */
function namedContent(scan: Scan, at: number): number {
  const { text } = scan;
  let end = at + 1;
  while (end - at < LONGEST_NAME && end < text.length && text.charCodeAt(end) !== 60) end++;
  const named = scan.judge.at(text, at + 1, end);
  if (named.hide !== 'always') return at;
  VALUE_ELEMENT.lastIndex = end;
  return VALUE_ELEMENT.test(text) ? (hideContent(scan, VALUE_ELEMENT.lastIndex, named.rule) ?? at) : at;
}

/** Hides text and CDATA sections up to the next tag. Returns the last offset dealt with, or undefined when no tag follows. */
function hideContent(scan: Scan, from: number, rule: string): number | undefined {
  const { text } = scan;
  let at = from;
  for (;;) {
    const open = text.indexOf('<', at);
    const isSection = open >= 0 && text.startsWith(CDATA, open);
    if (open < 0 && at === from && !scan.isCut) return undefined;
    const end = open < 0 ? text.length : open;
    if (text.slice(at, end).trim() !== '') scan.report(at, end, rule);
    if (!isSection) return end - 1;
    const close = text.indexOf(']]>', open);
    scan.report(open + CDATA.length, close < 0 ? text.length : close, rule);
    if (close < 0) return text.length;
    at = close + 3;
  }
}
