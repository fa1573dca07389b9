// Called while rules are compiled: users' regular expressions run in linear time (RE2), or are refused with a message.
import { createRequire } from 'node:module';
import type * as re2 from 're2js';

/** A compiled expression. Slower than V8's, but no text makes it hang. */
export interface LinearRegex {
  test(text: string): boolean;
  /** Offsets of all matches, UTF-16 code units, end exclusive. */
  findAll(text: string): Array<readonly [start: number, end: number]>;
}

/** An expression written as `/source/flags`. `g` and `u` are what RE2 does anyhow. */
const WRITTEN_AS_REGEX = /^\/(.+)\/([gimsu]*)$/s;
/** Characters that a path such as `/static/` or `/wiki/s` has not; without them only the flag `i` says anything. */
const ONLY_IN_REGEX = /[\\^$|+()[\]{}?]|\.[*]/;

/** Splits `/source/flags`, or tells that the text is a path or URL pattern. */
export function readRegex(text: string): { source: string; flags: string } | undefined {
  const [, source, flags = ''] = WRITTEN_AS_REGEX.exec(text) ?? [];
  if (source === undefined || (flags !== 'i' && !ONLY_IN_REGEX.test(source))) return undefined;
  return { source, flags };
}

/**
 * Compiles an expression.
 * @throws Error with a sentence that says what cannot be: back references and look-around have no linear form.
 */
export function compileLinearRegex(source: string, flags = ''): LinearRegex {
  const { RE2JS } = loadRe2();
  const bits = { i: RE2JS.CASE_INSENSITIVE, m: RE2JS.MULTILINE, s: RE2JS.DOTALL };
  let compiled: ReturnType<typeof RE2JS.compile>;
  try {
    compiled = RE2JS.compile(
      source,
      [...flags].reduce((sum, flag) => sum | (bits[flag as keyof typeof bits] ?? 0), 0),
    );
  } catch (error) {
    const reason = /\(\?<?[=!]|\\[1-9]/.test(source)
      ? 'back references and look-around cannot run in linear time'
      : toReason(error);
    throw new Error(reason, { cause: error });
  }
  return {
    test: (text) => compiled.matcher(text).find(),
    findAll(text) {
      const found: Array<readonly [number, number]> = [];
      const matcher = compiled.matcher(text);
      while (matcher.find()) if (matcher.end() > matcher.start()) found.push([matcher.start(), matcher.end()]);
      return found;
    },
  };
}

/** Compiles an expression as a configuration gives it where only an expression can stand: bare, or as `/source/flags`. */
export function compileGivenRegex(given: string): LinearRegex {
  const [, source = given, flags] = WRITTEN_AS_REGEX.exec(given) ?? [];
  return compileLinearRegex(source, flags);
}

/** RE2's own words, without the expression, which may be a secret. */
function toReason(error: unknown): string {
  const text = error instanceof Error ? error.message : '';
  return /error parsing regexp: ([a-z ()]+)/i.exec(text)?.[1]?.trim() ?? 'it cannot be parsed';
}

/** 260 kB that only a configuration with a regular expression needs: a file of its own beside the bundle. */
function loadRe2(): typeof re2 {
  return createRequire(import.meta.url)(import.meta.url.endsWith('.ts') ? 're2js' : './re2js.cjs') as typeof re2;
}
