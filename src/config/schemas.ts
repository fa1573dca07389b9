// Called by options.ts: the few schemas that rows share. Every message is the phrase that follows "expected" in a report.
import * as v from 'valibot';
import type { HttpHooks } from './http-hooks.ts';
import { compileGivenRegex, compileLinearRegex, readRegex } from '../url-rules/linear-regex.ts';
import type { UserUrlFilter } from '../url-rules/url-filter.ts';

// setTimeout takes no more; a longer delay would fire at once.
const MAX_MILLIS = 2 ** 31 - 1;

/** true or false. */
export function flag() {
  return v.boolean('true or false');
}

/** Text that says something. */
export function text(what = 'a text') {
  return v.pipe(
    v.string(what),
    v.trim(),
    v.minLength(1, `${what} that is not empty`),
    v.maxLength(4096, `${what} of at most 4096 characters`),
  );
}

/** A list of texts. */
export function texts(what = 'a text') {
  return v.array(text(what), 'a list');
}

/** A URL pattern, a word, or `/regex/`; an expression that cannot run in linear time is refused. */
export function pattern() {
  return v.pipe(
    text('a pattern'),
    v.check((given) => {
      const regex = readRegex(given.replace(/^[A-Z]+\s+(?=\/)/u, ''));
      return regex === undefined || isLinear(() => compileLinearRegex(regex.source, regex.flags));
    }, 'a pattern whose regular expression runs in linear time (no look-around, no back references)'),
  );
}

/** A regular expression, bare or as `/source/flags`. */
export function linearRegex() {
  return v.pipe(
    text('a regular expression'),
    v.check(
      (given) => isLinear(() => compileGivenRegex(given)),
      'a regular expression that runs in linear time (no look-around, no back references)',
    ),
  );
}

function isLinear(compile: () => unknown): boolean {
  try {
    compile();
    return true;
  } catch {
    return false;
  }
}

/** An object with these keys and no others. */
function exactly<const T extends v.ObjectEntries>(entries: T) {
  const known = `one of the keys ${Object.keys(entries).join(', ')}`;
  return v.strictObject(entries, (issue) => (issue.expected === 'never' ? known : 'an object'));
}

const textOrTexts = () => v.union([text(), v.array(text())], 'a text or a list of texts');

/** The `match` of a URL rule. */
export function urlMatch() {
  const named = () =>
    v.union(
      [text(), v.array(text()), v.record(v.string(), pattern())],
      'a name, a list of names, or names with patterns',
    );
  return exactly({
    direction: v.optional(oneOf(['client', 'server'])),
    method: v.optional(textOrTexts()),
    host: v.optional(pattern()),
    path: v.optional(pattern()),
    query: v.optional(named()),
    header: v.optional(named()),
  });
}

/** One of `url.rules`. */
export function urlRule() {
  return exactly({
    match: v.optional(v.union([pattern(), urlMatch()], toMatchPhrase)),
    ignore: v.optional(flag()),
    redact: v.optional(v.union([v.literal('all'), v.array(text('a name'))], 'a list of names, or all')),
    keep: v.optional(texts('a name')),
    name: v.optional(text()),
    sample: v.optional(numberFrom(0, 1)),
    capture: v.optional(flag()),
  });
}

/** What to ignore: a pattern, or the fields to match. */
export function ignored() {
  return v.union([pattern(), urlMatch()], toMatchPhrase);
}

/** @note A union says only that none of its forms fits; what is wrong inside the object says more. */
function toMatchPhrase(issue: v.UnionIssue<v.BaseIssue<unknown>>): string {
  if (typeof issue.input !== 'object' || issue.input === null)
    return issue.issues?.[0]?.message ?? 'a pattern or an object';
  const inner = issue.issues?.find(({ path }) => path !== undefined);
  const place = inner?.path?.map(({ key }) => String(key)).join('.') ?? '';
  return inner === undefined ? 'a pattern or an object' : `in ${place} ${inner.message}`;
}

/** What `sampling.keep` keeps. */
export function keep() {
  return exactly({ errors: v.optional(flag()), slowerThanMillis: v.optional(millis()) });
}

/** The functions of `http.hooks`. */
export function httpHooks() {
  const hook = () =>
    v.optional(v.custom<NonNullable<HttpHooks['request']>>((given) => typeof given === 'function', 'a function'));
  return exactly({ request: hook(), response: hook() });
}

/** A function, or the path of a module that exports one. */
export function urlFilter() {
  const what = 'a function, or the path of a module that exports one';
  return v.union([text(what), v.custom<UserUrlFilter>((given) => typeof given === 'function', what)], what);
}

/** A number between two bounds. */
export function numberFrom(min: number, max: number) {
  const what = `a number from ${min} to ${max}`;
  return v.pipe(v.number(what), v.minValue(min, what), v.maxValue(max, what));
}

/** A whole number of at least `min`. */
export function count(min: number) {
  const what = `a whole number of at least ${min}`;
  return v.pipe(v.number(what), v.safeInteger(what), v.minValue(min, what));
}

/** A whole number between two bounds. */
export function countFrom(min: number, max: number) {
  const what = `a whole number from ${min} to ${max}`;
  return v.pipe(v.number(what), v.safeInteger(what), v.minValue(min, what), v.maxValue(max, what));
}

/** Milliseconds, as far as a timer reaches. */
export function millis(min = 0) {
  const what = `milliseconds from ${min} to ${MAX_MILLIS}`;
  return v.pipe(v.number(what), v.safeInteger(what), v.minValue(min, what), v.maxValue(MAX_MILLIS, what));
}

/** One of a few words. */
export function oneOf<const T extends readonly string[]>(words: T) {
  return v.picklist(words, toAlternatives(words));
}

/** The address of an HTTP endpoint. */
export function httpAddress() {
  const what = 'an address that starts with http:// or https://';
  return v.pipe(v.string(what), v.trim(), v.url(what), v.regex(/^https?:\/\/[^\s]+$/iu, what));
}

/** The address of an OTLP receiver: that of an HTTP endpoint, or host:port for gRPC (check-endpoints.ts sees to that). */
export function otlpAddress() {
  const what = 'an address that starts with http:// or https://';
  const bare = v.pipe(
    v.string(what),
    v.trim(),
    v.regex(/^(?:[\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/iu, what),
    v.check((address) => URL.canParse(`http://${address}`), what),
  );
  return v.union([httpAddress(), bare], what);
}

// With one of these from a configuration every request would be malformed.
const NOT_OURS =
  /^(?!(?:connection|content-(?:encoding|length|type)|host|keep-alive|te|trailer|transfer-encoding|upgrade)$)/iu;

/** HTTP header names and values, as RFC 9110 allows them. */
export function headers() {
  return v.record(
    v.pipe(
      v.string(),
      v.regex(/^[\w!#$%&'*+.^`|~-]+$/u, 'a header name'),
      v.regex(NOT_OURS, 'a header that the exporter does not set itself'),
    ),
    v.pipe(v.string('a text'), v.regex(/^[\t\x20-\x7e\x80-\xff]*$/u, 'a header value without line breaks')),
    'names and values',
  );
}

/** Attribute names with a text, number or boolean each. */
export function attributes() {
  return v.record(
    v.pipe(v.string(), v.minLength(1, 'a name')),
    v.union([v.string(), v.pipe(v.number(), v.finite()), v.boolean()], 'a text, a number, true or false'),
    'names and values',
  );
}

// "a, b or c".
function toAlternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
