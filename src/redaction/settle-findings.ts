// createRedactor calls settleFindings for every text: it reads what the pre-filter does not let go, and makes the result final, so that
// redacting it again changes nothing.
import { cutOversize, MAX_LENGTH } from './cut-oversize.ts';
import { EVERYTHING, NOTHING } from './pre-filter.ts';
import { readFindings } from './read-findings.ts';
import type { CompiledRules } from './read-findings.ts';
import type { RedactionKind } from './redactor-options.ts';
import type { Finding } from './scan.ts';
import { mergeFindings, splice, toOriginal } from './splice.ts';

/** A marker changes what stands around it; it has never taken more than three rounds until nothing more was found. */
const MAX_ROUNDS = 6;

/** A text without its secrets, and what was hidden. */
export interface Redaction {
  readonly redacted: string;
  readonly findings: readonly Finding[];
}

/** Reads a text until its redacted form has nothing more to hide, and fits the size limit. Throws when that does not come about. */
export function settleFindings(text: string, kind: RedactionKind, rules: CompiledRules): Redaction {
  const isCut = text.length > MAX_LENGTH;
  const head = isCut ? cutOversize(text, MAX_LENGTH) : text;
  const suspects = isCut ? EVERYTHING : rules.suspect(text);
  if (suspects === NOTHING) return { redacted: text, findings: [] };
  let findings = mergeFindings(cutting(text, head.length, readFindings(head, { kind, isCut, rules, suspects })));
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (findings.length === 0) return { redacted: text, findings };
    const redacted = splice(text, findings, rules.marker);
    if (rules.settled.has(redacted, kind)) return { redacted, findings };
    const more =
      redacted.length > MAX_LENGTH
        ? cutting(text, shorterLength(text, findings, redacted.length), [])
        : toOriginal(
            readFindings(redacted, { kind, isCut: false, rules, suspects: rules.suspect(redacted) }),
            findings,
            rules.marker,
          );
    if (more.length === 0) {
      rules.settled.add(redacted, kind);
      return { redacted, findings };
    }
    findings = mergeFindings([...findings, ...more]);
  }
  throw new Error('redaction did not settle');
}

/** Adds the finding of what lies beyond the cut. */
function cutting(text: string, length: number, findings: readonly Finding[]): readonly Finding[] {
  return length < text.length ? [...findings, { start: length, end: text.length, rule: 'size' }] : findings;
}

/** Guesses, a little low, how much of the text may stay for the result to fit, and cuts there. */
function shorterLength(text: string, findings: readonly Finding[], length: number): number {
  const last = findings.at(-1);
  const used = last !== undefined && last.rule === 'size' ? last.start : text.length;
  return cutOversize(text, Math.floor((used * MAX_LENGTH * 0.9) / length)).length;
}
