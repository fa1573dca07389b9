// Called by the http client instrumentation: tells it of the events of a request without being one of its listeners.
import type { EventEmitter } from 'node:events';
import { guard } from '../log/guard.ts';

/** Told of an event before its listeners are; `argument` is the first that they will get. */
export type OnEvent<Emitter> = (emitter: Emitter, name: string, argument: unknown) => void;

type Emit = (this: EventEmitter, name: string | symbol, ...args: unknown[]) => boolean;

/**
 * Makes a function that lets `onEvent` see the events of an emitter.
 * @note A listener would do for `close`, but applications count listeners, are warned of the eleventh and print them; and one for
 * `upgrade` or `connect` would change what Node does: without any it destroys the socket. An own `emit` is seen by none of that.
 */
export function createEventWatch<Emitter extends EventEmitter>(onEvent: OnEvent<Emitter>): (emitter: Emitter) => void {
  const see = guard('request events', onEvent);
  const createEmit = (original?: Emit): Emit =>
    ({
      emit(this: EventEmitter, name: string | symbol, ...args: unknown[]): boolean {
        // It is put on emitters of this type only, below.
        if (typeof name === 'string') see(this as Emitter, name, args[0]);
        // Asked for each time: the domain module replaces the prototype's `emit` when it is loaded.
        const next = original ?? ((Object.getPrototypeOf(findOwner(this)) as EventEmitter).emit as Emit);
        return Reflect.apply(next, this, [name, ...args]);
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
    const value = Object.hasOwn(emitter, 'emit') ? createEmit(emitter.emit as Emit) : emit;
    Object.defineProperty(emitter, 'emit', { value, writable: true, configurable: true, enumerable: false });
  };
}
