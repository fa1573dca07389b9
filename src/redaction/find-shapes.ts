// The engine calls findShapes on every layer: tokens that give themselves away by their shape, whatever name they stand under.
import { isDigit, isWord } from './characters.ts';
import { isOpaque } from './opaque-value.ts';
import type { Scan } from './scan.ts';
import { TOKEN_SHAPES } from './token-shapes.ts';
import type { TokenShape } from './token-shapes.ts';

/** Groups of shapes that start with the same two characters; none is in the first. */
const GROUPS: TokenShape[][] = [[]];
/** Their places in `GROUPS`, at the index `first << 7 | second`. Bytes: an array of as many groups took two milliseconds of every start. */
const GROUP_AT = new Uint8Array(1 << 14);
for (const shape of TOKEN_SHAPES) {
  const start = toStart(shape.prefix, 0);
  const group = GROUP_AT[start] || GROUPS.push([]) - 1;
  GROUP_AT[start] = group;
  GROUPS[group]?.push(shape);
}
const TELEGRAM = /\d{6,12}:AA[\w-]{28,64}/y;
const SCHEME = /(?:bearer|basic)(?=[\s+])/iy;
const CREDENTIAL = /[\s+]{1,8}["']?([A-Za-z0-9._~+/=-]{6,16384})/y;
const PRIVATE_KEY = /-----BEGIN[ +][A-Z0-9 +]{0,40}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----/g;
const KEY_END = /-----END[ +][A-Z0-9 +]{0,40}-----/g;

/** Reports JWTs, vendor tokens, Bearer and Basic credentials, Telegram bot tokens and PEM private keys. */
export function findShapes(scan: Scan): void {
  const { text } = scan;
  let inWord = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isWord(code)) {
      inWord = false;
      continue;
    }
    // `bot123:AA…`: a digit run may follow letters, every other shape starts a word.
    if (inWord && !(isDigit(code) && !isDigit(text.charCodeAt(at - 1)))) continue;
    const end = isDigit(code) ? telegramEnd(scan, at) : shapeEnd(scan, at, code);
    if (end > at) at = end - 1;
    inWord = true;
  }
  if (text.includes('-----BEGIN')) findPrivateKeys(scan);
}

function toStart(text: string, at: number): number {
  return (text.charCodeAt(at) << 7) | (text.charCodeAt(at + 1) & 127);
}

function shapeEnd(scan: Scan, at: number, code: number): number {
  const { text } = scan;
  const group = GROUP_AT[toStart(text, at)];
  if (group === 0) return (code | 32) === 98 ? credentialEnd(scan, at) : at;
  for (const shape of GROUPS[group ?? 0] ?? []) {
    if (!text.startsWith(shape.prefix, at)) continue;
    shape.pattern.lastIndex = at;
    if (!shape.pattern.test(text)) continue;
    scan.report(at, shape.pattern.lastIndex, shape.rule);
    return shape.pattern.lastIndex;
  }
  return at;
}

function telegramEnd(scan: Scan, at: number): number {
  let end = at;
  while (end - at < 13 && isDigit(scan.text.charCodeAt(end))) end++;
  if (scan.text.charCodeAt(end) !== 58) return at;
  TELEGRAM.lastIndex = at;
  if (!TELEGRAM.test(scan.text)) return at;
  scan.report(at, TELEGRAM.lastIndex, 'shape:telegram');
  return TELEGRAM.lastIndex;
}

function credentialEnd(scan: Scan, at: number): number {
  const { text } = scan;
  SCHEME.lastIndex = at;
  if (!SCHEME.test(text)) return at;
  CREDENTIAL.lastIndex = SCHEME.lastIndex;
  const value = CREDENTIAL.exec(text)?.[1];
  if (value === undefined || !isCredential(value)) return at;
  const end = CREDENTIAL.lastIndex;
  scan.report(end - value.length, end, 'shape:authorization');
  return end;
}

/** `Bearer token is missing`, `Basic JavaScript`: words are no credentials. */
function isCredential(value: string): boolean {
  if (/^[A-Za-z]?[a-z]+[.-]?$/.test(value)) return value.length >= 24;
  return isOpaque(value, 6) || value.endsWith('=') || value.length >= 16;
}

function findPrivateKeys(scan: Scan): void {
  const { text } = scan;
  PRIVATE_KEY.lastIndex = 0;
  for (let open = PRIVATE_KEY.exec(text); open !== null; open = PRIVATE_KEY.exec(text)) {
    KEY_END.lastIndex = PRIVATE_KEY.lastIndex;
    const close = KEY_END.exec(text);
    const end = close === null ? text.length : KEY_END.lastIndex;
    scan.report(open.index, end, 'shape:private-key');
    PRIVATE_KEY.lastIndex = end;
    if (close === null) return;
  }
}
