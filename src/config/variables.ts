// Called by options.ts: how the text of an environment variable becomes a value that a schema can judge.
// What cannot be read is handed on as the text it is, so that the schema's own report names it.
import type { Env, Variable } from './option.ts';

/** Spellings of true, in any case. */
export const YES: ReadonlySet<string> = new Set(['1', 'true', 't', 'yes', 'y', 'on']);
/** Spellings of false, in any case. */
export const NO: ReadonlySet<string> = new Set(['0', 'false', 'f', 'no', 'n', 'off']);
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu;

/** The variable's text, or undefined where it is unset, empty or blank. */
export function readText(env: Env, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

/** Text as it stands. */
export function text(name: string): Variable {
  return { name, read: (text) => ({ value: text }) };
}

/** One of a few words, in any case. */
export function word(name: string): Variable {
  return { name, read: (text) => ({ value: text.toLowerCase() }) };
}

/** 1/0, true/false, t/f, yes/no, on/off, in any case. */
export function flag(name: string): Variable {
  return { name, read: (text) => ({ value: toFlag(text) ?? text }) };
}

/** A variable that is true when the option is false. */
export function inverse(name: string): Variable {
  return {
    name,
    read: (text) => {
      const value = toFlag(text);
      return { value: value === undefined ? text : !value };
    },
  };
}

/** A boolean that stands for one of two words, or the word itself. */
export function flagOrWord(name: string, yes: string, no: string): Variable {
  return {
    name,
    read: (text) => {
      const value = toFlag(text);
      return { value: value === undefined ? text.toLowerCase() : value ? yes : no };
    },
  };
}

/** A boolean that, when it is true, stands for `value`; false says nothing. */
export function whenOn(name: string, value: unknown): Variable {
  return {
    name,
    read: (text) => {
      const on = toFlag(text);
      if (on === undefined) return { value: undefined, wrong: ['expected true or false'] };
      return on ? { value } : undefined;
    },
  };
}

/** A number in decimal notation. */
export function number(name: string): Variable {
  return { name, read: (text) => ({ value: toNumber(text) }) };
}

/** Entries between commas. */
export function list(name: string): Variable {
  return { name, read: (text) => ({ value: toList(text) }) };
}

/** Words between commas, in any case. */
export function words(name: string): Variable {
  return { name, read: (text) => ({ value: toList(text.toLowerCase()) }) };
}

/** `k=v,k2=v2` with percent-encoded values. */
export function pairs(name: string): Variable {
  return { name, read: toPairs };
}

/** The value of one key in a variable of pairs. */
export function pairOf(name: string, key: string): Variable {
  return {
    name,
    read: (text) => {
      const found = toPairs(text).value[key];
      return found ? { value: found } : undefined;
    },
  };
}

/** The boolean that a text means, or undefined. */
function toFlag(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return YES.has(word) ? true : NO.has(word) ? false : undefined;
}

/** The number that a text means, or the text. */
export function toNumber(text: string): number | string {
  return NUMBER.test(text) ? Number(text) : text;
}

/** The non-empty entries between commas. */
export function toList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

// Wrong entries are named by their place, never by their text: `Authorization Bearer abc` is a secret without an equals sign.
function toPairs(text: string): { value: Record<string, string>; wrong: string[] } {
  const value = new Map<string, string>();
  const wrong: string[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    if (entry.trim() === '') continue;
    const equals = entry.indexOf('=');
    const key = entry.slice(0, Math.max(equals, 0)).trim();
    const decoded = decode(entry.slice(equals + 1).trim());
    if (key === '') wrong.push(`entry ${index + 1}: expected name=value`);
    else if (decoded === undefined) wrong.push(`entry ${index + 1}: its percent-encoding is broken`);
    else value.set(decode(key) ?? key, decoded);
  }
  return { value: Object.fromEntries(value), wrong };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
