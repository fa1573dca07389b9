// Called by the http instrumentations: tells them of the events of a request, or of an upgrade's socket, without being one of its listeners.
import type { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { guard } from '../log/guard.ts';

/** Told of an event before its listeners are; `argument` is the first that they will get. */
export type OnEvent<Emitter> = (emitter: Emitter, name: string, argument: unknown) => void;

type Emit = (this: EventEmitter, name: string | symbol, ...args: unknown[]) => boolean;

/**
 * Makes a function that lets `onEvent` see the events of an emitter, until what it returns is called.
 * @note A listener would do for `close`, but applications count listeners, are warned of the eleventh and print them; and one for
 * `upgrade` or `connect` would change what Node does: without any it destroys the socket. An own `emit` is seen by none of that.
 */
export function createEventWatch<Emitter extends EventEmitter>(
  onEvent: OnEvent<Emitter>,
): (emitter: Emitter) => () => void {
  const see = guard('request events', onEvent);
  const createEmit = (original?: Emit): Emit =>
    ({
      emit(this: EventEmitter, name: string | symbol, ...args: unknown[]): boolean {
        // It is put on emitters of this type only, below.
        if (typeof name === 'string') see(this as Emitter, name, args[0]);
        // Asked for each time: the domain module replaces the prototype's `emit` when it is loaded.
        const next = original ?? ((Object.getPrototypeOf(findOwner(this)) as EventEmitter).emit as Emit);
        try {
          return Reflect.apply(next, this, [name, ...args]);
        } finally {
          // Nothing is caught: Node prints where an error was thrown, and that would be here.
          if (name === 'error') leaveOutOfReport(args[0]);
        }
      },
    }).emit;
  const emit = createEmit();
  /** The emitter that ours was put on. An object made of it by `Object.create` inherits ours, and its prototype's `emit` would be ours again. */
  const findOwner = (emitter: EventEmitter): EventEmitter => {
    let owner: EventEmitter | null = emitter;
    while (owner !== null && !(Object.hasOwn(owner, 'emit') && owner.emit === emit))
      owner = Object.getPrototypeOf(owner) as EventEmitter | null;
    return owner ?? emitter;
  };
  return (emitter) => {
    // Somebody may have been here before us.
    const before = Object.getOwnPropertyDescriptor(emitter, 'emit');
    const value = before === undefined ? emit : createEmit(emitter.emit as Emit);
    Object.defineProperty(emitter, 'emit', { value, writable: true, configurable: true, enumerable: false });
    return () => {
      // Whoever has wrapped ours since goes on calling it.
      if (Object.getOwnPropertyDescriptor(emitter, 'emit')?.value !== value) return;
      if (before === undefined) Reflect.deleteProperty(emitter, 'emit');
      else Object.defineProperty(emitter, 'emit', before);
    };
  };
}

const ownFile = fileURLToPath(import.meta.url);

/**
 * Takes this file out of what Node prints when it dies of an `error` event that nobody listens for.
 * @note Node notes on the error how its stack is put together with that of the `emit`. It is an internal symbol; nothing happens if it ever goes.
 */
function leaveOutOfReport(error: unknown): void {
  if (!(error instanceof Error)) return;
  const symbol = Object.getOwnPropertySymbols(error).find(
    ({ description }) => description === 'kEnhanceStackBeforeInspector',
  );
  const describe: unknown = symbol === undefined ? undefined : Reflect.get(error, symbol);
  if (symbol === undefined || typeof describe !== 'function') return;
  const withoutUs = (): string =>
    String(describe())
      .split('\n')
      .filter((line) => !line.includes(`.emit (${ownFile}:`))
      .join('\n');
  Object.defineProperty(error, symbol, { value: withoutUs, configurable: true });
}
