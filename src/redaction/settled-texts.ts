// Each redactor has one: what was redacted and read once more, with nothing left to hide. Secrets differ, but what remains of a URL comes again.
import type { RedactionKind } from './redactor-options.ts';

const MAX_TEXTS = 500;
const MAX_LENGTH = 512;

/** Redacted texts, by their kind. There is no secret in any of them. */
export class SettledTexts {
  readonly #texts = new Map<RedactionKind, Set<string>>();

  has(redacted: string, kind: RedactionKind): boolean {
    return this.#texts.get(kind)?.has(redacted) === true;
  }

  add(redacted: string, kind: RedactionKind): void {
    if (redacted.length > MAX_LENGTH) return;
    const texts = this.#texts.get(kind) ?? new Set();
    if (texts.size >= MAX_TEXTS) texts.clear();
    texts.add(redacted);
    this.#texts.set(kind, texts);
  }
}
