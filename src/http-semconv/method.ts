// Called for every span: turns a request's method into what the conventions allow, so that a made-up verb is no span name.

/** RFC 9110, PATCH of RFC 5789 and QUERY: the methods the semantic conventions know. Case-sensitive, as HTTP is. */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'CONNECT',
  'TRACE',
  'QUERY',
]);

export interface MethodFacts {
  /** `http.request.method`: the method, or `_OTHER` for one that is not known. */
  readonly method: string;
  /** `http.request.method_original`, only where it differs. */
  readonly original?: string;
  /** What a span's name starts with: the method, or `HTTP`. */
  readonly nameOf: string;
}

const known = new Map<string, MethodFacts>(
  Array.from(KNOWN_METHODS, (method) => [method, { method, nameOf: method }] as const),
);

/** Tells what to record of a request method. */
export function toMethodFacts(method: string): MethodFacts {
  return known.get(method) ?? { method: '_OTHER', original: method, nameOf: 'HTTP' };
}
