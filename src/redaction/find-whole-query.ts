// The engine calls findWholeQuery on the raw text when the owner asked for more than the policy: no query, no values, or nothing at all.
import { isOpaque } from './opaque-value.ts';
import type { QueryMode } from './redactor-options.ts';
import type { Scan } from './scan.ts';
import { urlPlaces } from './url-places.ts';
import type { UrlPlace } from './url-places.ts';

const OPAQUE_SEGMENT = 8;
const OPAQUE_FLAG = 8;
/** Rule of a finding that is removed instead of replaced by the marker. */
export const DROP_RULE = 'query:drop';

/** Reports whole queries, every value of a query, or (hideAll) also every fragment and opaque path segment. */
export function findWholeQuery(scan: Scan, query: QueryMode, hideAll: boolean): void {
  if (query === 'redact' && !hideAll) return;
  for (const place of urlPlaces(scan)) {
    if (query === 'drop') {
      if (place.queryStart < place.fragmentStart) scan.report(place.queryStart, place.fragmentStart, DROP_RULE);
    } else hideValues(scan, place.queryStart + 1, place.fragmentStart);
    if (!hideAll) continue;
    scan.report(place.fragmentStart + 1, place.end, 'all:fragment');
    hideSegments(scan, place);
  }
}

function hideValues(scan: Scan, from: number, to: number): void {
  const { text } = scan;
  let start = from;
  for (let at = from; at <= to; at++) {
    if (at < to && !/[&;]/.test(text.charAt(at))) continue;
    const equals = text.indexOf('=', start);
    if (equals >= start && equals < at) scan.report(equals + 1, at, 'query:names');
    else if (isOpaque(text.slice(start, at), OPAQUE_FLAG)) scan.report(start, at, 'query:names');
    start = at + 1;
  }
}

function hideSegments(scan: Scan, place: UrlPlace): void {
  const { text } = scan;
  let start = place.pathStart;
  for (let at = place.pathStart; at <= place.queryStart; at++) {
    if (at < place.queryStart && !/[/\\;=,]/.test(text.charAt(at))) continue;
    const segment = text.slice(start, at);
    if (isOpaque(segment, OPAQUE_SEGMENT) || /\d{9,}|%[0-9a-f]{2}.*%[0-9a-f]{2}/i.test(segment))
      scan.report(start, at, 'all:segment');
    start = at + 1;
  }
}
