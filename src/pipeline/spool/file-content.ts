// Used by the spool: what is in a file. A batch as it is sent, behind a head by which a truncated, damaged or exchanged file is known.
import process from 'node:process';
import type { StoredBatch } from './spool.ts';

/** `TRSP`, the version, the number of items, the length of the body, the CRC-32 of all that and of the key and the body. Big endian. */
const HEAD_BYTES = 20;
const MAGIC = 0x54_52_53_50;
const VERSION = 1;

export const toFileBytes = (batch: StoredBatch): number => HEAD_BYTES + batch.body.length;

/** @param key belongs to the checksum: a batch whose file was renamed to another destination is not sent there. */
export function toContent({ body, items }: StoredBatch, key: string): Uint8Array {
  const content = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  content.writeUInt32BE(MAGIC, 0);
  content.writeUInt32BE(VERSION, 4);
  content.writeUInt32BE(items, 8);
  content.writeUInt32BE(body.length, 12);
  content.set(body, HEAD_BYTES);
  content.writeUInt32BE(toChecksum(content, key), 16);
  return content;
}

/** `newer`: a later version of the agent wrote it, for itself. */
export function readContent(bytes: Uint8Array, key: string): StoredBatch | 'damaged' | 'newer' {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (content.length < HEAD_BYTES || content.readUInt32BE(0) !== MAGIC) return 'damaged';
  if (content.readUInt32BE(4) > VERSION) return 'newer';
  const body = content.subarray(HEAD_BYTES);
  if (content.readUInt32BE(12) !== body.length || content.readUInt32BE(16) !== toChecksum(content, key))
    return 'damaged';
  return { body, items: content.readUInt32BE(8) };
}

function toChecksum(content: Buffer, key: string): number {
  const { crc32 } = process.getBuiltinModule('node:zlib');
  return crc32(content.subarray(HEAD_BYTES), crc32(key, crc32(content.subarray(0, 16))));
}
