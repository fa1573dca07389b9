// The transport of every OTLP over HTTP exporter, whatever its signal: encodes batches, posts them until they are taken, says what was refused.
// `process` is imported, not read from the global scope: a program may put something else in its place.
import process from 'node:process';
import { diag } from '@opentelemetry/api';
import type { BlockingResult, Delivery, SendOptions } from '../destination.ts';
import { type Post, type PostAnswer, type TlsOptions, createPoster } from './http-post.ts';
import { startPostBlocking } from './post-blocking.ts';
import { MAX_ATTEMPTS, isRetryable, toWaitMillis } from './retry.ts';

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
  /** For a batch, all attempts and the waits between them together. */
  readonly totalMillis: number;
  /** Hides the credentials of `url` and of error messages. */
  readonly redact: (text: string) => string;
}

/** What a signal brings along. */
export interface OtlpSignal<Batch> {
  readonly encode: (batch: Batch) => Uint8Array | undefined;
  /** What the receiver refused of a batch that it took; may throw on an answer that is not OTLP. */
  readonly readRefusal: (answer: Uint8Array) => { readonly what: string; readonly why: string | undefined } | undefined;
}

export interface OtlpSender<Batch> {
  /** Where batches go, as a person may read it. */
  readonly address: string;
  send(batch: Batch, options: SendOptions): Delivery;
  /** Starts sending while the process is leaving; what comes back blocks until `limitMillis` from now at most, and tells what became of each. */
  startSendBlocking(batches: readonly Batch[], limitMillis: number): () => readonly BlockingResult[];
}

// Taken at load: an application under test that fakes its timers must not stop ours.
const { setTimeout, clearTimeout } = globalThis;

/** Anything shorter in a header is a word, such as a name of a tenant. */
const SHORTEST_KEY = 8;

/** Makes a sender. Retries as the specification says; what it gives up on is rejected, never silently lost. */
export function createOtlpSender<Batch>(options: OtlpOptions, signal: OtlpSignal<Batch>): OtlpSender<Batch> {
  const target = {
    url: options.url,
    timeoutMillis: options.attemptMillis,
    tls: options.tls,
    headers: {
      ...options.headers,
      'content-type': options.protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
      ...(options.compression === 'gzip' && { 'content-encoding': 'gzip' }),
    },
  };
  const post = createPoster(target);
  const address = options.redact(options.url);

  /** A receiver may quote the key that it was sent. */
  function hideHeaders(text: string): string {
    const values = Object.values(options.headers).filter((value) => value.length >= SHORTEST_KEY);
    return values.reduce((rest, value) => rest.replaceAll(value, '…'), text);
  }

  function encode(batch: Batch): Uint8Array {
    const body = signal.encode(batch);
    if (body === undefined) throw new Error('the batch could not be encoded');
    return body;
  }

  async function deliver(
    body: Uint8Array,
    track: (post: Post | undefined) => void,
    { onTrouble, leaving, abandoned }: SendOptions,
  ): Promise<void> {
    const deadline = performance.now() + options.totalMillis;
    for (let attempt = 1; ; attempt++) {
      const sent = post(body, abandoned);
      track(sent);
      const result = await sent.answer.catch((error: Error) => error);
      const taken = !(result instanceof Error) && result.statusCode >= 200 && result.statusCode < 300;
      if (taken) return reportPartialSuccess(result);
      const reason = result instanceof Error ? result : new Error(`HTTP status ${result.statusCode}`);
      // Refused: what was written is with nobody.
      track(undefined);
      const isLast = attempt === MAX_ATTEMPTS || leaving.aborted;
      const again = result instanceof Error || isRetryable(result.statusCode);
      const retryAfter = result instanceof Error ? undefined : result.retryAfter;
      const waitMillis = toWaitMillis(attempt, retryAfter, Date.now(), Math.random());
      if (!again || isLast || performance.now() + waitMillis > deadline) throw reason;
      onTrouble(reason);
      await sleepUnref(waitMillis, leaving);
    }
  }

  /** A receiver may take a batch and refuse a part of it; sending that again would not help (OTLP, "Partial Success"). */
  function reportPartialSuccess({ body }: PostAnswer): void {
    if (body.length === 0) return;
    let refusal;
    try {
      refusal = signal.readRefusal(body);
    } catch {
      diag.debug(`${address} took a batch and answered with something that is not OTLP`);
      return;
    }
    if (refusal === undefined) return;
    diag.warn(`${address} refused ${refusal.what}: ${options.redact(hideHeaders(refusal.why ?? 'no reason given'))}`);
  }

  return {
    address,
    send(batch, sendOptions): Delivery {
      let current: Post | undefined;
      const body = encode(batch);
      const packed = options.compression === 'gzip' ? gzipAsync(body) : Promise.resolve(body);
      const done = packed.then((bytes) => deliver(bytes, (sent) => (current = sent), sendOptions));
      return { done, isWritten: () => current?.isWritten() ?? false };
    },
    startSendBlocking(batches, limitMillis) {
      const bodies = batches.map((batch) =>
        options.compression === 'gzip' ? process.getBuiltinModule('node:zlib').gzipSync(encode(batch)) : encode(batch),
      );
      return startPostBlocking(target, bodies, limitMillis);
    },
  };
}

const gzipAsync = (body: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    process
      .getBuiltinModule('node:zlib')
      .gzip(body, (error, packed) => (error === null ? resolve(packed) : reject(error)));
  });

/** Sleeps without keeping the process alive, and not when the process is leaving. */
const sleepUnref = (millis: number, leaving: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (leaving.aborted) return resolve();
    const wake = (): void => {
      clearTimeout(timer);
      leaving.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, millis);
    timer.unref();
    leaving.addEventListener('abort', wake);
  });
