// Called when a captured body is complete: which bodies are text, and how they are named on a span.

const TEXT_TYPE =
  /^(?:text\/[\w.+-]+|application\/(?:[\w.-]+\+)?(?:json|xml)|application\/(?:x-www-form-urlencoded|graphql|javascript|x-ndjson|jsonl))$/i;

/** What is known of a body from its headers. */
export interface BodyHeaders {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

/** The character encoding to read a body in; undefined for bodies of which only the size is recorded: binary, compressed, unnamed. */
export function toTextEncoding({
  contentType = '',
  contentEncoding = 'identity',
}: BodyHeaders): 'utf8' | 'latin1' | undefined {
  if (contentEncoding.trim().toLowerCase() !== 'identity' && contentEncoding.trim() !== '') return undefined;
  const [type = '', ...parameters] = contentType.split(';');
  if (!TEXT_TYPE.test(type.trim())) return undefined;
  const charset = parameters
    .map((text) => /^\s*charset\s*=\s*"?([\w-]+)"?\s*$/i.exec(text)?.[1])
    .find((name) => name !== undefined);
  switch ((charset ?? 'utf-8').toLowerCase()) {
    case 'utf-8':
    case 'utf8':
    case 'us-ascii':
      return 'utf8';
    case 'iso-8859-1':
    case 'latin1':
    case 'windows-1252':
      return 'latin1';
    default:
      return undefined;
  }
}
