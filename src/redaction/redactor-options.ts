// Callers of createRedactor state their wishes in these terms; compiled once, when the redactor is made.

/** How a text is read: a URL handed to an HTTP client, a request target a server received, or any other text. */
export type RedactionKind = 'client' | 'server' | 'string';

/** What becomes of a query: sensitive values hidden; the whole query removed with its `?`; or every value hidden, names kept. */
export type QueryMode = 'redact' | 'drop' | 'names';

/** A compiled pattern whose matches are hidden. It must run in linear time; offsets are UTF-16 code units, end exclusive. */
export interface ValueMatcher {
  findAll(text: string): Iterable<readonly [start: number, end: number]>;
}

/** Options of a redactor; every one may be left out. */
export interface RedactorOptions {
  /**
   * Names to hide besides the built-in ones, matched the same way: whole words, whatever the case and the separators.
   * If the first entry is `=name`, or the list is just `=`, it replaces the built-in names (value shapes, userinfo and paths stay
   * on). A later `=name` is the plain name, a later `=` nothing: a slip of the pen must not switch protection off. `-name` allows.
   */
  readonly keys?: readonly string[];
  /** Names that are never hidden by name; a value of a known shape still is. */
  readonly allow?: readonly string[];
  /** Takes the place of a secret: 1-64 characters of `A-Z a-z 0-9 _ - . * [ ] < >`; anything else means the default, `REDACTED`. */
  readonly marker?: string;
  readonly query?: QueryMode;
  /** URL patterns whose named groups are hidden: `/invite/:code`, `https://*.example.com/u/:id/k/*`. */
  readonly paths?: readonly string[];
  readonly values?: readonly ValueMatcher[];
  /** Hides every query value, every fragment and every path segment that looks opaque: what to use when a configuration is broken. */
  readonly hideAll?: boolean;
}

export const DEFAULT_MARKER = 'REDACTED';

/** Says whether a text can serve as marker: constant, and of characters that no syntax gives a meaning. */
export function isMarker(text: string): boolean {
  return /^[\w.*[\]<>-]{1,64}$/.test(text);
}

/** What a list of keys says: names to hide, names to leave, and whether the built-in names still count. */
export interface KeyWishes {
  readonly replaces: boolean;
  readonly names: readonly string[];
  readonly allowed: readonly string[];
}

/** Reads a list of keys; see `RedactorOptions.keys`. */
export function readKeys(keys: readonly string[]): KeyWishes {
  const entries = keys.map((key) => key.trim()).filter((key) => key !== '');
  const plain = entries.filter((key) => !key.startsWith('-'));
  const names = plain.map((key) => key.replace(/^=\s*/, '')).filter((key) => key !== '');
  const first = entries[0] ?? '';
  return {
    replaces: first.startsWith('=') && (/^=\s*[^\s=]/.test(first) || plain.length === 1),
    names,
    allowed: entries.filter((key) => key.startsWith('-')).map((key) => key.slice(1)),
  };
}

/** Writes two lists as one; either may be the one that replaces the built-in names. */
function joinKeys(base: readonly string[], more: readonly string[]): readonly string[] {
  const [one, two] = [readKeys(base), readKeys(more)];
  if (!one.replaces && !two.replaces) return [...base, ...more];
  const [first = '', ...names] = [...one.names, ...two.names];
  return [`=${first}`, ...names, ...[...one.allowed, ...two.allowed].map((name) => `-${name}`)];
}

/** Adds options to options: lists grow, single values are replaced. */
export function joinOptions(base: RedactorOptions, more: RedactorOptions): RedactorOptions {
  return {
    ...base,
    ...more,
    keys: joinKeys(base.keys ?? [], more.keys ?? []),
    allow: [...(base.allow ?? []), ...(more.allow ?? [])],
    paths: [...(base.paths ?? []), ...(more.paths ?? [])],
    values: [...(base.values ?? []), ...(more.values ?? [])],
    hideAll: base.hideAll === true || more.hideAll === true,
  };
}
