// Called by url-rules.ts at start: the `match` object of a rule -> one function over the facts of a request.
import {
  type RequestUrl,
  type TextMatcher,
  type UrlMatcher,
  compileHost,
  compilePattern,
  compileText,
} from './pattern.ts';

export type Direction = 'client' | 'server';

/** What rules are tried on. */
export interface RequestFacts extends RequestUrl {
  readonly direction: Direction;
  /** Without its `?`. */
  readonly query: string | undefined;
  /** A request header by its lower-case name, as far as it is known when the span is made. */
  header(name: string): string | undefined;
}

/** Names that must be there, or names with the pattern that their value must match. */
type Named = string | readonly string[] | Readonly<Record<string, string>>;

/** The `match` of a rule: all that is given must fit. */
export interface Match {
  readonly direction?: Direction | undefined;
  readonly method?: string | readonly string[] | undefined;
  /** `api.example.com`, `*.example.com:8443`, `/regex/`. Without a port in it, any port. */
  readonly host?: string | undefined;
  /** As in `url.ignore`: `/path/*`, `/users/:id`, `/regex/`. */
  readonly path?: string | undefined;
  readonly query?: Named | undefined;
  readonly header?: Named | undefined;
}

export type RequestMatcher = (facts: RequestFacts) => boolean;

/** Compiles a `match`; an empty one fits every request. */
export function compileMatch(match: Match | string): RequestMatcher {
  if (typeof match === 'string') return compilePattern(match);
  const { direction, method, host, path, query, header } = match;
  const tests: RequestMatcher[] = [];
  if (direction !== undefined) tests.push((facts) => facts.direction === direction);
  if (method !== undefined) {
    const methods = new Set([method].flat().map((name) => name.toUpperCase()));
    tests.push((facts) => methods.has(facts.method.toUpperCase()));
  }
  if (host !== undefined) {
    const matches = compileHost(host);
    tests.push(({ authority }) => matches(authority));
  }
  if (path !== undefined) tests.push(compilePath(path));
  if (query !== undefined) tests.push(compileQuery(query));
  if (header !== undefined) tests.push(compileHeader(header));
  return (facts) => tests.every((test) => test(facts));
}

function compilePath(pattern: string): UrlMatcher {
  const matches = compileText(pattern);
  return ({ path }) => matches(path) || (path.length > 1 && path.endsWith('/') && matches(path.slice(0, -1)));
}

function compileQuery(named: Named): RequestMatcher {
  const wanted = compileNamed(named);
  return ({ query }) => {
    if (query === undefined) return false;
    // As the receiving program would read it: decoded, the first of a repeated name.
    const parameters = new URLSearchParams(query);
    return wanted.every(([name, matches]) => fits(parameters.get(name) ?? undefined, matches));
  };
}

function compileHeader(named: Named): RequestMatcher {
  const wanted = compileNamed(named);
  return (facts) => wanted.every(([name, matches]) => fits(facts.header(name.toLowerCase()), matches));
}

const fits = (value: string | undefined, matches: TextMatcher | undefined): boolean =>
  value !== undefined && (matches === undefined || matches(value));

function compileNamed(named: Named): Array<readonly [name: string, matches: TextMatcher | undefined]> {
  if (typeof named === 'string') return [[named, undefined]];
  if (isList(named)) return named.map((name) => [name, undefined] as const);
  return Object.entries(named).map(([name, pattern]) => [name, compileText(pattern)] as const);
}

/** @note `Array.isArray` does not narrow a readonly list. */
const isList = (named: Named): named is readonly string[] => Array.isArray(named);
