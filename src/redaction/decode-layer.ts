// The engine calls decodeLayer until nothing changes: one linear pass undoes one round of every encoding a URL meets on its way.
import { sourceAt } from './layer.ts';
import type { Layer } from './layer.ts';

const ENTITIES: ReadonlyMap<string, number> = new Map([
  ['amp', 38],
  ['lt', 60],
  ['gt', 62],
  ['quot', 34],
  ['apos', 39],
  ['equals', 61],
  ['colon', 58],
  ['sol', 47],
  ['quest', 63],
  ['num', 35],
  ['percnt', 37],
  ['commat', 64],
  ['lowbar', 95],
  ['semi', 59],
  ['nbsp', 32],
]);
const LONGEST_ENTITY = 10;
const JSON_ESCAPES: ReadonlyMap<number, number> = new Map([
  [34, 34],
  [39, 39],
  [47, 47],
  [92, 92],
  [96, 96],
  [98, 8],
  [102, 12],
  [110, 10],
  [114, 13],
  [116, 9],
]);

/** Returns the next layer, or undefined when the text holds nothing that can be decoded. Never throws. */
export function decodeLayer(layer: Layer): Layer | undefined {
  const { text } = layer;
  const { length } = text;
  let at = nextCoded(text, 0);
  if (at < 0) return undefined;
  const map = new Int32Array(length + 1);
  let decoded = '';
  let size = 0;
  let from = 0;
  while (at >= 0) {
    decoded += text.slice(from, at);
    for (; from < at; from++) map[size++] = sourceAt(layer, from);
    map[size++] = sourceAt(layer, at);
    from = at + takenLength;
    if (decodedLow === 0) decoded += String.fromCharCode(decodedHigh);
    else {
      decoded += String.fromCharCode(decodedHigh, decodedLow);
      map[size++] = sourceAt(layer, from);
    }
    at = nextCoded(text, from);
  }
  decoded += text.slice(from);
  for (; from <= length; from++) map[size++] = sourceAt(layer, from);
  return { text: decoded, map };
}

/** Returns the layer without tab, carriage return and line feed, which WHATWG URL parsing deletes; undefined if it has none. */
export function stripLineBreaks(layer: Layer): Layer | undefined {
  const { text } = layer;
  if (!/[\t\r\n]/.test(text)) return undefined;
  const map = new Int32Array(text.length + 1);
  let size = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 9 && code !== 10 && code !== 13) map[size++] = sourceAt(layer, at);
  }
  map[size] = sourceAt(layer, text.length);
  return { text: text.replace(/[\t\r\n]+/g, ''), map };
}

/** Yields the offset, in the layer, of every character run that one more round would decode. */
export function* codedOffsets(layer: Layer): Generator<number, void, undefined> {
  const { text } = layer;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code === 37 || code === 92 || code === 38) && decodeAt(text, at, code) > 0) yield at;
  }
}

/** Finds the next offset where decodeAt succeeds; its results are then in the three variables below. */
function nextCoded(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 37 && code !== 92 && code !== 38) continue;
    takenLength = decodeAt(text, at, code);
    if (takenLength > 0) return at;
  }
  return -1;
}

// Results without an allocation per character: what the last decodeAt took, the code unit it read, and a low surrogate or 0.
let takenLength = 0;
let decodedHigh = 0;
let decodedLow = 0;

function decodeAt(text: string, at: number, code: number): number {
  if (code === 37) return decodePercent(text, at);
  if (code === 92) return decodeEscape(text, at);
  return decodeEntity(text, at);
}

function decodePercent(text: string, at: number): number {
  const lead = byteAt(text, at);
  if (lead < 0) return decodeWide(text, at);
  decodedLow = 0;
  decodedHigh = lead;
  if (lead < 0x80) return 3;
  const more = lead >= 0xf0 && lead < 0xf5 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : 0;
  if (more === 0 || lead >= 0xf5) return broken(3);
  let point = lead & (0x3f >> more);
  for (let n = 1; n <= more; n++) {
    const byte = byteAt(text, at + 3 * n);
    if (byte < 0 || (byte & 0xc0) !== 0x80) return broken(3 * n);
    point = (point << 6) | (byte & 0x3f);
  }
  put(point);
  return 3 * (more + 1);
}

/** Decodes IIS's `%u0074`. */
function decodeWide(text: string, at: number): number {
  if ((text.charCodeAt(at + 1) | 32) !== 117) return 0;
  decodedLow = 0;
  decodedHigh = hexAt(text, at + 2, 4);
  return decodedHigh < 0 ? 0 : 6;
}

function broken(taken: number): number {
  decodedHigh = 0xfffd;
  return taken;
}

function put(point: number): void {
  if (point > 0xffff && point <= 0x10ffff) {
    decodedHigh = 0xd800 + ((point - 0x10000) >> 10);
    decodedLow = 0xdc00 + ((point - 0x10000) & 0x3ff);
  } else {
    decodedHigh = point > 0x10ffff ? 0xfffd : point;
    decodedLow = 0;
  }
}

function byteAt(text: string, at: number): number {
  return text.charCodeAt(at) === 37 ? hexAt(text, at + 1, 2) : -1;
}

function hexAt(text: string, at: number, digits: number): number {
  let value = 0;
  for (let n = 0; n < digits; n++) {
    const digit = hexDigit(text.charCodeAt(at + n));
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function decodeEscape(text: string, at: number): number {
  const next = text.charCodeAt(at + 1);
  decodedLow = 0;
  if (next === 117 || next === 120) {
    const digits = next === 117 ? 4 : 2;
    decodedHigh = hexAt(text, at + 2, digits);
    return decodedHigh < 0 ? 0 : digits + 2;
  }
  const plain = JSON_ESCAPES.get(next);
  if (plain === undefined) return 0;
  decodedHigh = plain;
  return 2;
}

function decodeEntity(text: string, at: number): number {
  const next = text.charCodeAt(at + 1) | 32;
  if (text.charCodeAt(at + 1) !== 35 && (next < 97 || next > 122)) return 0;
  let end = at + 1;
  while (end - at <= LONGEST_ENTITY && isEntityCharacter(text.charCodeAt(end))) end++;
  if (text.charCodeAt(end) !== 59) return 0;
  const name = text.slice(at + 1, end).toLowerCase();
  const point = name.startsWith('#') ? numericEntity(name) : (ENTITIES.get(name) ?? -1);
  if (point < 0) return 0;
  put(point);
  return end + 1 - at;
}

function isEntityCharacter(code: number): boolean {
  return code === 35 || (code >= 48 && code <= 57) || ((code | 32) >= 97 && (code | 32) <= 122);
}

function numericEntity(name: string): number {
  const match = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/.exec(name);
  if (match === null) return -1;
  return match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16);
}
