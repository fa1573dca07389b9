// The name judge's callers ask here whether a value looks like a random token or like something a person would write.
import { isDigit } from './characters.ts';

const DATE =
  /^\d{4}-?\d{2}-?\d{2}(?:[T ,_+]?\d{2}[:.]?\d{2}(?:[:.]?\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+ -]\d{2}:?\d{2})?)?$/i;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const MAC = /^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i;
const WORD_BREAK = /[-_.:,;/+ ~|!?=&#@'"{}()[\]]+/;
const WORDLIKE =
  /^(?:[a-z]{1,20}|[A-Z]{1,16}|[A-Z][a-z]{1,19}|\d{1,8}|[a-z]{1,12}\d{1,2}|[A-Za-z0-9]{1,3}|[a-z]{2,16}(?:[A-Z][a-z]{1,16}){1,4}\d{0,2})$/;
/** `256gb`, `50mm`, `10pk`: a word of a slug, but no proof that it is one. */
const NUMBER_WITH_UNIT = /^\d{1,4}[A-Za-z]{1,3}$/;
/** Longer values are judged by their first characters: what is random for 256 characters is random. */
const LOOK = 256;

/** Says whether a value of at least `least` characters is opaque: mixed letters and digits (or random mixed case), no date, no slug of words. */
export function isOpaque(value: string, least: number): boolean {
  if (value.length < least) return false;
  const text = decoded(value.length > LOOK ? value.slice(0, LOOK) : value);
  if (UUID.test(text)) return true;
  if (DATE.test(text) || MAC.test(text) || isSlug(text)) return false;
  return (/\d/.test(text) && /[a-z]/i.test(text)) || isRandomCase(text);
}

/** Undoes one percent encoding, so that `00%3A00` is a time; letters beyond ASCII count as any other letter. */
function decoded(text: string): string {
  let plain = text;
  if (text.includes('%')) {
    try {
      plain = decodeURIComponent(text);
    } catch {
      // A stray percent sign: the value is judged as it stands.
    }
  }
  return plain.replace(/[^\0-\x7f]/g, 'a');
}

function isSlug(text: string): boolean {
  const words = text.split(WORD_BREAK);
  let letters = 0;
  let units = 0;
  let real = 0;
  for (const word of words) {
    if (word === '') continue;
    if (!WORDLIKE.test(word)) {
      if (!NUMBER_WITH_UNIT.test(word)) return false;
      units++;
    } else if (word.length > 3) {
      letters++;
      if (!isDigit(word.charCodeAt(0))) real++;
    }
  }
  // `123ab-456cd-789ef` is a code: beside units there must be a word.
  if (units > 0) return real > 0;
  // Four-letter chunks of a code (`AB12-CD34`) fail WORDLIKE; a run of 1-3 letter chunks without one word is no slug either.
  return letters > 0 || words.length < 4;
}

/** A 16-letter run without a digit is random when its case changes far more often than in camelCase. */
function isRandomCase(text: string): boolean {
  const run = /[A-Za-z]{16,}/.exec(text)?.[0];
  if (run === undefined) return false;
  let changes = 0;
  for (let at = 1; at < run.length; at++) {
    if ((run.charCodeAt(at) & 32) !== (run.charCodeAt(at - 1) & 32)) changes++;
  }
  return changes * 3 > run.length;
}
