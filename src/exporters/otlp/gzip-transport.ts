// Made by otlp-sender.ts where compression is asked for: compresses what a transport sends, and does without where the receiver reads no gzip.
// `process` is imported, not read from the global scope: a program may put something else in its place.
import type { BlockingPostResult, Judged, Post, Transport } from './transport.ts';
import { process } from '../../natives.ts';

export interface GzipOptions {
  /** Says that its bodies are compressed. */
  readonly packed: Transport;
  /** Makes the one that does not, when it is needed. */
  readonly createPlain: () => Transport;
  /** Told once: from now on everything is sent as it is. `reason` may quote what the receiver says. */
  readonly onUnread: (reason: string) => void;
}

/**
 * Nothing in OTLP tells beforehand whether a receiver reads gzip. One that does not cannot decode a body and answers 400 or 415, over gRPC
 * UNIMPLEMENTED; the same may be said of a batch that is at fault itself. So while nothing compressed was ever taken, a batch that is refused
 * in this way gets one attempt as it is, and the answer to that tells which of the two it was.
 */
export function createGzipTransport({ packed, createPlain, onUnread }: GzipOptions): Transport {
  /** Whether the receiver reads gzip, once that is known. */
  let reads: boolean | undefined;
  let made: Transport | undefined;
  /** What is sent again is packed once. */
  const packs = new WeakMap<Uint8Array, Uint8Array>();

  const plain = (): Transport => (made ??= createPlain());

  async function pack(body: Uint8Array): Promise<Uint8Array> {
    const known = packs.get(body);
    if (known !== undefined) return known;
    const bytes = await gzip(body);
    packs.set(body, bytes);
    return bytes;
  }

  function convict(reason: string): void {
    if (reads === false) return;
    reads = false;
    onUnread(reason);
  }

  async function exchange(
    body: Uint8Array,
    abandoned: AbortSignal,
    track: (post: Post<Judged>) => Promise<Judged>,
  ): Promise<Judged> {
    if (reads === false) return track(plain().post(body, abandoned));
    const first = await track(packed.post(await pack(body), abandoned));
    if (first.verdict.taken) reads ??= true;
    // Others may have found out meanwhile.
    if (first.verdict.taken || !first.verdict.unread || reads === true) return first;
    const second = await track(plain().post(body, abandoned));
    if (second.verdict.taken) convict(first.verdict.reason);
    else if (!second.verdict.retry) reads ??= true;
    return second;
  }

  return {
    post(body, abandoned) {
      let current: Post<Judged> | undefined;
      const answer = exchange(body, abandoned, (post) => {
        current = post;
        return post.answer;
      });
      return { answer, isWritten: () => current?.isWritten() ?? false };
    },
    startPostBlocking(bodies, limitMillis) {
      if (reads === false) return plain().startPostBlocking(bodies, limitMillis);
      const { gzipSync } = process.getBuiltinModule('node:zlib');
      const deadline = performance.now() + limitMillis;
      const wait = packed.startPostBlocking(
        bodies.map((body) => packs.get(body) ?? gzipSync(body)),
        limitMillis,
      );
      return () => {
        const first = wait();
        const left = bodies.filter((_body, index) => isUnread(first[index]));
        const restMillis = deadline - performance.now();
        if (reads === true || left.length === 0 || restMillis <= 0) return first;
        const second = plain().startPostBlocking(left, restMillis)();
        const unread = first.find(isUnread);
        if (unread !== undefined && second.some(({ taken }) => taken)) convict(unread.reason);
        const answers = second.values();
        return first.map((result) => (isUnread(result) ? (answers.next().value ?? result) : result));
      };
    },
  };
}

type Unread = Extract<BlockingPostResult, { taken: false }>;

const isUnread = (result: BlockingPostResult | undefined): result is Unread =>
  result?.taken === false && result.unread === true;

const gzip = (body: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    process
      .getBuiltinModule('node:zlib')
      .gzip(body, (error, packed) => (error === null ? resolve(packed) : reject(error)));
  });
