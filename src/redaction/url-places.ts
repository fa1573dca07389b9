// The detectors of path patterns and query modes ask here where the URLs of a text have their host, path, query and fragment.
import { isBlank, isQuote, stopsAuthority } from './characters.ts';
import type { Scan } from './scan.ts';

/** Offsets, in the current layer, of one URL: `[hostStart, pathStart)` is its authority, then path, query and fragment up to `end`. */
export interface UrlPlace {
  readonly scheme: string;
  readonly hostStart: number;
  readonly pathStart: number;
  /** Offset of `?`, or of what follows the path when there is none. */
  readonly queryStart: number;
  /** Offset of `#`, or `end`. */
  readonly fragmentStart: number;
  readonly end: number;
}

const ABSOLUTE = /([a-z][a-z0-9+.-]{0,30}):[/\\]{2}/gi;
const PATH_IN_TEXT = /(?<![^\s"'`=(<])\/(?!\/)/g;

/** Finds the one URL of a `client` or `server` text, or every URL and absolute path of any other text. */
export function urlPlaces(scan: Scan): readonly UrlPlace[] {
  const { text } = scan;
  const places: UrlPlace[] = [];
  ABSOLUTE.lastIndex = 0;
  if (scan.isUrl) {
    const match = /^[\s\0-\x20]*([a-z][a-z0-9+.-]{0,30}):[/\\]{2}/i.exec(text);
    return [match === null ? place(scan, '', -1, 0) : place(scan, match[1] ?? '', match[0].length, match[0].length)];
  }
  for (const match of text.matchAll(ABSOLUTE)) {
    const start = match.index + match[0].length;
    if (places.length > 0 && match.index < (places.at(-1)?.end ?? 0)) continue;
    places.push(place(scan, match[1] ?? '', start, start));
  }
  let known = 0;
  for (const match of text.matchAll(PATH_IN_TEXT)) {
    while (known < places.length && (places[known]?.end ?? 0) <= match.index) known++;
    const other = places[known];
    if (other !== undefined && other.hostStart - 10 <= match.index && match.index < other.end) continue;
    places.splice(known, 0, place(scan, '', -1, match.index));
  }
  return places;
}

function place(scan: Scan, scheme: string, hostStart: number, from: number): UrlPlace {
  const { text } = scan;
  let pathStart = from;
  if (hostStart >= 0) {
    while (pathStart < text.length && !stopsAuthority(text.charCodeAt(pathStart)) && !ends(scan, pathStart))
      pathStart++;
  }
  let end = pathStart;
  let query = -1;
  let fragment = -1;
  for (; end < text.length && !ends(scan, end); end++) {
    const code = text.charCodeAt(end);
    if (code === 63 && query < 0 && fragment < 0) query = end;
    else if (code === 35 && fragment < 0) fragment = end;
  }
  const fragmentStart = fragment < 0 ? end : fragment;
  return { scheme, hostStart, pathStart, queryStart: query < 0 ? fragmentStart : query, fragmentStart, end };
}

function ends(scan: Scan, at: number): boolean {
  if (scan.isUrl) return false;
  const code = scan.text.charCodeAt(at);
  return isQuote(code) || code === 60 || code === 62 || (isBlank(code) && scan.isPlain(at));
}
