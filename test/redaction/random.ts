// The redaction tests draw their fake secrets and mutations here: the same seed gives the same run everywhere.

/** A small seeded generator (mulberry32); returns numbers in [0, 1). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';

/** A fake secret: mixed case and digits, at least one digit among its first characters, of no vendor's shape. */
export function fakeSecret(random: () => number, length = 20): string {
  const alphabet = `${LETTERS}23456789`;
  let secret = 'Q7';
  while (secret.length < length) secret += alphabet.charAt(Math.floor(random() * alphabet.length));
  return secret;
}

/** Characters of an alphabet, for tokens with a vendor's shape. */
export function pick(random: () => number, alphabet: string, length: number): string {
  let text = '';
  while (text.length < length) text += alphabet.charAt(Math.floor(random() * alphabet.length));
  return text;
}
