// createRedactor makes one judge per set of options; every detector asks it whether a name gives its value away.
import { foldName } from './fold-name.ts';
import type { NamePart } from './fold-name.ts';
import { readKeys } from './redactor-options.ts';
import {
  ALWAYS_WORDS,
  ENDINGS,
  KEY_QUALIFIERS,
  METADATA_FIRST,
  METADATA_LAST,
  SQUASHED_NAMES,
  WEAK_NAMES,
} from './sensitive-names.ts';
import { createTrigrams, toWords } from './trigrams.ts';

/**
 * What a name says about its value: nothing; hide it; hide it when it is opaque (12 characters); or hide it only when it is
 * long and opaque (20 characters), because the name is a remark about a secret (`token_type`).
 */
export type Verdict =
  | { readonly hide: 'never' }
  | { readonly hide: 'always' | 'opaque' | 'long-opaque'; readonly rule: string; readonly name: string };

/** Judges names. `at` reads the name from a longer text and allocates nothing when the name is plainly harmless. */
export interface NameJudge {
  judge(name: string): Verdict;
  at(text: string, start: number, end: number): Verdict;
  /** Every string one of which a sensitive name must contain; short or non-ASCII ones cannot be searched for. */
  readonly anchors: readonly string[];
}

/** The names an owner of the application chose. `keys` is read by `readKeys`. */
export interface NameOptions {
  readonly keys?: readonly string[] | undefined;
  readonly allow?: readonly string[] | undefined;
}

const PW = /pw/i;
const NEVER: Verdict = { hide: 'never' };
const CACHE_LIMIT = 2000;
const LONGEST_CACHED = 64;
const LONGEST_WEAK = 12;
const METADATA_LASTS = new Set(METADATA_LAST);
const METADATA_FIRSTS = new Set(METADATA_FIRST);
const QUALIFIERS = new Set(KEY_QUALIFIERS);
const WEAK = new Set(WEAK_NAMES);
const QUALIFIED_KEYS = KEY_QUALIFIERS.map((word) => `${word}key`);
const BUILT_IN_EXACT = [...ALWAYS_WORDS, ...SQUASHED_NAMES, ...QUALIFIED_KEYS, 'pass'];

