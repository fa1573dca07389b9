// What otlp-sender.ts needs of a way to a receiver: http-transport.ts is one, grpc-transport.ts the other.
import type { BlockingResult } from '../destination.ts';
import type { TlsOptions } from './connection.ts';

/** Where and with what a transport sends. */
export interface TransportTarget {
  readonly url: string;
  /** Of the configuration; what belongs to the protocol is added to them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bodies come compressed. */
  readonly isGzip: boolean;
  /** For one attempt, from connecting to the end of the answer. */
  readonly timeoutMillis: number;
  /** Only for an https address. */
  readonly tls: TlsOptions;
  /** Requests that may be open at the same time. */
  readonly maxInFlight: number;
}

/** What an answer means for the batch. `waitMillis` is the time that the receiver asks for before the next attempt. */
export type Verdict =
  | { readonly taken: true }
  | {
      readonly taken: false;
      /** May quote what the receiver says. */
      readonly reason: string;
      readonly retry: boolean;
      /** The receiver may have refused the compression, not the batch. */
      readonly unread: boolean;
      readonly waitMillis: number | undefined;
    };

/** What became of one body while the process waited; `unread` as in a verdict. */
export type BlockingPostResult = BlockingResult & { readonly unread?: boolean };

/** One batch on its way. */
export interface Post<Answer> {
  /** Rejects where there is none. */
  readonly answer: Promise<Answer>;
  /** True once every byte is with the operating system. */
  isWritten(): boolean;
}

/** An answer that was judged. */
export interface Judged {
  readonly verdict: Verdict;
  /** What an OTLP receiver says of a batch that it took; empty for everything in order. */
  readonly body: Uint8Array;
}

export interface Transport {
  /** One attempt. Aborting `abandoned` ends it, and every connection that might keep the process alive. */
  post(body: Uint8Array, abandoned: AbortSignal): Post<Judged>;
  /** Starts to post while the process is leaving; what comes back blocks until `limitMillis` from now at most. */
  startPostBlocking(bodies: readonly Uint8Array[], limitMillis: number): () => readonly BlockingPostResult[];
}

/** The authorization that stands before the @ of an address. */
export function toBasic({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  try {
    const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(user).toString('base64')}`;
  } catch {
    // A percent sign that encodes nothing.
    return undefined;
  }
}

/** A poster whose answers are judged. */
export function judged<Answer extends { readonly body: Uint8Array }>(
  post: (body: Uint8Array, abandoned: AbortSignal) => Post<Answer>,
  judge: (answer: Answer) => Verdict,
): Transport['post'] {
  return (body, abandoned) => {
    const { answer, isWritten } = post(body, abandoned);
    return { answer: answer.then((given) => ({ verdict: judge(given), body: given.body })), isWritten };
  };
}
