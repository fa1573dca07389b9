// Every redact() begins here: one pass over the text that costs no allocation and lets almost every clean URL go at once.
import { CODES, createTrigrams, RESET, SKIP, TRIGRAM_MASK } from './trigrams.ts';
import { MARKER_ANCHORS } from './path-markers.ts';
import { WEAK_NAMES } from './sensitive-names.ts';
import type { Trigrams } from './trigrams.ts';
import { TOKEN_SHAPES } from './token-shapes.ts';

/** True when a text may hold a secret and must be read in full; false only when it cannot. */
export type PreFilter = (text: string) => boolean;

/** Characters after which only the full reading can tell: escapes, quotes, userinfo, entities, brackets, control characters. */
const ALARMS = new Uint8Array(128);
for (const character of '@\\;"\'`(<{%') ALARMS[character.charCodeAt(0)] = 1;
for (let code = 0; code < 32; code++) ALARMS[code] = 1;
ALARMS[127] = 1;

const EXTRA_ANCHORS = ['identified', 'bearer', 'basic', 'private', 'slack', 'incomingwebhook', 'webhookb2', 'catch'];
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
  const anchors = [...nameAnchors, ...MARKER_ANCHORS, ...EXTRA_ANCHORS];
  for (const shape of TOKEN_SHAPES) if (shape.anchor.replace(/[_.-]/g, '').length > 2) anchors.push(shape.anchor);
  const usable = anchors.every((anchor) => anchor === 'pw' || (anchor.length > 2 && /^[\x20-\x7e]+$/.test(anchor)));
  if (!usable) return () => true;
  const trigrams = createTrigrams(anchors.filter((anchor) => anchor !== 'pw'));
  return (text) => mayHoldSecret(text, trigrams);
}

function mayHoldSecret(text: string, trigrams: Trigrams): boolean {
  const { length } = text;
  const { table } = trigrams;
  let rolling = 0;
  let name = 0;
  let previous = 47;
  for (let at = 0; at < length; at++) {
    const char = text.charCodeAt(at);
    if (char > 126 || ALARMS[char] === 1) return true;
    const code = CODES[char] ?? 0;
    if (code !== RESET && code !== SKIP) {
      rolling = ((rolling << 5) | code) & TRIGRAM_MASK;
      const number = table[rolling] ?? 0;
      if ((number !== 0 && trigrams.confirm(text, at, number)) || (rolling & 0x3ff) === PW) return true;
      if ((rolling & 0x3ff) === SK && isHexRun(text, at + 1)) return true;
      name = (name * 33 + (char > 64 && char < 91 ? char + 32 : char)) & NAME_MASK;
    } else if (isAlarmingPair(text, at, char, rolling & 0x3ff, previous)) return true;
    else if (char === 61) {
      if (WEAK_HASHES[name] === 1) return true;
      rolling = 0;
      name = 0;
    } else if (code === RESET) {
      rolling = 0;
      name = 0;
    } else if (char !== 43 && char !== 32) name = 0;
    previous = char;
  }
  return false;
}

/** `hf_`, `SG.`, `r8_`, `ST-1`, `123:A`, ` -u`: marks that are too short for the table. */
function isAlarmingPair(text: string, at: number, char: number, last: number, previous: number): boolean {
  switch (char) {
    case 95: // _
      return last === HF || last === R8;
    case 46: // .
      return last === SG;
    case 45: // -
      return (last === ST && isDigitAt(text, at + 1)) || previous === 32;
    case 58: // :
      return isDigitAt(text, at - 1) && (text.charCodeAt(at + 1) | 32) > 96;
    default:
      return false;
  }
}

function isDigitAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function isHexRun(text: string, from: number): boolean {
  for (let at = from; at < from + 32; at++) {
    const code = text.charCodeAt(at);
    if (!(code >= 48 && code <= 57) && !(code >= 97 && code <= 102)) return false;
  }
  return true;
}