/** Makes a judge of names; lists are compiled once. */
export function createNameJudge(options: NameOptions): NameJudge {
  const wishes = readKeys(options.keys ?? []);
  const builtIn = !wishes.replaces;
  const allowed = [...(options.allow ?? []), ...wishes.allowed];
  const own = wishes.names.flatMap((key) => toPhrase(key));
  const allow = new Set(allowed.map(toSquashed).filter((name) => name !== ''));
  const exact = new Set(builtIn ? BUILT_IN_EXACT : []);
  const words = new Set(builtIn ? ALWAYS_WORDS : []);
  const chunks = new Set(builtIn ? [...ALWAYS_WORDS, ...QUALIFIED_KEYS] : []);
  for (const { squashed } of own) {
    exact.add(squashed);
    chunks.add(squashed);
  }
  const anchors = [
    ...(builtIn ? [...ALWAYS_WORDS, ...SQUASHED_NAMES, 'pass', 'key', ...ENDINGS] : []),
    ...own.map((key) => key.squashed),
  ];
  const trigrams = createTrigrams(toWords(anchors.filter((anchor) => anchor !== 'pw')));
  const hasPw = words.has('pw');
  const cache = new Map<string, Verdict>();

  const judgeOnce = (name: string): Verdict => {
    const parts = foldName(name);
    if (allow.size > 0 && allow.has(parts.map((part) => part.squashed).join(''))) return NEVER;
    let verdict = NEVER;
    for (const [at, part] of parts.entries()) {
      if (allow.has(part.squashed)) continue;
      // `private.key`, `api[key]`: the qualifier is a part of its own.
      const owner = part.squashed === 'key' && builtIn ? qualifierOf(parts[at - 1]) : undefined;
      const found: Verdict =
        owner === undefined ? judgePart(part) : { hide: 'always', rule: `name:${owner}key`, name: `${owner}key` };
      if (found.hide === 'always') return found;
      if (found.hide === 'long-opaque') verdict = found;
    }
    const last = parts.at(-1);
    if (
      verdict.hide === 'never' &&
      builtIn &&
      last !== undefined &&
      WEAK.has(last.squashed) &&
      !allow.has(last.squashed)
    ) {
      return { hide: 'opaque', rule: `weak-name:${last.squashed}`, name: last.squashed };
    }
    return verdict;
  };

  const judgePart = (part: NamePart): Verdict => {
    const { squashed } = part;
    if (exact.has(squashed)) return { hide: 'always', rule: `name:${squashed}`, name: squashed };
    const word = sensitiveWord(part);
    if (word === undefined) return NEVER;
    const remark = isRemark(part);
    return { hide: remark ? 'long-opaque' : 'always', rule: `name:${word}`, name: squashed };
  };

  const sensitiveWord = (part: NamePart): string | undefined => {
    const phrase = ` ${part.words.join(' ')} `;
    for (const key of own) if (phrase.includes(key.phrase)) return key.squashed;
    for (const chunk of part.chunks) if (chunks.has(chunk)) return chunk;
    for (const word of part.words) if (words.has(word)) return word;
    if (!builtIn) return undefined;
    // Chunks too: `uSeR_PaSs` falls into no words at its changes of case.
    const qualified = qualifiedWord(part.words) ?? qualifiedWord(part.chunks);
    if (qualified !== undefined) return qualified;
    const bare = part.squashed.replace(/\d{1,4}$/, '');
    return ENDINGS.find((ending) => bare.endsWith(ending));
  };

  const judge = (name: string): Verdict => {
    if (name.length > LONGEST_CACHED) return judgeOnce(name);
    const known = cache.get(name);
    if (known !== undefined) return known;
    if (cache.size >= CACHE_LIMIT) cache.clear();
    const verdict = judgeOnce(name);
    cache.set(name, verdict);
    return verdict;
  };

  return {
    anchors,
    judge,
    at: (text, start, end) => {
      if (end <= start) return NEVER;
      if (end - start > LONGEST_WEAK && !trigrams.hit(text, start, end) && !(hasPw && PW.test(text.slice(start, end))))
        return NEVER;
      return judge(text.slice(start, end));
    },
  };
}

/** Says whether a sensitive name only speaks about a secret. Words that random case made (`uSeR_pass`) do not count. */
function isRemark({ words, chunks }: NamePart): boolean {
  if (words.length < 2) return false;
  const first = chunks.length > 1 ? chunks[0] : words.every((word) => word.length > 1) ? words[0] : undefined;
  return (
    METADATA_FIRSTS.has(first ?? '') ||
    METADATA_LASTS.has(chunks.at(-1) ?? '') ||
    METADATA_LASTS.has(words.at(-1) ?? '')
  );
}

function qualifierOf(part: NamePart | undefined): string | undefined {
  return [part?.words.at(-1) ?? '', part?.chunks.at(-1) ?? ''].find((word) => QUALIFIERS.has(word));
}

/** `pass` as the last word, `key` after a word that makes it one of access. */
function qualifiedWord(words: readonly string[]): string | undefined {
  if (words.at(-1) === 'pass') return 'pass';
  const at = words.findIndex((word, index) => word === 'key' && QUALIFIERS.has(words[index - 1] ?? ''));
  return at < 0 ? undefined : `${words[at - 1]}key`;
}

/** Writes a name in lower case without separators, as the lists do. */
export function toSquashed(name: string): string {
  return foldName(name)
    .map((part) => part.squashed)
    .join('');
}

function toPhrase(key: string): readonly { readonly phrase: string; readonly squashed: string }[] {
  const parts = foldName(key);
  const squashed = parts.map((part) => part.squashed).join('');
  if (squashed === '') return [];
  const words = parts.flatMap((part) => part.words);
  return [{ phrase: words.length === 0 ? ` ${squashed} ` : ` ${words.join(' ')} `, squashed }];
}
