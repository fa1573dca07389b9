// Every redact() begins here: one pass over the text that costs no allocation, lets almost every clean URL go at once, and says of the others
// which detectors have to read them.
import { CODES, createTrigrams, RESET, SKIP, TRIGRAM_MASK } from './trigrams.ts';
import { MARKER_ANCHORS } from './path-markers.ts';
import { WEAK_NAMES } from './sensitive-names.ts';
import type { Trigrams } from './trigrams.ts';
import { TOKEN_SHAPES } from './token-shapes.ts';

/** What a text may hold, as bits: a bit is left out only where its detectors can find nothing. */
export type Suspects = number;
export const NOTHING: Suspects = 0;
/** A sensitive name: findPairs and findFlags. */
export const NAMES: Suspects = 1;
/** The beginning of a token: findShapes. */
export const SHAPES: Suspects = 2;
/** A marker of a path, or a service whose path is a credential: findPathSecrets. */
export const PATHS: Suspects = 4;
/** `curl -u`: findFlags. */
export const FLAGS: Suspects = 8;
/** All detectors, in all layers of encoding. */
export const EVERYTHING: Suspects = 31;

/** Says what a text may hold. */
export type PreFilter = (text: string) => Suspects;

/** Characters after which only the full reading can tell: escapes, quotes, userinfo, entities, brackets, control characters. */
const ALARMS = new Uint8Array(128);
for (const character of '@\\;"\'`(<{%') ALARMS[character.charCodeAt(0)] = 1;
for (let code = 0; code < 32; code++) ALARMS[code] = 1;
ALARMS[127] = 1;

const SHAPE_WORDS = ['bearer', 'basic', 'private'];
const PATH_WORDS = [...MARKER_ANCHORS, 'slack', 'incomingwebhook', 'webhookb2', 'catch'];
const NAME_MASK = 0xfff;
const pair = (letters: string): number =>
  ((CODES[letters.charCodeAt(0)] ?? 0) << 5) | (CODES[letters.charCodeAt(1)] ?? 0);
const [PW, HF, SG, ST, R8, SK] = [pair('pw'), pair('hf'), pair('sg'), pair('st'), pair('r8'), pair('sk')];

const WEAK_HASHES = new Uint8Array(NAME_MASK + 1);
for (const name of WEAK_NAMES) {
  let hash = 0;
  for (const letter of name) hash = (hash * 33 + letter.charCodeAt(0)) & NAME_MASK;
  WEAK_HASHES[hash] = 1;
}

/** Compiles the filter for a list of name anchors (see NameJudge). */
export function createPreFilter(nameAnchors: readonly string[]): PreFilter {
  const words = new Map<string, Suspects>();
  const add = (word: string, suspects: Suspects): void => void words.set(word, (words.get(word) ?? NOTHING) | suspects);
  for (const word of nameAnchors) add(word, NAMES);
  for (const word of PATH_WORDS) add(word, PATHS);
  for (const word of SHAPE_WORDS) add(word, SHAPES);
  for (const { anchor } of TOKEN_SHAPES) if (anchor.replace(/[_.-]/g, '').length > 2) add(anchor, SHAPES);
  const usable = [...words.keys()].every((word) => word === 'pw' || (word.length > 2 && /^[\x20-\x7e]+$/.test(word)));
  if (!usable) return () => EVERYTHING;
  words.delete('pw');
  const trigrams = createTrigrams(words);
  return (text) => toSuspects(text, trigrams);
}

function toSuspects(text: string, trigrams: Trigrams): Suspects {
  const { length } = text;
  const { table } = trigrams;
  let suspects = NOTHING;
  /** PATHS behind a marker: only a slash after it makes it one. */
  let marked = NOTHING;
  let rolling = 0;
  let name = 0;
  let previous = 0;
  for (let at = 0; at < length; at++) {
    const char = text.charCodeAt(at);
    if (char > 126 || ALARMS[char] === 1) return EVERYTHING;
    const code = CODES[char] ?? 0;
    if (code !== RESET && code !== SKIP) {
      rolling = ((rolling << 5) | code) & TRIGRAM_MASK;
      const number = table[rolling] ?? 0;
      if (number !== 0) {
        const found = trigrams.confirm(text, at, number);
        suspects |= found & ~PATHS;
        marked |= found & PATHS;
      }
      if ((rolling & 0x3ff) === PW) suspects |= NAMES;
      else if ((rolling & 0x3ff) === SK && isHexRun(text, at + 1)) suspects |= SHAPES;
      // A blank may stand between a name and its `=`, and between a name and the word before it.
      if (previous === 32 || previous === 43) name = 0;
      name = (name * 33 + (char > 64 && char < 91 ? char + 32 : char)) & NAME_MASK;
    } else {
      suspects |= suspectsOfMark(text, at, char, rolling & 0x3ff, previous);
      if (char === 61) {
        if (WEAK_HASHES[name] === 1) suspects |= NAMES;
        rolling = 0;
        name = 0;
      } else if (code === RESET) {
        if (char === 47) suspects |= marked;
        rolling = 0;
        name = 0;
      } else if (char !== 43 && char !== 32) name = 0;
    }
    previous = char;
  }
  return suspects;
}

/** `hf_`, `SG.`, `r8_`, `ST-1`, `123:A`, `bot1:`, ` -u`: marks that are too short for the table. */
function suspectsOfMark(text: string, at: number, char: number, last: number, previous: number): Suspects {
  switch (char) {
    case 95: // _
      return last === HF || last === R8 ? SHAPES : NOTHING;
    case 46: // .
      return last === SG ? SHAPES : NOTHING;
    case 45: // -
      if (last === ST && isDigitAt(text, at + 1)) return SHAPES;
      return mayBeginFlag(previous) && isFlagAt(text, at + 1) ? FLAGS : NOTHING;
    case 58: // :
      if (!isDigitAt(text, at - 1)) return NOTHING;
      return ((text.charCodeAt(at + 1) | 32) > 96 ? SHAPES : NOTHING) | (isBotBefore(text, at) ? PATHS : NOTHING);
    default:
      return NOTHING;
  }
}

/** The beginning of the text, a blank, or `+,=[`. */
function mayBeginFlag(previous: number): boolean {
  return previous === 0 || previous === 32 || previous === 43 || previous === 44 || previous === 61 || previous === 91;
}

/** `-u`, `-U`, `--user`. */
function isFlagAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 45 || (code | 32) === 117;
}

function isDigitAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** `bot` and digits. */
function isBotBefore(text: string, end: number): boolean {
  let at = end - 1;
  while (isDigitAt(text, at)) at--;
  return (
    (text.charCodeAt(at) | 32) === 116 &&
    (text.charCodeAt(at - 1) | 32) === 111 &&
    (text.charCodeAt(at - 2) | 32) === 98
  );
}

function isHexRun(text: string, from: number): boolean {
  for (let at = from; at < from + 32; at++) {
    const code = text.charCodeAt(at);
    if (!(code >= 48 && code <= 57) && !(code >= 97 && code <= 102)) return false;
  }
  return true;
}
