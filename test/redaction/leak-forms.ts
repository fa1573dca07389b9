// The redaction tests, and the end-to-end tests of every sink, ask here whether an output still shows a secret in any form.

/** Rounds of decoding an attacker (or a log viewer) is assumed to try. */
const ROUNDS = 12;
/** A secret of this length or more counts as leaked when any window of WINDOW characters of it is seen. */
const WINDOWED = 16;
const WINDOW = 10;

/** Returns the form of the secret (or the piece of it) that the output shows, or undefined. */
export function findLeak(output: string, secret: string): string | undefined {
  const readings = readingsOf(output);
  return findForm(secret, (form) => readings.some((reading) => reading.includes(form)));
}

/** `findLeak` for one long output and many secrets: what begins nowhere in it is not searched for. */
export function createLeakFinder(output: string): (secret: string) => string | undefined {
  const readings = [...new Set(readingsOf(output))];
  const starts = new Uint8Array(2 ** START_BITS);
  for (const reading of readings) {
    for (let at = 0; at + START <= reading.length; at++) starts[hashStart(reading, at)] = 1;
  }
  const shown = (form: string): boolean =>
    (form.length < START || starts[hashStart(form, 0)] === 1) && readings.some((reading) => reading.includes(form));
  return (secret) => findForm(secret, shown);
}

const START = 8;
const START_BITS = 24;

function hashStart(text: string, from: number): number {
  let hash = 0;
  for (let at = from; at < from + START; at++) hash = Math.imul(hash, 31) + text.charCodeAt(at);
  return Math.imul(hash, 0x9e_37_79_b1) >>> (32 - START_BITS);
}

const findForm = (secret: string, shown: (form: string) => boolean): string | undefined =>
  formsOf(secret).find(shown) ?? windowsOf(secret).find(shown);

/** Says whether the output, or one of its decoded readings, still holds a text, whatever its case. */
export function isKept(output: string, text: string): boolean {
  const wanted = text.toLowerCase();
  return readingsOf(output).some((reading) => reading.toLowerCase().includes(wanted));
}

/** The output as it stands, after each round of decoding, with `+` as blank, and without the characters URL parsing deletes. */
export function readingsOf(output: string): readonly string[] {
  const rounds = [output];
  for (let round = 0, text = output; round < ROUNDS; round++) {
    const next = unescapeJson(decodePercent(text));
    if (next === text) break;
    rounds.push(next);
    text = next;
  }
  return rounds.flatMap((text) => [text, text.replaceAll('+', ' '), text.replace(/[\t\r\n\0]/g, '')]);
}

function decodePercent(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

function unescapeJson(text: string): string {
  return text
    .replace(/\\u([\da-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll('\\/', '/');
}

function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const encoded = encodeURIComponent(secret.toWellFormed());
  const everyByte = bytes.toString('hex').replace(/../g, '%$&');
  const base64 = bytes.toString('base64').replace(/=+$/, '').slice(0, -1);
  return [
    secret,
    encoded,
    encoded.replace(/%../g, (code) => code.toLowerCase()),
    everyByte,
    everyByte.toUpperCase(),
    base64,
  ];
}

function windowsOf(secret: string): readonly string[] {
  if (secret.length < WINDOWED) return [];
  return Array.from({ length: secret.length - WINDOW + 1 }, (_, at) => secret.slice(at, at + WINDOW));
}
