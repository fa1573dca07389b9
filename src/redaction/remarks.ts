// findPairs asks here, in free text only, whether what looks like a pair is a comparison in code or a sentence about a secret.
import { isBlank, isWord } from './characters.ts';
import { isOpaque } from './opaque-value.ts';
import type { Scan } from './scan.ts';
import type { Verdict } from './name-judge.ts';

/** Names that people write sentences about; a password's value may be a plain word, so passwords are not among them. */
const TALKED_ABOUT =
  /^(?:tokens?|secrets?|cookies?|sessions?|auth|signature|sig|credentials?|creds|csrf|xsrf|jwt|jws|bearer|assertion|verifier)$/i;
const PASSWORD_LIKE = /pass|pwd|^pw|pw$|pin$/;
const WORD = /^[a-z]{1,16}$/;
/** Five consonants or four vowels in a row: letters at random, no word. */
const UNPRONOUNCEABLE = /[bcdfghjklmnpqrstvwxz]{5}|[aeiouy]{4}|^[bcdfghjklmnpqrstvwxz]{3,}$/;
const LONGEST_LINE = 200;
const OPERAND = /["'`]?[^\s="'`;,(){}[\]<>&|?]{0,512}/y;

/** Says whether a name is that of a password, whose value may well be a plain word. */
export function isPasswordLike(verdict: Verdict): boolean {
  return verdict.hide !== 'never' && PASSWORD_LIKE.test(verdict.name);
}

/** `Token: expired`, `cookie: the best recipe`: only words follow, and no object, file or header line is being read. */
export function isRemark(text: string, start: number, nameEnd: number, value: number, valueEnd: number): boolean {
  if (nameEnd - start > 12 || !TALKED_ABOUT.test(text.slice(start, nameEnd))) return false;
  if (standsInObject(text, start)) return false;
  let end = Math.min(valueEnd, value + LONGEST_LINE);
  if (/^cookies?$/i.test(text.slice(start, nameEnd))) {
    const line = text.slice(value, value + LONGEST_LINE);
    const length = line.search(/[\r\n"'`]/);
    end = value + (length < 0 ? line.length : length);
  }
  const words = text
    .slice(value, end)
    .trim()
    .split(/[.,;:!?]?\s+/);
  const last = words.pop() ?? '';
  return [...words, last.replace(/[.,;:!?]+$/, '')].every(isPlainWord);
}

function isPlainWord(word: string): boolean {
  return WORD.test(word) && !UNPRONOUNCEABLE.test(word);
}

/** An opening brace, an argument list, or the indentation of YAML and of inspected objects. */
function standsInObject(text: string, start: number): boolean {
  let at = start - 1;
  while (start - at < 64 && (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9)) at--;
  const code = text.charCodeAt(at);
  if (code === 10 || code === 13) return at < start - 1;
  return code === 123 || (code === 40 && isWord(text.charCodeAt(at - 1)));
}

/** Where the name of a pair stands, and whether in quotes. */
interface NamePlace {
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
}

/** `token === undefined`, `token != other`, `token => use(token)`: no value is given here, unless a literal is compared with. */
export function isComparison(scan: Scan, at: number, name: NamePlace, verdict: Verdict): boolean {
  const { text } = scan;
  if (name.quoted || !scan.isPlain(at)) return false;
  const next = text.charCodeAt(at + 1);
  const isArrow = next === 62;
  const isNot = text.charCodeAt(at - 1) === 33;
  if (!isArrow && !isNot && next !== 61) return false;
  // `[password] => x` and `:password => x` are how PHP and Ruby print maps.
  if (isArrow && !(isWord(text.charCodeAt(name.start)) && isWord(text.charCodeAt(name.end - 1)))) return false;
  let from = at + 1;
  while (from - at < 3 && (text.charCodeAt(from) === 61 || text.charCodeAt(from) === 62)) from++;
  const operator = from;
  while (from - operator < 8 && isBlank(text.charCodeAt(from))) from++;
  OPERAND.lastIndex = from;
  const operand = OPERAND.exec(text)?.[0] ?? '';
  if (/^["'`]/.test(operand)) return !isPasswordLike(verdict) && /^.[a-z]{0,24}$/.test(operand);
  if (isOpaque(operand, 20)) return false;
  const isSpaced = from > operator && !isArrow;
  return isSpaced || operand.length < 6 || !/\d/.test(operand) || /^\d+$/.test(operand) || /[.]/.test(operand);
}
