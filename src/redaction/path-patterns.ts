// createRedactor compiles the owner's `paths` here, without regular expressions and without URL parsing; matching is linear.
import type { Scan } from './scan.ts';
import { urlPlaces } from './url-places.ts';
import type { UrlPlace } from './url-places.ts';

/** One segment of a pattern: any rest (`*`), a named group with fixed ends (`v:id.json`), several named segments (`:rest*`), or fixed text. */
type Segment =
  | { readonly type: 'rest' }
  | {
      readonly type: 'group';
      readonly name: string;
      readonly prefix: string;
      readonly suffix: string;
      readonly many: boolean;
    }
  | { readonly type: 'any' }
  | { readonly type: 'text'; readonly text: string };

/** A compiled URL pattern. A pattern without a host holds for every host. */
export interface PathPattern {
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  readonly segments: readonly Segment[];
}

/** Compiles `/invite/:code`, `https://*.example.com/u/:id/k/*` or `//host/x/:y`. Query and fragment of a pattern are ignored. */
export function compilePathPattern(pattern: string): PathPattern {
  const match = /^(?:([a-z*][a-z0-9+.-]*):)?\/\/([^/]*)(.*)$/i.exec(pattern);
  const path = (match?.[3] ?? pattern).replace(/[?#].*$/, '');
  const scheme = match?.[1]?.toLowerCase();
  const parts = path.split('/').filter((part) => part !== '');
  return {
    scheme: scheme === '*' ? undefined : scheme,
    host: match?.[2] === '*' ? undefined : match?.[2]?.toLowerCase(),
    segments: parts.map((part, at) => toSegment(part, at === parts.length - 1)),
  };
}

/** Reports the named groups of every pattern that a URL of the layer matches. */
export function findPathPatterns(scan: Scan, patterns: readonly PathPattern[]): void {
  if (patterns.length === 0) return;
  for (const place of urlPlaces(scan)) {
    for (const pattern of patterns) if (isHost(scan, place, pattern)) matchPath(scan, place, pattern);
  }
}

function toSegment(part: string, isLast: boolean): Segment {
  if (part === '*') return isLast ? { type: 'rest' } : { type: 'any' };
  const group = /^([^:]*):([A-Za-z_]\w*)([*+?]?)(.*)$/.exec(part);
  if (group === null) return { type: 'text', text: part.toLowerCase() };
  const [, prefix = '', name = '', modifier = '', suffix = ''] = group;
  return {
    type: 'group',
    name,
    prefix: prefix.toLowerCase(),
    suffix: suffix.toLowerCase(),
    many: modifier === '*' || modifier === '+',
  };
}

function isHost(scan: Scan, place: UrlPlace, { scheme, host }: PathPattern): boolean {
  if (scheme !== undefined && place.scheme !== '' && place.scheme.toLowerCase() !== scheme) return false;
  if (host === undefined || place.hostStart < 0) return true;
  const authority = scan.text.slice(place.hostStart, place.pathStart).toLowerCase();
  const actual = authority.slice(authority.lastIndexOf('@') + 1);
  const bare = host.includes(':') ? actual : actual.replace(/:\d*$/, '');
  if (!host.startsWith('*.')) return bare === host;
  return bare.endsWith(host.slice(1)) && bare.length > host.length - 1;
}

function matchPath(scan: Scan, place: UrlPlace, pattern: PathPattern): void {
  const found: { readonly start: number; readonly end: number; readonly rule: string }[] = [];
  let at = place.pathStart;
  for (const segment of pattern.segments) {
    while (at < place.queryStart && isSeparator(scan.text, at)) at++;
    if (segment.type === 'rest') {
      at = place.queryStart;
      break;
    }
    if (at >= place.queryStart) return;
    const end =
      segment.type === 'group' && segment.many ? place.queryStart : segmentEnd(scan.text, at, place.queryStart);
    const text = scan.text.slice(at, end).toLowerCase();
    if (segment.type === 'text' && text !== segment.text) return;
    if (segment.type === 'group') {
      if (!text.startsWith(segment.prefix) || !text.endsWith(segment.suffix)) return;
      const start = at + segment.prefix.length;
      found.push({ start, end: Math.max(start, end - segment.suffix.length), rule: `pattern:${segment.name}` });
    }
    at = end;
  }
  while (at < place.queryStart && isSeparator(scan.text, at)) at++;
  if (at < place.queryStart) return;
  for (const { start, end, rule } of found) scan.report(start, end, rule);
}

function isSeparator(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 47 || code === 92;
}

function segmentEnd(text: string, from: number, limit: number): number {
  let at = from;
  while (at < limit && !isSeparator(text, at)) at++;
  return at;
}
