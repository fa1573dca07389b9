// Called for every body that is sent to the viewer: the bytes, unpacked, or why not. What is read at one time is bounded for all together.
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

/** Of one body, as sent and unpacked. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Of all that are on their way. */
const MAX_OPEN_BYTES = 4 * MAX_BODY_BYTES;

/** Why a request is not taken, as an HTTP status; `receiver/grpc.ts` has a code for each. */
export class Refusal extends Error {
  readonly status: 400 | 413 | 415 | 503;
  constructor(status: Refusal['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** Of one body, from its first byte to its last. */
const BODY_MILLIS = 30_000;

let openBytes = 0;

/** Reads a body to its end; throws a Refusal when it is too long, or when too many come at the same time. */
export async function readBody(stream: Readable, maxMillis = BODY_MILLIS): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Who sends a byte now and then keeps what is read in memory.
  const deadline = setTimeout(() => stream.destroy(new Error('the body does not come to its end')), maxMillis);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      openBytes += chunk.length;
      if (size > MAX_BODY_BYTES) throw new Refusal(413, `more than ${MAX_BODY_BYTES} bytes`);
      if (openBytes > MAX_OPEN_BYTES) throw new Refusal(503, 'too much is coming in at the same time');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(deadline);
    openBytes -= size;
  }
}

let turn: Promise<unknown> = Promise.resolve();

/** Unpacks a body; throws a Refusal for an unknown encoding, a broken body or one that is too long when unpacked. */
export async function unpack(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  const { gunzip, inflate, zstdDecompress } = process.getBuiltinModule('node:zlib');
  const unpackers = { gzip: gunzip, deflate: inflate, zstd: zstdDecompress };
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return body;
  if (!Object.hasOwn(unpackers, name)) throw new Refusal(415, `bodies packed with ${name} are not understood`);
  const unpacker = promisify<Buffer, { maxOutputLength: number }, Buffer>(unpackers[name as keyof typeof unpackers]);
  // One after the other: a small body may become a large one, and many at the same time more than there is memory.
  const own = turn.then(() => unpacker(body, { maxOutputLength: MAX_BODY_BYTES }));
  turn = own.catch(() => {});
  try {
    return await own;
  } catch (error) {
    const isLong = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw new Refusal(
      isLong ? 413 : 400,
      isLong ? `more than ${MAX_BODY_BYTES} bytes, unpacked` : 'the body cannot be unpacked',
    );
  }
}
