// Called by url.ts: has a URL recorded by the code that records requests, and notes on the way what hid what.
import { dirname } from 'node:path';
import { type Attributes, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { OptionKey } from '../config/config.ts';
import { toPlace } from '../config/findings.ts';
import { splitAbsoluteUrl } from '../http-semconv/authority.ts';
import { toClientTarget } from '../http-semconv/client-target.ts';
import { createMethodFacts } from '../http-semconv/method.ts';
import { createClientExchanges } from '../instrumentations/client-exchange.ts';
import { createServerSpans } from '../instrumentations/server-spans.ts';
import type { InstrumentationTools } from '../instrumentations/tools.ts';
import { createTraceHeaders } from '../instrumentations/trace-headers.ts';
import { type Finding, type RedactionKind, type Redactor, createRedactor } from '../redaction/create-redactor.ts';
import { type Match, type RequestFacts, compileMatch } from '../url-rules/match.ts';
import { createUrlFilter } from '../url-rules/url-filter.ts';
import { type UrlRule, type UrlRules, createUrlRules } from '../url-rules/url-rules.ts';
import { type HiddenPiece, type NameOwner, findHiddenPieces } from './hidden-pieces.ts';
import type { Situation } from './read-situation.ts';

/** A request, as the command line says it. */
export interface AskedRequest {
  /** A URL, or for a server a path. */
  readonly text: string;
  readonly direction: 'client' | 'server';
  readonly method: string;
  /** By their lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A rule of the configuration that fits the request. */
export interface FittingRule {
  /** `url.ignore[2]`, `url.rules[0]`; counted from 0, as reports of mistakes count. */
  readonly name: string;
  /** Where the list stands: `.tracingrc:7`, or a variable. */
  readonly source: string;
  /** What the rule says: `ignore`, `redact: order_ref`. */
  readonly actions: readonly string[];
}

/** What would be recorded of a request. No piece of a secret is in it. */
export interface RecordedUrl {
  readonly direction: 'client' | 'server';
  readonly method: string;
  readonly ignored: boolean;
  /** The rule that decides that the request is ignored. */
  readonly ignoredBy: FittingRule | null;
  /** Every rule that fits, in the order in which they are asked. */
  readonly rules: readonly FittingRule[];
  /** The span, as it is born; null where there is none. */
  readonly span: { readonly name: string; readonly attributes: Attributes } | null;
  /** The redacted text. */
  readonly url: string;
  readonly hidden: readonly HiddenPiece[];
  /** True where the configuration is broken, so that everything that may be secret is hidden. */
  readonly hidesAll: boolean;
}

/** Records a request as the instrumentations do. */
export function recordUrl(request: AskedRequest, situation: Situation): RecordedUrl {
  const { config, redactor, cwd, file } = situation;
  const rules = createUrlRules({
    redactor,
    // What is ignored is told apart below; here the question is how it would look.
    ignore: [],
    rules: config['url.rules'].map((rule) => ({ ...rule, ignore: undefined })),
    filter: createUrlFilter(config['url.filter'], { folder: file === undefined ? cwd : dirname(file), redactor }),
  });
  let facts: RequestFacts | undefined;
  let seen = { url: '', hidden: [] as readonly HiddenPiece[] };
  const watched: UrlRules = {
    decide(given) {
      facts = given;
      return rules.decide(given);
    },
    cleanUrl: (url, given, kept) => rules.cleanUrl(url, given, { ...kept, redactor: explaining(kept.redactor) }),
    cleanTarget: (target, given, kept) =>
      rules.cleanTarget(target, given, { ...kept, redactor: explaining(kept.redactor) }),
  };
  const fitting = (): readonly Fitting[] => (facts === undefined ? [] : findFittingRules(facts, situation));
  function explaining(original: Redactor): Redactor {
    const redact = (text: string, kind: RedactionKind): string => {
      const explained = original.explain(text, kind);
      const isBuiltIn = overlaps(createRedactor().explain(text, kind).findings);
      const isInConfig = overlaps(redactor.explain(text, kind).findings);
      const ruleName = first(fitting(), 'redact');
      const ownerOf: NameOwner = (finding) => {
        if (isBuiltIn(finding)) return undefined;
        return isInConfig(finding) ? 'url.redact.keys' : ruleName;
      };
      seen = { url: explained.redacted, hidden: findHiddenPieces(explained, original.marker, ownerOf) };
      return explained.redacted;
    };
    return { ...original, redact };
  }

  const span = startSpan(request, {
    redactor,
    urlRules: watched,
    traceHeaders: createTraceHeaders([]),
    capture: { mayRecord: () => false, of: () => undefined },
    sampling: { decide: (parent) => ({ startIn: parent }) },
    trustForwarded: config['http.trustForwarded'],
    toMethodFacts: createMethodFacts(config['http.knownMethods']),
    requireParent: false,
  });
  const all = fitting();
  const decisive = all.find(({ rule }) => rule.ignore !== undefined);
  const ignored = decisive?.rule.ignore === true;
  return {
    direction: request.direction,
    method: redactor.redact(request.method, 'string'),
    ignored,
    ignoredBy: ignored ? toFitting(decisive) : null,
    rules: all.map(toFitting),
    span: ignored ? null : span,
    ...seen,
    hidesAll: situation.urlHidden,
  };
}

function startSpan(
  { text, direction, method, headers }: AskedRequest,
  tools: Omit<InstrumentationTools, 'tracer'>,
): RecordedUrl['span'] {
  let span: RecordedUrl['span'] = null;
  const tracer: InstrumentationTools['tracer'] = {
    startSpan(name, options) {
      span = { name, attributes: options?.attributes ?? {} };
      return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    },
  };
  const absolute = splitAbsoluteUrl(text);
  const header = (name: string): string | undefined => headers.get(name);
  if (direction === 'client') {
    const { scheme = 'http', authority = '', rest = '' } = absolute ?? {};
    createClientExchanges({ ...tools, tracer })({
      parent: ROOT_CONTEXT,
      method,
      target: toClientTarget(method, rest, { scheme, authority }),
      header,
      setHeader() {},
    });
  } else {
    createServerSpans({ ...tools, tracer })({
      method,
      target: absolute === undefined ? text : absolute.rest || '/',
      authority: absolute?.authority ?? header('host') ?? 'localhost',
      encrypted: absolute?.scheme === 'https',
      header,
      headers: () => [],
      parent: ROOT_CONTEXT,
      socket: undefined,
      protocolVersion: '1.1',
    });
  }
  return span;
}

/** Whether one of the findings is about the same text. */
function overlaps(findings: readonly Finding[]): (finding: Finding) => boolean {
  return ({ start, end }) => findings.some((other) => other.start < end && start < other.end);
}

function first(rules: readonly Fitting[], action: keyof UrlRule): string | undefined {
  const found = rules.find(({ rule }) => rule[action] !== undefined);
  return found === undefined ? undefined : toFitting(found).name;
}

interface Fitting {
  readonly key: OptionKey;
  readonly index: number;
  readonly rule: UrlRule;
  readonly source: string;
}

function findFittingRules(facts: RequestFacts, { config, sources }: Situation): readonly Fitting[] {
  const fits = (match: Match | string | undefined): boolean => compileMatch(match ?? {})(facts);
  const toEntry = (key: OptionKey) => (rule: UrlRule, index: number) => ({
    key,
    index,
    rule,
    source: toPlace(sources[key]),
  });
  return [
    ...config['url.ignore'].map((match): UrlRule => ({ match, ignore: true })).map(toEntry('url.ignore')),
    ...config['url.rules'].map(toEntry('url.rules')),
  ].filter(({ rule }) => fits(rule.match));
}

function toFitting({ key, index, rule, source }: Fitting): FittingRule {
  const actions = ACTIONS.flatMap((name) => (rule[name] === undefined ? [] : [toAction(name, rule[name])]));
  return { name: `${key}[${index}]`, source, actions };
}

const ACTIONS = ['ignore', 'redact', 'keep', 'name', 'sample', 'capture'] as const satisfies ReadonlyArray<
  keyof UrlRule
>;

function toAction(name: string, value: string | number | boolean | readonly string[]): string {
  if (value === true) return name;
  return `${name}: ${typeof value === 'object' ? value.join(', ') : String(value)}`;
}
