// What every OTLP exporter sends with, whatever its signal: one attempt for an encoded batch, and what the receiver says of it.
import { createRequire } from 'node:module';
import { diag } from '@opentelemetry/api';
import type { Destination, EncodedBatch, Outcome } from '../destination.ts';
import type { TlsOptions } from './connection.ts';
import type * as grpcTransport from './grpc-transport.ts';
import { createGzipTransport } from './gzip-transport.ts';
import { createHttpTransport } from './http-transport.ts';
import { type Post, type Transport, toBasic } from './transport.ts';

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
  /** What besides the address decides whose the spans are, such as a token that names a project. */
  readonly tenant?: string;
}

export interface OtlpOptions extends OtlpTarget {
  /** Hides the credentials of `url` and of error messages. */
  readonly redact: (text: string) => string;
}

/** What a signal brings along. */
export interface OtlpSignal {
  /** The service of its receiver in OTLP over gRPC. */
  readonly grpcService: string;
  /** What the receiver refused of a batch that it took; may throw on an answer that is not OTLP. */
  readonly readRefusal: (answer: Uint8Array) => { readonly what: string; readonly why: string | undefined } | undefined;
}

/** Anything shorter in a header is a word, such as a name of a tenant. */
const SHORTEST_KEY = 8;

/** Of what a receiver says. */
const MAX_REASON_LENGTH = 300;

/** What receivers such as Logfire take in one request; gRPC servers take 4 MiB unless they are told otherwise. */
const MAX_BATCH_BYTES = 5 * 1024 * 1024;
const MAX_GRPC_BATCH_BYTES = 4 * 1024 * 1024;

/** Of one signal to one receiver, so that a slow receiver is no bottleneck (OTLP, "Concurrent Requests"). */
const MAX_IN_FLIGHT = 4;

/** Makes an OTLP destination of one signal. */
export function createOtlpSender(options: OtlpOptions, signal: OtlpSignal): Destination {
  const address = options.redact(options.url);
  const secrets = listSecrets(options);

  /** What a receiver says may be long, and quote the key that it was sent. */
  const clean = (text: string): string =>
    options.redact(secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text)).slice(0, MAX_REASON_LENGTH);

  const create = (isGzip: boolean): Transport => createTransport(options, signal.grpcService, isGzip);
  const transport =
    options.compression === 'none'
      ? create(false)
      : createGzipTransport({
          packed: create(true),
          createPlain: () => create(false),
          onUnread: (reason) =>
            diag.warn(
              `${address} does not read gzip (${clean(reason)}) and gets everything uncompressed from now on; OTEL_EXPORTER_OTLP_COMPRESSION=none does so from the start`,
            ),
        });

  async function attempt(
    batch: EncodedBatch,
    track: (post: Post<unknown> | undefined) => void,
    abandoned: AbortSignal,
  ): Promise<Outcome> {
    const sent = transport.post(batch.body, abandoned);
    track(sent);
    const answer = await sent.answer.catch((error: Error) => error);
    // Without an answer nobody has the batch, and it may be sent again.
    if (answer instanceof Error) return { taken: false, reason: answer, again: true };
    const { verdict, body } = answer;
    if (verdict.taken) {
      reportPartialSuccess(body);
      return verdict;
    }
    // Refused: what was written is with nobody.
    track(undefined);
    const { reason, retry, waitMillis } = verdict;
    return { taken: false, reason: new Error(clean(reason)), again: retry, waitMillis };
  }

  /** A receiver may take a batch and refuse a part of it; sending that again would not help (OTLP, "Partial Success"). */
  function reportPartialSuccess(body: Uint8Array): void {
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
    encoding: options.protocol === 'http/json' ? 'json' : 'protobuf',
    identity: [signal.grpcService, options.url, options.protocol, options.tenant ?? ''],
    maxBatchBytes: options.protocol === 'grpc' ? MAX_GRPC_BATCH_BYTES : MAX_BATCH_BYTES,
    maxInFlight: MAX_IN_FLIGHT,
    send(batch, abandoned) {
      let current: Post<unknown> | undefined;
      const outcome = attempt(batch, (sent) => (current = sent), abandoned).catch(
        // Not the receiver's fault, so another attempt would fail as well: the batch could not be encoded.
        (error: Error): Outcome => ({ taken: false, reason: error, again: false }),
      );
      return { outcome, isWritten: () => current?.isWritten() ?? false };
    },
    startSendBlocking: (batches, limitMillis) =>
      transport.startPostBlocking(
        batches.map(({ body }) => body),
        limitMillis,
      ),
  };
}

/** What headers hold, whole and word by word: a receiver may quote `abc` of `Bearer abc`. The longest first, since one may be in another. */
function listSecrets({ headers, url }: OtlpTarget): readonly string[] {
  const values = [...Object.values(headers), toBasic(new URL(url)) ?? ''];
  const parts = values.flatMap((value) => value.split(/[\s,;]+/)).concat(values);
  return [...new Set(parts)].filter((part) => part.length >= SHORTEST_KEY).toSorted((a, b) => b.length - a.length);
}

function createTransport(options: OtlpTarget, grpcService: string, isGzip: boolean): Transport {
  const { url, headers, protocol, attemptMillis: timeoutMillis, tls } = options;
  const target = { url, headers, isGzip, timeoutMillis, tls, maxInFlight: MAX_IN_FLIGHT };
  if (protocol === 'grpc') return loadGrpc().createGrpcTransport(target, grpcService);
  return createHttpTransport(target, protocol === 'http/json' ? 'application/json' : 'application/x-protobuf');
}

/** The build makes it a file beside the agent's; run from source, it is the TypeScript file. */
function loadGrpc(): typeof grpcTransport {
  const path = import.meta.url.endsWith('.ts') ? './grpc-transport.ts' : './grpc.cjs';
  return createRequire(import.meta.url)(path) as typeof grpcTransport;
}
