// Called by the capture of bodies: watches the bytes of a message pass without consuming, delaying or keeping them.
import type { Readable, Writable } from 'node:stream';
import { guard } from '../log/guard.ts';

/** Told of every piece of a body; a text comes with its encoding. */
export type OnChunk = (chunk: Uint8Array | string, encoding: BufferEncoding | undefined) => void;

type Method = (...args: unknown[]) => unknown;

/** Watches what arrives: `push` is where Node puts bytes into the stream, and nobody reads there. */
export function tapIncoming(message: Readable, onChunk: OnChunk): void {
  tap(message, 'push', onChunk);
}

/** Watches what is written: `write`, and the last piece that `end` may carry. */
export function tapOutgoing(message: Writable, onChunk: OnChunk): void {
  tap(message, 'write', onChunk);
  tap(message, 'end', onChunk);
}

/** Puts a function of the same length before a method of this one object; results, arguments and errors pass through. */
function tap(target: Readable | Writable, name: 'push' | 'write' | 'end', onChunk: OnChunk): void {
  // Each of the three takes a chunk and an encoding first, whatever follows.
  const original = Reflect.get(target, name) as Method;
  const watch = guard(`a tap of ${name}`, onChunk);
  const tapped = {
    [name](this: unknown, ...args: unknown[]): unknown {
      const [chunk, encoding] = args;
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) {
        watch(chunk, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : undefined);
      }
      return Reflect.apply(original, this, args);
    },
  }[name];
  if (tapped === undefined) return;
  Object.defineProperty(tapped, 'length', { value: original.length, configurable: true });
  Object.defineProperty(target, name, { value: tapped, writable: true, configurable: true, enumerable: false });
}
