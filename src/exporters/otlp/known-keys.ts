// The attribute writer looks keys up here: a program writes the same few sequences of them, mostly with the same values, again and again.
import { Buffer } from 'node:buffer';
import { MAX_CHARACTER_BYTES, MAX_VARINT_BYTES, putText } from './protobuf.ts';

/** Bounds on what a program that makes keys of its data can have us keep. */
const MAX_KEYS = 1024;
const MAX_FOLLOWERS = 8;

/** A key behind those that came before it: what was learned of it there. */
export interface KnownKey {
  readonly key: string;
  /** The beginning of its KeyValue: all up to the value's length. */
  readonly head: Uint8Array;
  /** The keys that came next. */
  readonly followers: KnownKey[];
  /** The value that it had the last time, where it is short. */
  value: unknown;
  /** Its KeyValue with its length, once the same value was seen twice in a row. */
  pair: Uint8Array | undefined;
}

// Tags of a KeyValue (common.proto).
const KEY = 0x0a;
const VALUE = 0x12;

function toHead(key: string): Uint8Array {
  const head = Buffer.allocUnsafe(key.length * MAX_CHARACTER_BYTES + 2 + MAX_VARINT_BYTES);
  head[0] = KEY;
  const at = putText(head, 1, key);
  head[at] = VALUE;
  return new Uint8Array(head.subarray(0, at + 1));
}

const toKnown = (key: string): KnownKey => ({
  key,
  head: toHead(key),
  followers: [],
  value: undefined,
  pair: undefined,
});

/** The sequences of keys that were seen, as a tree. */
export class KnownKeys {
  #root = toKnown('');
  #count = 0;

  /** What the first key of a sequence follows. */
  get start(): KnownKey {
    return this.#root;
  }

  /** What is known of `key` where it follows `last`. */
  find(last: KnownKey, key: string): KnownKey {
    const { followers } = last;
    for (let index = 0; index < followers.length; index++) {
      const known = followers[index];
      if (known?.key === key) return known;
    }
    return this.#learn(followers, key);
  }

  /** Too much is known of keys that do not come again: all of it is forgotten, and what does come again is learned anew. */
  #learn(followers: KnownKey[], key: string): KnownKey {
    const known = toKnown(key);
    if (followers.length >= MAX_FOLLOWERS) followers.length = 0;
    if (++this.#count > MAX_KEYS) {
      this.#root = toKnown('');
      this.#count = 0;
    } else followers.push(known);
    return known;
  }
}
