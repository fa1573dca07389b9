// Called by both sides of http2 when a stream is closed: Node tells that it is, and hardly why.
import type { ClientHttp2Stream, Http2Stream, ServerHttp2Stream } from 'node:http2';
import { CANCEL, NO_ERROR, toResetName } from '../../http-semconv/http2-codes.ts';

/** Tells whether the channel of errors will have this stream too: for every code but two, Node makes an error where there is none. */
export function isErrorToCome({ rstCode }: Http2Stream): boolean {
  return rstCode !== NO_ERROR && rstCode !== CANCEL;
}

/**
 * The error that a stream was destroyed with.
 * @note A write after the end, such as the body of an answer to HEAD, leaves its error on a stream that goes on.
 */
export function destroyedBy({ destroyed, errored }: Http2Stream): Error | undefined {
  return destroyed ? (errored ?? undefined) : undefined;
}

/**
 * Tells whether the response went out to its end.
 * @note A stream that sends a file counts as written from the start, so there only the manner of its end tells:
 * `isWritten` is false.
 */
export function isWhole(stream: ServerHttp2Stream, isWritten: boolean): boolean {
  if (!stream.headersSent) return false;
  return (stream.rstCode === NO_ERROR && !stream.destroyed) || (isWritten && stream.writableFinished);
}

/**
 * Tells whether Node is still sending a file on a stream that it has closed.
 * @note It closes a stream whose request nobody reads as soon as nothing is left to write, and a file counts as written from the start.
 */
export function isFileUnderWay(stream: ServerHttp2Stream, isWritten: boolean | undefined): boolean {
  const { headersSent, destroyed, rstCode, state } = stream;
  return isWritten === false && headersSent && !destroyed && rstCode === NO_ERROR && state.localClose !== 1;
}

/** Tells what the server did, or its connection, to a stream that has not come to its end; undefined for the caller's own cancel. */
export function findBreak(
  stream: ClientHttp2Stream,
  hasResponse: boolean,
): { readonly type: string; readonly message: string } | undefined {
  const { rstCode, session } = stream;
  if (hasResponse && (rstCode === NO_ERROR || stream.readableEnded)) return undefined;
  if (stream.state.remoteClose === 1) {
    return { type: toResetName(rstCode), message: 'the server closed the stream before its response was whole' };
  }
  if (rstCode === NO_ERROR || session?.destroyed !== false || !session.socket.destroyed) return undefined;
  return { type: 'ECONNRESET', message: 'the connection closed before the response was whole' };
}
