// The public entry, also `@tracing/agent/redaction`: every sink of the agent hides secrets through the redactor made here.
import { failClosed } from './fail-closed.ts';
import { createNameJudge } from './name-judge.ts';
import { compilePathPattern } from './path-patterns.ts';
import { EVERYTHING, createPreFilter } from './pre-filter.ts';
import type { CompiledRules } from './read-findings.ts';
import { createAttributeRedactor } from './redact-attribute.ts';
import { createHeaderRedactor } from './redact-header.ts';
import { DEFAULT_MARKER, isMarker, joinOptions } from './redactor-options.ts';
import type { RedactionKind, RedactorOptions } from './redactor-options.ts';
import { settleFindings } from './settle-findings.ts';
import type { Redaction } from './settle-findings.ts';
import { SettledTexts } from './settled-texts.ts';

export type { AttributeValue } from './redact-attribute.ts';
export type { QueryMode, RedactionKind, RedactorOptions, ValueMatcher } from './redactor-options.ts';
export type { Finding } from './scan.ts';
export type { Redaction } from './settle-findings.ts';

/** Hides secrets. No method throws; a text that cannot be judged becomes `scheme://host/REDACTED` or just the marker. */
export interface Redactor {
  /** The constant that takes the place of a secret. */
  readonly marker: string;
  /**
   * Returns the text without its secrets, and the very same string when it holds none. Redacting twice changes nothing more.
   * Of a text longer than 16,384 UTF-16 code units only the head is read and returned; one marker stands for the rest.
   */
  redact(text: string, kind: RedactionKind): string;
  /** As `redact`, with the offsets in the original text and the rule of everything hidden; never the secret. */
  explain(text: string, kind: RedactionKind): Redaction;
  /** Says whether the name alone makes a value secret: `access_token` does; `token_type`, `key` and `state` do not. */
  isSensitiveName(name: string): boolean;
  /** Redacts a header by its name: credentials whole, URLs as URLs, anything else as text. */
  redactHeader(name: string, value: string): string;
  redactHeader(name: string, value: readonly string[]): readonly string[];
  /**
   * Redacts a span or log attribute by its name; lists element by element, maps by their keys; numbers and booleans stay.
   * The value itself comes back when there is nothing to hide.
   */
  redactAttribute<Value>(name: string, value: Value): Value;
  /** Hides all of a URL but scheme and host, where these can be told safely, else everything. */
  failClosed(text: unknown): string;
  /** Makes a redactor that also follows more options: lists grow, single values are replaced. For start-up, not per request. */
  extend(options: RedactorOptions): Redactor;
}

/** Makes a redactor. Options are compiled here, once; the policy is that of REDACTION.md section 2. */
export function createRedactor(options: RedactorOptions = {}): Redactor {
  const rules = compileRules(options);
  const { judge, marker } = rules;

  const explain = (text: string, kind: RedactionKind): Redaction => {
    try {
      if (typeof text !== 'string') throw new TypeError('not a text');
      return settleFindings(text, kind, rules);
    } catch {
      const length = typeof text === 'string' ? text.length : 0;
      return { redacted: failClosed(text, marker), findings: [{ start: 0, end: length, rule: 'fail-closed' }] };
    }
  };
  const redact = (text: string, kind: RedactionKind): string => explain(text, kind).redacted;
  const redactHeader = createHeaderRedactor({ judge, marker, redact });

  return {
    marker,
    redact,
    explain,
    redactHeader,
    redactAttribute: createAttributeRedactor({ judge, marker, redact, redactHeader }),
    isSensitiveName: (name) => judge.judge(name).hide === 'always',
    failClosed: (text) => failClosed(text, marker),
    extend: (more) => createRedactor(joinOptions(options, more)),
  };
}

function compileRules(options: RedactorOptions): CompiledRules {
  const { marker = DEFAULT_MARKER, query = 'redact', hideAll = false, paths = [], values = [] } = options;
  const judge = createNameJudge(options);
  const readsAll = hideAll || query !== 'redact' || paths.length > 0 || values.length > 0;
  return {
    suspect: readsAll ? () => EVERYTHING : createPreFilter(judge.anchors),
    judge,
    marker: isMarker(marker) ? marker : DEFAULT_MARKER,
    query,
    hideAll,
    patterns: paths.map(compilePathPattern),
    values,
    settled: new SettledTexts(),
  };
}
