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
  /** Where somebody was here before us. */
  const replaced = new WeakMap<EventEmitter, Emit>();
  const { emit } = {
    emit(this: Emitter, name: string | symbol, ...args: unknown[]): boolean {
      if (typeof name === 'string') see(this, name, args[0]);
      // Asked for each time: the domain module replaces the prototype's `emit` when it is loaded.
      const inherited = (Object.getPrototypeOf(this) as EventEmitter).emit as Emit;
      return Reflect.apply(replaced.get(this) ?? inherited, this, [name, ...args]);
    },
  };
  return (emitter) => {
    if (Object.hasOwn(emitter, 'emit')) replaced.set(emitter, emitter.emit as Emit);
    Object.defineProperty(emitter, 'emit', { value: emit, writable: true, configurable: true, enumerable: false });
  };
}
