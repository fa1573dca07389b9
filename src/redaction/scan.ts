// The engine makes one Scan per text and hands it, one layer after another, to every detector; they report what they find.
import { sourceAt, widthAt } from './layer.ts';
import type { Layer } from './layer.ts';
import type { NameJudge } from './name-judge.ts';

/** A stretch of the original text that must go: offsets in UTF-16 code units, `end` exclusive, and the rule that found it. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
}

const EXISTING_MARKER = /^(?:\*+|[[<(]?(?:redacted|filtered|scrubbed)[\])>]?)$/i;

/** The state shared by the detectors while one text is read. */
export class Scan {
  layer: Layer;
  text: string;
  readonly source: string;
  /** True for `client` and `server` texts: the whole text is one URL, so a blank does not end a value. */
  readonly isUrl: boolean;
  /** True when the text was cut at the size limit: whatever is still open at its end is hidden. */
  readonly isCut: boolean;
  readonly judge: NameJudge;
  readonly marker: string;
  readonly findings: Finding[] = [];
  readonly #firstQuotes = new Map<string, number>();

  constructor(source: string, traits: { isUrl: boolean; isCut: boolean; judge: NameJudge; marker: string }) {
    this.layer = { text: source, map: undefined };
    this.text = source;
    this.source = source;
    this.isUrl = traits.isUrl;
    this.isCut = traits.isCut;
    this.judge = traits.judge;
    this.marker = traits.marker;
  }

  /** Moves on to another layer of the same text. */
  enter(layer: Layer): void {
    this.layer = layer;
    this.text = layer.text;
    this.#firstQuotes.clear();
  }

  /** Says whether a quote stands anywhere before an offset, so that the next one may close it. */
  hasQuoteBefore(quote: string, index: number): boolean {
    let first = this.#firstQuotes.get(quote);
    if (first === undefined) {
      first = this.text.indexOf(quote);
      this.#firstQuotes.set(quote, first);
    }
    return first >= 0 && first < index;
  }

  width(index: number): number {
    return widthAt(this.layer, index);
  }

  /** True when a character stands there as a character (or as `\n`), not percent-encoded: only then a blank is a blank. */
  isPlain(index: number): boolean {
    return this.layer.map === undefined || this.width(index) <= 2;
  }

  /** Reports offsets of the current layer. Empty stretches and earlier markers are left alone. */
  report(start: number, end: number, rule: string): void {
    if (end <= start) return;
    if (end - start <= 16 || end - start === this.marker.length) {
      const value = this.text.slice(start, end);
      if (value === this.marker || EXISTING_MARKER.test(value)) return;
    }
    this.findings.push({ start: sourceAt(this.layer, start), end: sourceAt(this.layer, end), rule });
  }
}
