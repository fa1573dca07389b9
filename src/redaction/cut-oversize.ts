// The engine calls cutOversize before it reads a text: nothing longer than the limit is ever scanned, and no tail slips through.

/** The most UTF-16 code units of a text that are read and returned; what follows becomes one marker. */
export const MAX_LENGTH = 16_384;
const BOUNDARY = /[\s&;,/?#"'<>{}()|]/;

/**
 * Returns the head of an oversize text, without its last partial word, so that half a token cannot pass as no token. A head
 * without any boundary is empty.
 */
export function cutOversize(text: string, length: number): string {
  let end = length;
  while (end > 0 && !BOUNDARY.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
