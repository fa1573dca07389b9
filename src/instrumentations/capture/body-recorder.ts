// Made for one body that is to be captured: counts its bytes and keeps the first of them, no more.
import { type BodyHeaders, toTextEncoding } from '../../http-semconv/body-text.ts';

export interface RecordedBody {
  /** Bytes that passed. */
  readonly size: number;
  /** The text as far as it was kept, redacted; undefined where only the size is told. */
  readonly text: string | undefined;
}

/** Of the encodings in which a text can be written, hex needs the most. */
const MOST_CHARACTERS_PER_BYTE = 2;
/** A longer text would be cut by the redactor, and the mark with it, when the span ends. */
const MAX_TEXT_LENGTH = 16_384;
/** What a cut may have left of a word, a token or an escape: it goes, or half of a secret would stay unrecognised. */
const PARTIAL_WORD = /[^\s"'&,;<>{}()[\]]{0,8192}$/;

/** Keeps up to `maxBytes` of a body. */
export class BodyRecorder {
  readonly #maxBytes: number;
  readonly #kept: Buffer[] = [];
  #room: number;
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#room = maxBytes;
  }

  /** Takes note of a piece; only what is kept is copied, as the stream may reuse its memory. */
  add(chunk: Uint8Array | string, encoding?: BufferEncoding): void {
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.byteLength;
    this.#size += bytes;
    if (this.#room <= 0) return;
    const kept = Buffer.from(
      typeof chunk === 'string' ? Buffer.from(chunk.slice(0, this.#room * MOST_CHARACTERS_PER_BYTE), encoding) : chunk,
    ).subarray(0, this.#room);
    this.#kept.push(kept);
    this.#room -= kept.length;
  }

  /** The body so far. Redacted before it is cut to size for good, and a cut is marked with what is missing. */
  finish(headers: BodyHeaders, redact: (text: string) => string): RecordedBody {
    const encoding = toTextEncoding(headers);
    if (encoding === undefined || this.#size === 0) return { size: this.#size, text: undefined };
    const all = Buffer.concat(this.#kept).toString(encoding);
    if (this.#size <= this.#maxBytes) return { size: this.#size, text: redact(all) };
    const mark = `… (${this.#size - this.#maxBytes} bytes more)`;
    const text = redact(all.replace(PARTIAL_WORD, '')).slice(0, MAX_TEXT_LENGTH - mark.length);
    return { size: this.#size, text: text + mark };
  }
}
