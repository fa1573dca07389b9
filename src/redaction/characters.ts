// The detectors share these character classes: table look-ups on char codes, since they run for every character of every URL.

const WORD = 1;
const BLANK = 2;
const QUOTE = 4;
const NAME_STOP = 8;
const SEGMENT_STOP = 16;
const AUTHORITY_STOP = 32;
const CLASSES = new Uint8Array(128);

function mark(characters: string, flag: number): void {
  for (const character of characters) CLASSES[character.charCodeAt(0)] = (CLASSES[character.charCodeAt(0)] ?? 0) | flag;
}

mark('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', WORD);
mark(' \t\r\n\f\v', BLANK);
mark('"\'`', QUOTE);
mark('&?;#/,={}()<>"\'`|\\', NAME_STOP);
mark('/\\?#&;="\'`<>(){}|,', SEGMENT_STOP);
mark('/\\?#"\'`<>', AUTHORITY_STOP);

/** Letters and digits of ASCII. */
export const isWord = (code: number): boolean => code < 128 && ((CLASSES[code] ?? 0) & WORD) !== 0;
/** White space of ASCII. */
export const isBlank = (code: number): boolean => code < 128 && ((CLASSES[code] ?? 0) & BLANK) !== 0;
/** Double quote, apostrophe, backtick. */
export const isQuote = (code: number): boolean => code < 128 && ((CLASSES[code] ?? 0) & QUOTE) !== 0;
/** Ends the name of a pair when read backwards. */
export const stopsName = (code: number): boolean => code < 128 && ((CLASSES[code] ?? 0) & NAME_STOP) !== 0;
/** Ends a path segment. */
export const stopsSegment = (code: number): boolean => code < 128 && ((CLASSES[code] ?? 0) & SEGMENT_STOP) !== 0;
/** Ends the authority of a URL. */
export const stopsAuthority = (code: number): boolean => code < 128 && ((CLASSES[code] ?? 0) & AUTHORITY_STOP) !== 0;
export const isDigit = (code: number): boolean => code >= 48 && code <= 57;
export const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122;
/** `/` and, since WHATWG reads it so, `\`. */
export const isSlash = (code: number): boolean => code === 47 || code === 92;
