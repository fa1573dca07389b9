// The engine calls these last: overlapping findings become one, and the marker takes the place of each in the original text.
import { DROP_RULE } from './find-whole-query.ts';
import type { Finding } from './scan.ts';

/** Sorts findings and joins those that overlap or touch; the one that starts first, or is longest, names the rule. */
export function mergeFindings(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length < 2) return findings;
  const sorted = findings.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const merged: Finding[] = [];
  let open = sorted[0];
  for (const next of sorted) {
    if (open === undefined || next === open) continue;
    if (next.start < open.end || (next.start === open.end && next.rule !== DROP_RULE && open.rule !== DROP_RULE)) {
      if (next.end > open.end) open = { start: open.start, end: next.end, rule: open.rule };
    } else {
      merged.push(open);
      open = next;
    }
  }
  if (open !== undefined) merged.push(open);
  return merged;
}

/** Puts the marker in place of every finding; findings are sorted and apart. */
export function splice(text: string, findings: readonly Finding[], marker: string): string {
  let result = '';
  let from = 0;
  for (const { start, end, rule } of findings) {
    result += text.slice(from, start);
    if (rule !== DROP_RULE) result += marker;
    from = end;
  }
  return result + text.slice(from);
}

/** Carries findings in the spliced text back to the original; one that touches a marker takes in what the marker stands for. */
export function toOriginal(
  found: readonly Finding[],
  findings: readonly Finding[],
  marker: string,
): readonly Finding[] {
  const places = markerPlaces(findings, marker);
  return found.map(({ start, end, rule }) => ({
    start: originalOffset(start, places, false),
    end: originalOffset(end, places, true),
    rule,
  }));
}

/** A marker in the spliced text, and the stretch of the original text it stands for. */
export interface MarkerPlace {
  readonly from: number;
  readonly to: number;
  readonly finding: Finding;
}

/** Where the markers stand in the text that `splice` gives. */
export function markerPlaces(findings: readonly Finding[], marker: string): readonly MarkerPlace[] {
  let shift = 0;
  return findings.map((finding) => {
    const length = finding.rule === DROP_RULE ? 0 : marker.length;
    const from = finding.start - shift;
    shift += finding.end - finding.start - length;
    return { from, to: from + length, finding };
  });
}

function originalOffset(offset: number, places: readonly MarkerPlace[], isEnd: boolean): number {
  // The last marker that begins before the offset.
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle]?.from ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  const place = places[low - 1];
  if (place === undefined) return offset;
  if (offset < place.to) return isEnd ? place.finding.end : place.finding.start;
  return place.finding.end + (offset - place.to);
}
