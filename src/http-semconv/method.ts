// Called for every span: turns a request's method into what the conventions allow, so that a made-up verb is no span name.

/** RFC 9110, PATCH of RFC 5789 and QUERY: the methods the semantic conventions know. Case-sensitive, as HTTP is. */
export const KNOWN_METHODS: readonly string[] = [
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
];

export interface MethodFacts {
  /** `http.request.method`: the method, or `_OTHER` for one that is not known. */
  readonly method: string;
  /** `http.request.method_original`, only where it differs. */
  readonly original?: string;
  /** What a span's name starts with: the method, or `HTTP`. */
  readonly nameOf: string;
}

/** Tells what to record of a request method. */
export type ToMethodFacts = (method: string) => MethodFacts;

/** Makes the function that knows `knownMethods` and no others. */
export function createMethodFacts(knownMethods: readonly string[]): ToMethodFacts {
  const known = new Map(knownMethods.map((method): [string, MethodFacts] => [method, { method, nameOf: method }]));
  return (method) => known.get(method) ?? { method: '_OTHER', original: method, nameOf: 'HTTP' };
}

/** Knows what the conventions know. */
export const toMethodFacts: ToMethodFacts = createMethodFacts(KNOWN_METHODS);
