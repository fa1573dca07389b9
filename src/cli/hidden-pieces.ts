// Called by record-url.ts: where the markers stand in a redacted text, and in words what each is there for.
import type { Finding, Redaction } from '../redaction/create-redactor.ts';
import { markerPlaces } from '../redaction/splice.ts';

/** A marker in a redacted text; `start` and `end` are the same where a whole query was taken out. */
export interface HiddenPiece {
  readonly start: number;
  readonly end: number;
  /** Of the redactor: `name:token`. */
  readonly rule: string;
  /** The rule in words. */
  readonly means: string;
}

/** Who put a name among those that are hidden: nobody, where it is built in. */
export type NameOwner = (finding: Finding) => string | undefined;

/** Finds the markers, from the first to the last. */
export function findHiddenPieces(
  { redacted, findings }: Redaction,
  marker: string,
  ownerOf: NameOwner,
): readonly HiddenPiece[] {
  if (findings[0]?.rule === 'fail-closed') {
    const start = Math.max(0, redacted.lastIndexOf(marker));
    return [{ start, end: redacted.length, rule: 'fail-closed', means: toWords('fail-closed', undefined) }];
  }
  return markerPlaces(findings, marker).map(({ from, to, finding }) => ({
    start: from,
    end: to,
    rule: finding.rule,
    means: toWords(finding.rule, ownerOf(finding)),
  }));
}

/** Beginnings of rules, the longest first, and what they mean. `*` is the rest of the rule. */
const WORDS: ReadonlyArray<readonly [start: string, words: string]> = [
  ['fail-closed', 'it cannot be judged, so all of it is hidden'],
  ['query:drop', 'url.query is drop: the whole query is taken out'],
  ['query:names', 'url.query is names: every value is hidden'],
  ['all:', 'everything that may be a secret is hidden here'],
  ['weak-name:', '* may name a secret, and the value looks like one'],
  ['name:', '* is a name of secrets'],
  ['header-list', 'a header that carries credentials'],
  ['userinfo', 'user and password of a URL'],
  ['shape:', 'it looks like a key or token (*)'],
  ['capability:', 'who has this path has access (*)'],
  ['pattern:', ':* of url.redact.paths'],
  ['path:', 'it follows * in the path'],
  ['value', 'url.redact.values'],
  ['flag:', 'a value of a command line'],
  ['sql:', 'a password in a statement'],
  ['depth', 'it is encoded too many times to look into'],
  ['size', 'the text is too long, the rest is cut'],
];

function toWords(rule: string, owner: string | undefined): string {
  const name = /^(?:weak-)?name:(.*)/.exec(rule)?.[1];
  if (name !== undefined && owner !== undefined) return `${name} is hidden by ${owner}`;
  const [start, words] = WORDS.find(([start]) => rule.startsWith(start)) ?? [rule, 'it may be a secret'];
  return words.replace('*', rule.slice(start.length));
}
