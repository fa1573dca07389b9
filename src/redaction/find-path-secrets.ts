// The engine calls findPathSecrets on every layer: reset links, invitations, webhook addresses and other secrets inside paths.
import { isBlank, isDigit, isSlash, isWord, stopsSegment } from './characters.ts';
import { isOpaque } from './opaque-value.ts';
import { MARKER_ANCHORS, PATH_MARKERS } from './path-markers.ts';
import type { Scan } from './scan.ts';
import { createTrigrams, toWords } from './trigrams.ts';

const MARKERS = createTrigrams(toWords([...MARKER_ANCHORS, 'catch']));
const OPAQUE_SEGMENT = 16;
const LONGEST_MARKER = 24;
const LOOK_BACK = 300;
const SLACK = /(?:^|[/@.])hooks\.slack(?:-gov)?\.com(?::\d+)?[/\\]*$/i;
const SLACK_SEGMENT = /^(?:services|workflows|triggers)$/i;
const OFFICE = /\.office(?:365)?\.com(?::\d+)?[/\\]*$/i;
const INCOMING = /^incomingwebhook/i;
const CATCH = /hooks[/\\]+$/i;
const WITH = /[/\\]with[/\\]+$/i;
const COOKIELESS = /\(([A-Z])\(([^()]{1,2048})\)/g;

/** Reports opaque segments after a marker segment, capability URLs of known services, and ASP.NET's `(S(session))`. */
export function findPathSecrets(scan: Scan): void {
  const { text } = scan;
  const isSlack = text.includes('slack') || text.includes('SLACK');
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isWord(code)) continue;
    if (isSlash(code)) {
      if (at > start && at - start <= LONGEST_MARKER && (isSlack || MARKERS.hit(text, start, at)))
        at = marker(scan, start, at);
      if (isDigit(text.charCodeAt(at + 4))) telegramBot(scan, at + 1);
    }
    if (stopsSegment(code) || (isBlank(code) && scan.isPlain(at)) || code === 58 || code === 33) start = at + 1;
  }
  if (text.includes('(')) findCookielessSessions(scan);
}

/** Looks at the segment from `start` to the slash at `end`. Returns the last offset that is done with. */
function marker(scan: Scan, start: number, end: number): number {
  const { text } = scan;
  const name = text
    .slice(start, end)
    .toLowerCase()
    .replace(/[-_.+~ ]+/g, '');
  const done = capability(scan, name, start, end);
  if (done > end) return done - 1;
  if (!PATH_MARKERS.has(name)) return end;
  let at = end;
  for (let count = 0; count < 2; count++) {
    while (isSlash(text.charCodeAt(at))) at++;
    const segment = at;
    at = segmentEnd(scan, at);
    if (at === segment) break;
    if (
      at - segment >= OPAQUE_SEGMENT &&
      isOpaque(text.slice(segment, at).replace(/(?::\d{1,7}){1,2}$/, ''), OPAQUE_SEGMENT)
    ) {
      scan.report(segment, at, `path:${name}`);
    }
    if (!isSlash(text.charCodeAt(at))) break;
  }
  return end;
}

/** Reports all that follows in the path of a service whose path is the credential. Returns its end, or `end` when it is none. */
function capability(scan: Scan, name: string, start: number, end: number): number {
  const { text } = scan;
  const before = (): string => text.slice(Math.max(0, start - LOOK_BACK), start);
  const rule =
    SLACK_SEGMENT.test(name) && SLACK.test(before())
      ? 'slack'
      : name === 'incomingwebhook' || ((name === 'webhook' || name === 'webhookb2') && OFFICE.test(before()))
        ? 'office'
        : name === 'catch' && CATCH.test(before())
          ? 'zapier'
          : name === 'key' && WITH.test(before())
            ? 'ifttt'
            : undefined;
  if (rule === undefined) return end;
  let from = end;
  while (isSlash(text.charCodeAt(from))) from++;
  let to = segmentEnd(scan, from);
  for (let next = to; isSlash(text.charCodeAt(next));) {
    while (isSlash(text.charCodeAt(next))) next++;
    if (INCOMING.test(text.slice(next, next + 16))) break;
    const last = segmentEnd(scan, next);
    if (last > next) to = last;
    next = last;
  }
  scan.report(from, to, `capability:${rule}`);
  return to;
}

/** `/bot123456:AA…/method`: the token is hidden whatever its shape. */
function telegramBot(scan: Scan, from: number): void {
  const { text } = scan;
  if (!/^bot$/i.test(text.slice(from, from + 3))) return;
  let at = from + 3;
  while (at - from < 24 && isDigit(text.charCodeAt(at))) at++;
  if (text.charCodeAt(at) !== 58) return;
  scan.report(at + 1, segmentEnd(scan, at + 1), 'capability:telegram');
}

function segmentEnd(scan: Scan, from: number): number {
  const { text } = scan;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (!isWord(code) && code !== 61 && (stopsSegment(code) || (isBlank(code) && scan.isPlain(at)))) break;
    at++;
  }
  return at;
}

function findCookielessSessions(scan: Scan): void {
  for (const match of scan.text.matchAll(COOKIELESS)) {
    if (!/[/\\(]/.test(scan.text.charAt(match.index - 1)) && !scan.text.startsWith(')', match.index - 1)) continue;
    const value = match[2] ?? '';
    if (!isOpaque(value, 12)) continue;
    const start = match.index + 3;
    scan.report(start, start + value.length, 'capability:aspnet');
  }
}
