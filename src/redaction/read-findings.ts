// settleFindings calls readFindings for what the pre-filter stopped: decode layer by layer, ask every detector about each.
import { codedOffsets, decodeLayer, stripLineBreaks } from './decode-layer.ts';
import { findFlags } from './find-flags.ts';
import { findPairs } from './find-pairs.ts';
import { findPathSecrets } from './find-path-secrets.ts';
import { findShapes } from './find-shapes.ts';
import { findSql } from './find-sql.ts';
import { findUserinfo } from './find-userinfo.ts';
import { findWholeQuery } from './find-whole-query.ts';
import { sourceAt } from './layer.ts';
import type { Layer } from './layer.ts';
import type { NameJudge } from './name-judge.ts';
import { findPathPatterns } from './path-patterns.ts';
import type { PathPattern } from './path-patterns.ts';
import { EVERYTHING, FLAGS, NAMES, PATHS, SHAPES } from './pre-filter.ts';
import type { PreFilter, Suspects } from './pre-filter.ts';
import type { QueryMode, RedactionKind, ValueMatcher } from './redactor-options.ts';
import { Scan } from './scan.ts';
import type { Finding } from './scan.ts';
import type { SettledTexts } from './settled-texts.ts';

/** Rounds of decoding before a value that can still be decoded is hidden as a whole. */
const MAX_LAYERS = 6;

/** How one text is read: its kind, and what the owner of the redactor asked for. */
export interface Reading {
  readonly kind: RedactionKind;
  readonly isCut: boolean;
  readonly rules: CompiledRules;
  /** What the pre-filter says that the text may hold. */
  readonly suspects: Suspects;
}

/** The options of a redactor, compiled. */
export interface CompiledRules {
  readonly suspect: PreFilter;
  readonly judge: NameJudge;
  readonly marker: string;
  readonly query: QueryMode;
  readonly hideAll: boolean;
  readonly patterns: readonly PathPattern[];
  readonly values: readonly ValueMatcher[];
  readonly settled: SettledTexts;
}

/** Returns every stretch of `text` to hide, in no order, possibly overlapping. Throws only what a matcher of the owner throws. */
export function readFindings(text: string, { kind, isCut, rules, suspects }: Reading): readonly Finding[] {
  const scan = new Scan(text, { isUrl: kind !== 'string', isCut, judge: rules.judge, marker: rules.marker });
  if (suspects !== EVERYTHING) {
    readSuspects(scan, suspects);
    return scan.findings;
  }
  const raw: Layer = { text, map: undefined };
  findWholeQuery(scan, rules.query, rules.hideAll);
  readLayers(scan, raw, rules);
  const stripped = kind === 'client' ? stripLineBreaks(raw) : undefined;
  if (stripped !== undefined) readLayers(scan, stripped, rules);
  return scan.findings;
}

/** A text in which nothing is encoded: one layer, and in it those detectors that can find something. */
function readSuspects(scan: Scan, suspects: Suspects): void {
  if ((suspects & NAMES) !== 0) findPairs(scan);
  if ((suspects & SHAPES) !== 0) findShapes(scan);
  if ((suspects & PATHS) !== 0) findPathSecrets(scan);
  if ((suspects & (NAMES | FLAGS)) !== 0) findFlags(scan);
}

function readLayers(scan: Scan, first: Layer, rules: CompiledRules): void {
  let layer: Layer | undefined = first;
  for (let depth = 0; layer !== undefined; depth++) {
    scan.enter(layer);
    if (depth === MAX_LAYERS) hideUndecoded(scan);
    readLayer(scan, rules);
    layer = depth === MAX_LAYERS ? undefined : decodeLayer(layer);
  }
}

function readLayer(scan: Scan, rules: CompiledRules): void {
  findPairs(scan);
  findUserinfo(scan);
  findShapes(scan);
  findPathSecrets(scan);
  findFlags(scan);
  findSql(scan);
  findPathPatterns(scan, rules.patterns);
  for (const matcher of rules.values) {
    for (const [start, end] of matcher.findAll(scan.text)) scan.report(start, end, 'value');
  }
}

/** Hides, as a whole, each value that is still encoded after the last round. */
function hideUndecoded(scan: Scan): void {
  const { source } = scan;
  const stop = scan.isUrl ? /[&#]/ : /[&#\s"'<>]/;
  let done = -1;
  for (const offset of codedOffsets(scan.layer)) {
    const at = sourceAt(scan.layer, offset);
    if (at < done) continue;
    let start = at;
    while (start > 0 && !/[&?;#/=\s"'<>\\]/.test(source.charAt(start - 1))) start--;
    let end = at;
    while (end < source.length && !stop.test(source.charAt(end))) end++;
    scan.findings.push({ start, end, rule: 'depth' });
    done = end;
  }
}
