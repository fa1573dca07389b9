// Turns a recorded exception into the one line a person needs: what went wrong, and where in their own code.
import { fileURLToPath } from 'node:url';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import { toVisible } from './display-text.ts';
import { isFailed } from './span-facts.ts';

const FRAME = /^\s+at (?:async )?(?:(.+?) \()?((?:[^()]|\(.*\))+?:\d+:\d+)\)?$/;
const NOT_THEIRS = /^node:|^internal\/|[/\\]node_modules[/\\]|^native |^<anonymous>/;
const SOURCE_FOLDER = 'exporters/console/exception-text.ts';

// Bundled, all of ours is CommonJS in the folder of this file; unbundled it is ES modules in the folder three levels up.
const OURS = import.meta.url.endsWith(SOURCE_FOLDER)
  ? import.meta.url.slice(0, -SOURCE_FOLDER.length)
  : fileURLToPath(new URL('.', import.meta.url));

/** Returns whether an event is a recorded exception. */
export function isException(event: TimedEvent): boolean {
  return event.name === 'exception';
}

/** Returns a line for each exception of the span, or its status message where it failed without one. */
export function toErrorLines(span: ReadableSpan, cwd: string | undefined): string[] {
  const lines = span.events.filter(isException).map((event) => toExceptionLine(event, cwd));
  if (lines.length === 0 && isFailed(span) && span.status.message) return [toVisible(firstLine(span.status.message))];
  return lines;
}

function toExceptionLine({ attributes }: TimedEvent, cwd: string | undefined): string {
  const read = (name: string): string => {
    const value = attributes?.[name];
    return typeof value === 'string' ? value : '';
  };
  const stack = read(ATTR_EXCEPTION_STACKTRACE);
  const message = firstLine(read(ATTR_EXCEPTION_MESSAGE));
  const place = findUserFrame(stack, cwd);
  const headline = toVisible(toHeadline(firstLine(stack), read(ATTR_EXCEPTION_TYPE), message));
  return place === undefined ? headline : `${headline}   at ${toVisible(place)}`;
}

/** The stack begins with the class and the message; `exception.type` is the code where there is one, which the status column shows. */
function toHeadline(stackStart: string, type: string, message: string): string {
  if (stackStart !== '' && !FRAME.test(stackStart) && stackStart.includes(message)) return stackStart;
  if (message === '') return type || 'Error';
  return `${type || 'Error'}: ${message}`;
}

function findUserFrame(stack: string, cwd: string | undefined): string | undefined {
  for (const line of stack.split('\n')) {
    const match = FRAME.exec(line);
    const place = match?.[2];
    if (match === null || place === undefined || NOT_THEIRS.test(place) || place.startsWith(OURS)) continue;
    const shown = toRelative(place, cwd);
    return match[1] === undefined ? shown : `${match[1]} (${shown})`;
  }
  return undefined;
}

function toRelative(place: string, cwd: string | undefined): string {
  const path = place.startsWith('file://') ? place.slice('file://'.length) : place;
  if (cwd === undefined) return path;
  const prefix = [cwd, encodeURI(cwd)].map((folder) => `${folder}/`).find((folder) => path.startsWith(folder));
  return prefix === undefined ? path : path.slice(prefix.length);
}

function firstLine(text: string): string {
  const end = text.search(/[\r\n]/);
  return end === -1 ? text : text.slice(0, end);
}
