// Called by http-post.ts: a body as a receiver takes it, piece by piece, and for no longer than it takes some of it.
import type { ClientRequest } from 'node:http';
import { TimeoutError } from './connection.ts';
import { setTimeout, clearTimeout } from '../../natives.ts';

const PIECE_BYTES = 64 * 1024;

/** A write that is under way keeps the process alive, unref or not (libuv counts the request), so one that nobody reads may not take long. */
const STALL_LIMIT_MILLIS = 1500;

/** Writes `body` and ends the request; destroys it when nothing of it was taken for so long, once it has a connection. */
export function writeInPieces(outgoing: ClientRequest, body: Uint8Array): void {
  // The system takes so much of everybody.
  if (body.length <= PIECE_BYTES) return void outgoing.end(body);
  let at = 0;
  let limit: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(limit);
  const writeNext = (): void => {
    stop();
    if (outgoing.destroyed) return;
    if (at >= body.length) return void outgoing.end();
    const piece = body.subarray(at, at + PIECE_BYTES);
    at += PIECE_BYTES;
    // Counted from the connection on: opening one has a limit of its own.
    if (outgoing.socket?.connecting === false) {
      limit = setTimeout(
        () => outgoing.destroy(new TimeoutError('byte taken', STALL_LIMIT_MILLIS)),
        STALL_LIMIT_MILLIS,
      );
      limit.unref();
    }
    outgoing.write(piece, writeNext);
  };
  outgoing.on('close', stop);
  writeNext();
}
