// The transport of every OTLP over HTTP exporter, whatever its signal: one attempt for an encoded batch, and what the receiver says of it.
// `process` is imported, not read from the global scope: a program may put something else in its place.
import process from 'node:process';
import { diag } from '@opentelemetry/api';
import type { Destination, EncodedBatch, Outcome } from '../destination.ts';
import { type Post, type TlsOptions, createPoster } from './http-post.ts';
import { judgeHttpAnswer } from './judge-answer.ts';
import { startPostBlocking } from './post-blocking.ts';

/** Where one signal goes, and how. */
export interface OtlpTarget {
  /** The signal's endpoint, path included. */
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  /** For one attempt, from connecting to the end of the answer. */
  readonly attemptMillis: number;
  /** Only for an https address. */
  readonly tls: TlsOptions;
}

export interface OtlpOptions extends OtlpTarget {
  /** Hides the credentials of `url` and of error messages. */
  readonly redact: (text: string) => string;
}

/** Reads what a receiver refused of a batch that it took; may throw on an answer that is not OTLP. */
export type ReadRefusal = (
  answer: Uint8Array,
) => { readonly what: string; readonly why: string | undefined } | undefined;

/** Anything shorter in a header is a word, such as a name of a tenant. */
const SHORTEST_KEY = 8;

/** Of one signal to one receiver, so that a slow receiver is no bottleneck (OTLP, "Concurrent Requests"). */
const MAX_IN_FLIGHT = 4;

/** Makes an OTLP over HTTP destination of one signal. */
export function createOtlpSender(options: OtlpOptions, readRefusal: ReadRefusal): Destination {
  const isPacked = options.compression === 'gzip';
  const target = {
    url: options.url,
    timeoutMillis: options.attemptMillis,
    tls: options.tls,
    maxSockets: MAX_IN_FLIGHT,
    headers: {
      ...options.headers,
      'content-type': options.protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
      ...(isPacked && { 'content-encoding': 'gzip' }),
    },
  };
  const post = createPoster(target);
  const address = options.redact(options.url);
  /** Batches that are sent again are packed once. */
  const packed = new WeakMap<EncodedBatch, Uint8Array>();

  /** A receiver may quote the key that it was sent. */
  function hideHeaders(text: string): string {
    const values = Object.values(options.headers).filter((value) => value.length >= SHORTEST_KEY);
    return values.reduce((rest, value) => rest.replaceAll(value, '…'), text);
  }

  async function pack(batch: EncodedBatch): Promise<Uint8Array> {
    const known = packed.get(batch);
    if (known !== undefined) return known;
    const bytes = await gzip(batch.body);
    packed.set(batch, bytes);
    return bytes;
  }

  async function attempt(
    batch: EncodedBatch,
    track: (post: Post | undefined) => void,
    abandoned: AbortSignal,
  ): Promise<Outcome> {
    const body = isPacked ? await pack(batch) : batch.body;
    const sent = post(body, abandoned);
    track(sent);
    const answer = await sent.answer.catch((error: Error) => error);
    if (answer instanceof Error) return { taken: false, reason: answer, again: true };
    const outcome = judgeHttpAnswer(answer, Date.now());
    if (outcome.taken) reportPartialSuccess(answer.body);
    // Refused: what was written is with nobody.
    else track(undefined);
    return outcome;
  }

  /** A receiver may take a batch and refuse a part of it; sending that again would not help (OTLP, "Partial Success"). */
  function reportPartialSuccess(body: Uint8Array): void {
    if (body.length === 0) return;
    let refusal;
    try {
      refusal = readRefusal(body);
    } catch {
      diag.debug(`${address} took a batch and answered with something that is not OTLP`);
      return;
    }
    if (refusal === undefined) return;
    diag.warn(`${address} refused ${refusal.what}: ${options.redact(hideHeaders(refusal.why ?? 'no reason given'))}`);
  }

  return {
    address,
    encoding: options.protocol === 'http/json' ? 'json' : 'protobuf',
    maxInFlight: MAX_IN_FLIGHT,
    send(batch, abandoned) {
      let current: Post | undefined;
      const outcome = attempt(batch, (sent) => (current = sent), abandoned).catch(
        // Not the receiver's fault, so another attempt would fail as well: the batch could not be encoded.
        (error: Error): Outcome => ({ taken: false, reason: error, again: false }),
      );
      return { outcome, isWritten: () => current?.isWritten() ?? false };
    },
    startSendBlocking(batches, limitMillis) {
      const { gzipSync } = process.getBuiltinModule('node:zlib');
      const bodies = batches.map((batch) => (isPacked ? (packed.get(batch) ?? gzipSync(batch.body)) : batch.body));
      return startPostBlocking(target, bodies, limitMillis);
    },
  };
}

const gzip = (body: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    process
      .getBuiltinModule('node:zlib')
      .gzip(body, (error, packed) => (error === null ? resolve(packed) : reject(error)));
  });
