// Called to save a trace as a page that opens anywhere, and to read such a page back: the viewer's own page with the trace as OTLP JSON inside.
import type { OtlpData } from '../otlp/otlp.ts';

/** An element of page/index.html; empty in the page that the viewer serves. */
const OPEN = '<script type="application/json" id="saved">';
const CLOSE = '</script>';

/** Returns the page with the trace in it. In JSON a `<` may be written as an escape, so no text of a span can end the element. */
export function toSavedPage(page: string, data: OtlpData): string {
  const json = JSON.stringify(data).replaceAll('<', String.raw`\u003c`);
  const at = page.indexOf(OPEN + CLOSE);
  if (at < 0) throw new Error('the page has no place for a trace');
  return `${page.slice(0, at)}${OPEN}${json}${page.slice(at + OPEN.length)}`;
}

/** Returns the JSON in a saved page, or undefined for a text that is not one. */
export function fromSavedPage(text: string): string | undefined {
  const at = text.indexOf(OPEN);
  const end = at < 0 ? -1 : text.indexOf(CLOSE, at);
  return end < 0 ? undefined : text.slice(at + OPEN.length, end);
}
