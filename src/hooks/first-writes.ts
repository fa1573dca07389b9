// Called by the http server instrumentation: sees what an application writes first into the socket of an upgrade, then steps aside.
import type { Socket } from 'node:net';
import { guard } from '../log/guard.ts';

/** Told of what is written; it has seen enough when it returns true. */
export type OnWrite = (chunk: Uint8Array | string) => boolean;

type Method = (this: Socket, ...args: unknown[]) => unknown;

/** Watches `write`, and what `end` may carry, until `onWrite` has seen enough or the returned object is disposed. */
export function watchFirstWrites(socket: Socket, onWrite: OnWrite): Disposable {
  let stop = (): void => {};
  const watch = guard('the first write', (chunk: unknown) => {
    if ((typeof chunk === 'string' || chunk instanceof Uint8Array) && onWrite(chunk)) stop();
  });
  const taps = [tap(socket, 'write', watch), tap(socket, 'end', watch)];
  stop = () => {
    for (const remove of taps.splice(0)) remove();
  };
  return { [Symbol.dispose]: () => stop() };
}

/** Puts a function before a method of this one socket; returns what takes it away again. */
function tap(socket: Socket, name: 'write' | 'end', watch: (chunk: unknown) => void): () => void {
  const before = Object.getOwnPropertyDescriptor(socket, name);
  const original = socket[name] as Method;
  let watching = true;
  const tapped: Method = {
    [name](this: Socket, ...args: unknown[]): unknown {
      if (watching) watch(args[0]);
      return Reflect.apply(original, this, args);
    },
  }[name] as Method;
  Object.defineProperty(tapped, 'length', { value: original.length, configurable: true });
  Object.defineProperty(socket, name, { value: tapped, writable: true, configurable: true, enumerable: false });
  return () => {
    watching = false;
    // Whoever has wrapped ours since goes on calling it, and it does nothing any more.
    if (Object.getOwnPropertyDescriptor(socket, name)?.value !== tapped) return;
    if (before === undefined) Reflect.deleteProperty(socket, name);
    else Object.defineProperty(socket, name, before);
  };
}
