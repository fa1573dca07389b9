// Made by server-spans.ts and client-exchange.ts: facts of requests that are the same from one to the next, such as hosts, agents and addresses.
import type { Redactor } from '../redaction/create-redactor.ts';

/** What clients make up anew for each request must not fill the memory, nor push out all that repeats at once. */
const MAX_TEXTS = 500;
const MAX_LENGTH = 256;

/**
 * Redacts texts, and remembers those in which there was nothing to hide: to look one up takes a quarter of the time that it takes to read the name
 * of a host, and a twentieth of that for a browser's user agent.
 */
export function createRepeatedTexts({ redact }: Pick<Redactor, 'redact'>): (text: string) => string {
  const clean = new Set<string>();
  return (text) => {
    if (clean.has(text)) return text;
    const redacted = redact(text, 'string');
    if (redacted === text && text.length <= MAX_LENGTH) {
      if (clean.size >= MAX_TEXTS) clean.clear();
      clean.add(toOwn(text));
    }
    return redacted;
  };
}

/** The same text in memory of its own, a byte a character where that is enough: it may be a piece of a URL, which would stay as long as its piece. */
function toOwn(text: string): string {
  const own = Buffer.from(text, 'latin1').toString('latin1');
  return own === text ? own : Buffer.from(text, 'utf16le').toString('utf16le');
}
