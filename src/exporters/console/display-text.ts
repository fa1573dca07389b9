// Every text of a span goes through here before it reaches a terminal: it may come from a stranger's URL, so it must not be able to
// move the cursor, and it must be cut by the columns it takes, not by its length.

const MAX_CHARACTERS = 8_192;

/** Longer clusters are stacks of combining marks, not letters; counting each mark makes `cut` drop them. */
const MAX_CLUSTER = 32;

// C0, DEL, C1 (U+009B is CSI), soft hyphen, zero-width and bidirectional controls, line separators, tags, lone surrogates. U+200D stays: it
// joins emoji.
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Returns the text with everything unprintable written out (`\x1b`, `\u202e`), so that it only ever shows itself. */
export function toVisible(text: string): string {
  const bounded = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
  return bounded.replaceAll(UNPRINTABLE, escapeCharacter);
}

/** Writes the unprintable characters that JSON leaves alone as `\uXXXX`; only for text that is already JSON. */
export function escapeInJson(json: string): string {
  return json.replaceAll(UNPRINTABLE, (character) => {
    let escaped = '';
    for (let index = 0; index < character.length; index++) escaped += `\\u${hex(character.charCodeAt(index), 4)}`;
    return escaped;
  });
}

function escapeCharacter(character: string): string {
  const named = NAMED[character];
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 1)}}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

/** Returns how many terminal columns the text takes. */
export function displayWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const { segment } of clusters(text)) width += clusterWidth(segment);
  return width;
}

/** Returns the text if it fits `width` columns, else as much of it as fits with `…` at the end. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  if (width === Infinity) return text;
  if (NARROW.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  let used = 0;
  let end = 0;
  for (const { segment, index } of clusters(text)) {
    if (used <= width - 1) end = index;
    used += clusterWidth(segment);
    if (used > width) return `${text.slice(0, end)}…`;
  }
  return text;
}

// One column a character: printable Latin and the glyphs we draw with. Keeps Intl.Segmenter out of nearly every block.
const NARROW = /^[\u0020-\u007e\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u2193\u2500-\u259f\u2717]*$/;
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u;
const ZERO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;
// East Asian Wide and Fullwidth of UAX #11.
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;

let segmenter: Intl.Segmenter | undefined;

function clusters(text: string): Iterable<{ segment: string; index: number }> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

function clusterWidth(cluster: string): number {
  if (cluster.length > MAX_CLUSTER) return cluster.length;
  if (EMOJI.test(cluster)) return 2;
  let width = 0;
  for (const character of cluster) width += ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}
