// Made once by tracing.ts from the `url` section; asked by every instrumentation before a span is made.
import type { Redactor } from '../redaction/create-redactor.ts';
import { type Match, type RequestFacts, compileMatch } from './match.ts';
import type { UrlFilter } from './url-filter.ts';

/** One of `url.rules`. */
export interface UrlRule {
  readonly match?: Match | string | undefined;
  readonly ignore?: boolean | undefined;
  /** Names to hide besides the others, or `all`: every value and every opaque segment. */
  readonly redact?: readonly string[] | 'all' | undefined;
  /** Names that stay. Values that look like a secret are still hidden. */
  readonly keep?: readonly string[] | undefined;
  /** A template such as `/users/:id`: the route of a server span, `url.template` of a client span. */
  readonly name?: string | undefined;
  /** The share of new traces kept that begin with such a request. */
  readonly sample?: number | undefined;
  /** Whether headers and bodies of such requests are captured, whatever `http.*` says. */
  readonly capture?: boolean | undefined;
}

export interface UrlRulesOptions {
  readonly redactor: Redactor;
  /** `url.ignore`: requests that get no span, and none below them. */
  readonly ignore: ReadonlyArray<string | Match>;
  readonly rules: readonly UrlRule[];
  readonly filter: UrlFilter | undefined;
}

/** What becomes of one request. */
export type Decision = { readonly ignored: true } | Kept;

export interface Kept {
  readonly ignored: false;
  readonly name: string | undefined;
  readonly sample: number | undefined;
  readonly capture: boolean | undefined;
  /** The redactor with what the rules add to it for this request. */
  readonly redactor: Redactor;
}

export interface UrlRules {
  /** Decides on a request; where there are no rules it does nothing. */
  decide(facts: RequestFacts): Decision;
  /** Cleans the whole URL of a request, by the filter first and then by the redactor. */
  cleanUrl(url: string, facts: RequestFacts, kept: Kept): string;
  /** Cleans the target of a received request in the same way; it comes back as a target. */
  cleanTarget(target: string, facts: RequestFacts, kept: Kept): string;
}

const IGNORED: Decision = { ignored: true };

/** Compiles the URL rules; nothing is parsed per request. The first match of each kind of action wins. */
export function createUrlRules({ redactor, ignore, rules, filter }: UrlRulesOptions): UrlRules {
  const ignored = ignore.map((match) => compileMatch(match));
  const compiled = rules.map((rule) => ({ rule, matches: compileMatch(rule.match ?? {}) }));
  const plain: Kept = { ignored: false, name: undefined, sample: undefined, capture: undefined, redactor };
  const combine = createCombiner(redactor);
  const hasNone = ignored.length === 0 && compiled.length === 0;

  function decide(facts: RequestFacts): Decision {
    if (hasNone) return plain;
    if (ignored.some((matches) => matches(facts))) return IGNORED;
    const fitting = compiled.filter(({ matches }) => matches(facts)).map(({ rule }) => rule);
    if (fitting.length === 0) return plain;
    if (first(fitting, 'ignore') === true) return IGNORED;
    return {
      ignored: false,
      name: first(fitting, 'name'),
      sample: first(fitting, 'sample'),
      capture: first(fitting, 'capture'),
      redactor: combine(first(fitting, 'redact'), first(fitting, 'keep')),
    };
  }

  return {
    decide,
    cleanUrl(url, facts, kept) {
      return kept.redactor.redact(filter === undefined ? url : filter(url, facts), 'client');
    },
    cleanTarget(target, facts, kept) {
      if (filter === undefined) return kept.redactor.redact(target, 'server');
      const origin = `${facts.scheme}://${facts.authority}`;
      // The filter sees what a client would have written; what it moves to another host is not a target any more.
      const filtered = filter(target.startsWith('/') ? origin + target : target, facts);
      return kept.redactor.redact(withoutOrigin(filtered, origin), 'server');
    },
  };
}

/** Makes a target of a URL, unless it is one of another origin, such as one whose host only begins with ours. */
function withoutOrigin(url: string, origin: string): string {
  const rest = url.slice(origin.length);
  if (!url.startsWith(origin) || !/^(?:[/?#]|$)/.test(rest)) return url;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function first<K extends keyof UrlRule>(rules: readonly UrlRule[], key: K): UrlRule[K] | undefined {
  return rules.find((rule) => rule[key] !== undefined)?.[key];
}

/** Redactors for the pairs of `redact` and `keep` that occur, each made once. */
function createCombiner(base: Redactor): (redact: UrlRule['redact'], keep: UrlRule['keep']) => Redactor {
  const made = new Map<UrlRule['redact'], Map<UrlRule['keep'], Redactor>>();
  return (redact, keep) => {
    if (redact === undefined && keep === undefined) return base;
    const row = made.get(redact) ?? new Map<UrlRule['keep'], Redactor>();
    made.set(redact, row);
    const known = row.get(keep);
    if (known !== undefined) return known;
    const extended = base.extend({
      ...(keep !== undefined && { allow: keep }),
      ...(redact === 'all' ? { hideAll: true } : redact !== undefined && { keys: redact }),
    });
    row.set(keep, extended);
    return extended;
  };
}
