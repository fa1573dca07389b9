// Called by undici.ts to add trace headers to a request that undici has built and not yet sent.

/** The part of undici's internal Request that its `undici:request:create` channel hands out. */
export interface UndiciRequest {
  readonly origin: unknown;
  readonly path: string;
  readonly method: string;
  /** Names and values in turn. */
  readonly headers: unknown;
  /** The protocol to upgrade to. */
  readonly upgrade?: unknown;
  addHeader(name: string, value: string): unknown;
}

/** Sets a header once: one that the application set itself is replaced, as two trace contexts are none. */
export function setUndiciHeader(request: UndiciRequest, name: string, value: string): void {
  const { headers } = request;
  if (Array.isArray(headers)) {
    for (let index = headers.length - 2; index >= 0; index -= 2) {
      if (isNamed(headers[index], name)) headers.splice(index, 2);
    }
  }
  request.addHeader(name, value);
}

/** @note Most names are no longer to be compared once their lengths are. */
function isNamed(given: unknown, name: string): boolean {
  const text = String(given);
  return text.length === name.length && text.toLowerCase() === name;
}

/** Reads a header by its lower-case name. */
export function readHeader(headers: unknown, name: string): string | undefined {
  for (const [given, value] of toPairs(headers)) if (given.toLowerCase() === name) return value;
  return undefined;
}

/** Headers as pairs: undici has names and values in turn, texts or bytes, and an object where they came by HTTP/2. */
export function* toPairs(headers: unknown): Iterable<readonly [name: string, value: string]> {
  if (Array.isArray(headers)) {
    for (let index = 0; index + 1 < headers.length; index += 2)
      yield [String(headers[index]), String(headers[index + 1])];
  } else if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) if (!name.startsWith(':')) yield [name, String(value)];
  }
}
