// Made by tracing.ts when `url.filter` is set: runs the user's own function on URLs and contains whatever it does.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { diag } from '@opentelemetry/api';
import type { Redactor } from '../redaction/create-redactor.ts';
import type { RequestFacts } from './match.ts';

/** What a filter is told beside the URL. */
export interface FilteredRequest {
  readonly direction: 'client' | 'server';
  readonly method: string;
}

/** `url.filter` of a config: gets the real URL, gives back what may be recorded; the built-in redaction runs on that. */
export type UserUrlFilter = (url: URL, request: FilteredRequest) => URL | string;

/** The contained filter: a URL as text in, one out. */
export type UrlFilter = (url: string, facts: RequestFacts) => string;

export interface FilterSurroundings {
  /** Of the config file: what the path of a module is relative to. */
  readonly folder: string;
  readonly redactor: Redactor;
}

/** Longer than this, this often, and it is said once: the filter runs in the way of every request. Once may be a pause of the machine's. */
const SLOW_MILLIS = 20;
const SLOW_CALLS = 3;

/**
 * Contains a filter. When it throws, gives back no URL, or a promise, or when the URL cannot be parsed for it, the URL becomes
 * `scheme://host/REDACTED`; the first reason is said, once, and never the URL.
 */
export function createUrlFilter(
  given: UserUrlFilter | string | undefined,
  { folder, redactor }: FilterSurroundings,
): UrlFilter | undefined {
  if (given === undefined) return undefined;
  const filter = typeof given === 'string' ? loadUrlFilter(given, folder) : given;
  let failures = 0;
  let slowCalls = 0;
  const fail = (url: string, reason: string): string => {
    if (++failures === 1) diag.warn(`url.filter ${reason}; such URLs are recorded as scheme://host/${redactor.marker}`);
    return redactor.failClosed(url);
  };
  return (url, { direction, method }) => {
    const parsed = URL.parse(url);
    if (parsed === null) return fail(url, 'cannot be given a URL that cannot be parsed');
    const startedAt = performance.now();
    let read: Reading;
    try {
      read = readResult(filter(parsed, { direction, method }));
    } catch (error) {
      return fail(url, `failed (${toErrorName(error)})`);
    }
    if (performance.now() - startedAt > SLOW_MILLIS && ++slowCalls === SLOW_CALLS) {
      diag.warn(`url.filter took more than ${SLOW_MILLIS} ms ${SLOW_CALLS} times; it runs in the way of every request`);
    }
    return 'url' in read ? read.url : fail(url, `returned ${read.instead}`);
  };
}

/** What a filter gave back: a URL, or what it is instead. */
type Reading = { readonly url: string } | { readonly instead: string };

/** May throw, as looking at the user's own object runs the user's code. */
function readResult(result: unknown): Reading {
  if (result instanceof URL) return { url: result.href };
  if (typeof result === 'string') {
    return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]/i.test(result) ? { url: result } : { instead: 'a text that is no URL' };
  }
  if (!isPromise(result)) return { instead: result === null ? 'null' : `the type ${typeof result}` };
  // Nobody waits for it, and its rejection must not end the program.
  result.then(undefined, () => {});
  return { instead: 'a promise, it must be synchronous' };
}

/** @note Getters of an error are the user's code too. */
function toErrorName(error: unknown): string {
  try {
    const name: unknown = error instanceof Error ? error.name : typeof error;
    // A name that is no name may be anything: a symbol, a URL.
    return typeof name === 'string' && /^\w{1,40}$/.test(name) ? name : 'Error';
  } catch {
    return 'Error';
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * Loads the module that `url.filter` names, from the folder of the config file. A module that cannot be loaded is a filter that always fails:
 * what it would have hidden must not be seen.
 */
function loadUrlFilter(path: string, folder: string): UserUrlFilter {
  let reason: string;
  try {
    const loaded: unknown = createRequire(`${folder}/`)(resolve(folder, path));
    const found = findFunction(loaded);
    if (found !== undefined) return found;
    reason = 'exports no function';
  } catch (error) {
    reason = `cannot be loaded (${toErrorName(error)})`;
  }
  diag.warn(`url.filter: the module ${reason}; URLs are hidden until it is mended`);
  return () => {
    throw new Error('the filter is missing');
  };
}

function findFunction(loaded: unknown): UserUrlFilter | undefined {
  if (typeof loaded === 'function') return loaded as UserUrlFilter;
  if (typeof loaded !== 'object' || loaded === null) return undefined;
  for (const name of ['default', 'urlFilter', 'filter']) {
    const value: unknown = Reflect.get(loaded, name);
    if (typeof value === 'function') return value as UserUrlFilter;
  }
  return undefined;
}
