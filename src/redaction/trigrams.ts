// The pre-filter, the name judge and the path detector ask here, in one pass and without allocation, whether a text may hold a word.

/** Words compiled by the three letters they end in; separators inside a word and case make no difference. */
export interface Trigrams {
  /** True when one of the words may occur in the stretch; always true for text that is not printable ASCII. */
  hit(text: string, start: number, end: number): boolean;
  /** For each run of three 5-bit codes (see `CODES`): 0, or the number of the words that end in it. */
  readonly table: Uint8Array;
  /** The bits of the words with that number that end at `at`; 0 where none does. */
  confirm(text: string, at: number, number: number): number;
}

/** Code of an ASCII character: 1-26 letters, 27 digits, RESET between words, SKIP where a separator may hide inside one. */
export const CODES = new Uint8Array(128);
export const RESET = 0;
export const SKIP = 28;
export const TRIGRAM_MASK = 0x7fff;

for (let letter = 0; letter < 26; letter++) {
  CODES[65 + letter] = letter + 1;
  CODES[97 + letter] = letter + 1;
}
for (let digit = 48; digit < 58; digit++) CODES[digit] = 27;
for (const separator of '_-.+~[]*!$ ') CODES[separator.charCodeAt(0)] = SKIP;

/** Every bit. */
const ALL = -1;

/** Compiles words, given with the bits that `confirm` gives for them. A word of fewer than three letters, or not of ASCII, makes every text a hit. */
export function createTrigrams(words: ReadonlyMap<string, number>): Trigrams {
  const table = new Uint8Array(TRIGRAM_MASK + 1);
  const wordsOf: [word: string, bits: number][][] = [[]];
  let always = false;
  for (const [word, bits] of words) {
    const ending = toEnding(word);
    if (ending === undefined) {
      always = true;
      continue;
    }
    const number = table[ending] || wordsOf.push([]) - 1;
    // More than 255 endings do not fit the table; the words beyond share the last number, which then always confirms.
    table[ending] = Math.min(number, 255);
    wordsOf[Math.min(number, 255)]?.push(number > 255 ? ['', ALL] : [word, bits]);
  }
  const confirm = (text: string, at: number, number: number): number => {
    let found = 0;
    for (const [word, bits] of wordsOf[number] ?? []) if (endsWith(text, at, word)) found |= bits;
    return found;
  };
  const hit = (text: string, start: number, end: number): boolean => {
    if (always) return true;
    let rolling = 0;
    for (let at = start; at < end; at++) {
      const char = text.charCodeAt(at);
      if (char < 32 || char > 126) return true;
      const code = CODES[char] ?? 0;
      if (code === SKIP) continue;
      rolling = code === RESET ? 0 : ((rolling << 5) | code) & TRIGRAM_MASK;
      const number = table[rolling] ?? 0;
      if (number !== 0 && confirm(text, at, number) !== 0) return true;
    }
    return false;
  };
  return { hit, table, confirm };
}

/** Words that all have the same bit. */
export function toWords(words: readonly string[]): ReadonlyMap<string, number> {
  return new Map(words.map((word) => [word, 1]));
}

/** Compares a word with what ends at `last`, backwards. */
function endsWith(text: string, last: number, word: string): boolean {
  let at = last;
  for (let index = word.length - 1; index >= 0; index--) {
    const code = CODES[word.charCodeAt(index)];
    if (code === SKIP) continue;
    while (at >= 0 && CODES[text.charCodeAt(at)] === SKIP) at--;
    if (at < 0 || CODES[text.charCodeAt(at)] !== code) return false;
    at--;
  }
  return true;
}

/** The codes of its last three letters; undefined where it has fewer, or is not of ASCII. Some hundred words are compiled at every start. */
function toEnding(word: string): number | undefined {
  let ending = 0;
  let letters = 0;
  for (let at = 0; at < word.length; at++) {
    const code = CODES[word.charCodeAt(at)] ?? RESET;
    if (code === RESET) return undefined;
    if (code === SKIP) continue;
    ending = ((ending << 5) | code) & TRIGRAM_MASK;
    letters++;
  }
  return letters < 3 ? undefined : ending;
}
