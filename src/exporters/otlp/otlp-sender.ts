// What every OTLP exporter sends with, whatever its signal: encodes batches, posts them until they are taken, says what was refused.
// `process` is imported, not read from the global scope: a program may put something else in its place.
import { createRequire } from 'node:module';
import process from 'node:process';
import { diag } from '@opentelemetry/api';
import type { BlockingResult, Delivery, SendOptions } from '../destination.ts';
import type { TlsOptions } from './connection.ts';
import type * as grpcTransport from './grpc-transport.ts';
import { createHttpTransport } from './http-transport.ts';
import { MAX_ATTEMPTS, toWaitMillis } from './retry.ts';
import { type Judged, type Post, type Transport, toBasic } from './transport.ts';

/** Where one signal goes, and how. */
export interface OtlpTarget {
  /** The signal's endpoint, path included; for gRPC, whose path the signal decides, what comes before it. */
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json' | 'grpc';
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
  /** The service of its receiver in OTLP over gRPC. */
  readonly grpcService: string;
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

/** Of what a receiver says. */
const MAX_REASON_LENGTH = 300;

/** Makes a sender. Retries as the specification says; what it gives up on is rejected, never silently lost. */
export function createOtlpSender<Batch>(options: OtlpOptions, signal: OtlpSignal<Batch>): OtlpSender<Batch> {
  const transport = createTransport(options, signal.grpcService);
  const address = options.redact(options.url);

  const secrets = listSecrets(options);

  /** A receiver may quote the key that it was sent. */
  const hideHeaders = (text: string): string => secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);

  function encode(batch: Batch): Uint8Array {
    const body = signal.encode(batch);
    if (body === undefined) throw new Error('the batch could not be encoded');
    return body;
  }

  /** What the receiver says may be long, and quote what it was sent. */
  const clean = (text: string): string => options.redact(hideHeaders(text)).slice(0, MAX_REASON_LENGTH);

  async function deliver(
    body: Uint8Array,
    track: (post: Post<unknown> | undefined) => void,
    { onTrouble, leaving, abandoned }: SendOptions,
  ): Promise<void> {
    const deadline = performance.now() + options.totalMillis;
    for (let attempt = 1; ; attempt++) {
      const sent = transport.post(body, abandoned);
      track(sent);
      const answer: Judged & { readonly error?: Error } = await sent.answer.catch(toNoAnswer);
      const { verdict } = answer;
      if (verdict.taken) return reportPartialSuccess(answer);
      const reason = answer.error ?? new Error(clean(verdict.reason));
      // Refused: what was written is with nobody.
      track(undefined);
      const isLast = attempt === MAX_ATTEMPTS || leaving.aborted;
      const waitMillis = toWaitMillis(attempt, verdict.waitMillis, Math.random());
      if (!verdict.retry || isLast || performance.now() + waitMillis > deadline) throw reason;
      onTrouble(reason);
      await sleepUnref(waitMillis, leaving);
    }
  }

  /** A receiver may take a batch and refuse a part of it; sending that again would not help (OTLP, "Partial Success"). */
  function reportPartialSuccess({ body }: Judged): void {
    if (body.length === 0) return;
    let refusal;
    try {
      refusal = signal.readRefusal(body);
    } catch {
      diag.debug(`${address} took a batch and answered with something that is not OTLP`);
      return;
    }
    if (refusal === undefined) return;
    diag.warn(`${address} refused ${refusal.what}: ${clean(refusal.why ?? 'no reason given')}`);
  }

  return {
    address,
    send(batch, sendOptions): Delivery {
      let current: Post<unknown> | undefined;
      const body = encode(batch);
      const packed = options.compression === 'gzip' ? gzipAsync(body) : Promise.resolve(body);
      const done = packed.then((bytes) => deliver(bytes, (sent) => (current = sent), sendOptions));
      return { done, isWritten: () => current?.isWritten() ?? false };
    },
    startSendBlocking(batches, limitMillis) {
      const bodies = batches.map((batch) =>
        options.compression === 'gzip' ? process.getBuiltinModule('node:zlib').gzipSync(encode(batch)) : encode(batch),
      );
      return transport.startPostBlocking(bodies, limitMillis);
    },
  };
}

/** What headers hold, whole and word by word: a receiver may quote `abc` of `Bearer abc`. The longest first, since one may be in another. */
function listSecrets({ headers, url }: OtlpTarget): readonly string[] {
  const values = [...Object.values(headers), toBasic(new URL(url)) ?? ''];
  const parts = values.flatMap((value) => value.split(/[\s,;]+/)).concat(values);
  return [...new Set(parts)].filter((part) => part.length >= SHORTEST_KEY).toSorted((a, b) => b.length - a.length);
}

function createTransport(options: OtlpTarget, grpcService: string): Transport {
  const { url, headers, protocol, attemptMillis: timeoutMillis, tls } = options;
  const target = { url, headers, isGzip: options.compression === 'gzip', timeoutMillis, tls };
  if (protocol === 'grpc') return loadGrpc().createGrpcTransport(target, grpcService);
  return createHttpTransport(target, protocol === 'http/json' ? 'application/json' : 'application/x-protobuf');
}

/** The build makes it a file beside the agent's; run from source, it is the TypeScript file. */
function loadGrpc(): typeof grpcTransport {
  const path = import.meta.url.endsWith('.ts') ? './grpc-transport.ts' : './grpc.cjs';
  return createRequire(import.meta.url)(path) as typeof grpcTransport;
}

/** Without an answer nobody has the batch, and it may be sent again. */
const toNoAnswer = (error: Error): Judged & { readonly error: Error } => ({
  error,
  verdict: { taken: false, reason: error.message, retry: true, waitMillis: undefined },
  body: new Uint8Array(),
});

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
