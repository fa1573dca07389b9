// Called by the http server instrumentation: upgrade and CONNECT requests, which pass none of Node's diagnostics channels.
import type { IncomingMessage } from 'node:http';
import type { Server, Socket } from 'node:net';
import { guard } from '../log/guard.ts';
import { process, queueMicrotask } from '../natives.ts';

/** Told of an upgrade or CONNECT request right before the application's listener is. */
export type OnUpgrade = (request: IncomingMessage, socket: Socket) => void;

type Method = (this: Server, ...args: unknown[]) => unknown;

/**
 * Watches the servers of the program for upgrades.
 * @note Node asks a server how many listeners there are for `upgrade` or `connect` only when such a request is there, and emits the event
 * in the same turn. So `listenerCount` is what is patched, and only then, for that turn, `emit` of that one server: ordinary requests
 * pass neither, and keep their stack traces.
 */
export function watchUpgrades(onUpgrade: OnUpgrade): Disposable {
  const { prototype } = process.getBuiltinModule('node:net').Server;
  let active = true;
  const told = guard('an upgrade', onUpgrade);
  const before = Object.getOwnPropertyDescriptor(prototype, 'listenerCount');
  const original = prototype.listenerCount as Method;
  const patch = {
    listenerCount(this: Server, ...args: unknown[]): unknown {
      const count = Reflect.apply(original, this, args);
      const [name] = args;
      if (active && (name === 'upgrade' || name === 'connect') && count !== 0) expectEmit(this, name, told);
      return count;
    },
  }.listenerCount;
  Object.defineProperty(patch, 'length', { value: original.length, configurable: true });
  Object.defineProperty(prototype, 'listenerCount', { value: patch, ...VISIBLE });
  return {
    [Symbol.dispose]() {
      active = false;
      // Whoever has wrapped it since keeps his wrapper, and ours does nothing below it.
      if (Object.getOwnPropertyDescriptor(prototype, 'listenerCount')?.value === patch)
        restore(prototype, 'listenerCount', before);
    },
  };
}

/** As methods of EventEmitter are: a loop over a server's properties finds what it found before. */
const VISIBLE = { writable: true, enumerable: true, configurable: true } as const;
const expecting = new WeakSet<Server>();

function expectEmit(server: Server, expected: string, onUpgrade: OnUpgrade): void {
  if (expecting.has(server)) return;
  const before = Object.getOwnPropertyDescriptor(server, 'emit');
  const original = server.emit as Method;
  const done = (): void => {
    if (!expecting.delete(server)) return;
    if (Object.getOwnPropertyDescriptor(server, 'emit')?.value === patch) restore(server, 'emit', before);
  };
  const patch = {
    emit(this: Server, ...args: unknown[]): unknown {
      const isExpected = expecting.has(server) && args[0] === expected;
      done();
      // Node gives every listener of the two events a request and its socket; an application that emits one itself may not.
      if (isExpected && isRequest(args[1]) && args[1].socket === args[2]) onUpgrade(args[1], args[1].socket);
      return Reflect.apply(original, this, args);
    },
  }.emit;
  Object.defineProperty(patch, 'length', { value: original.length, configurable: true });
  try {
    Object.defineProperty(server, 'emit', { value: patch, ...VISIBLE, enumerable: false });
  } catch {
    return; // A frozen server: its upgrades are not seen.
  }
  expecting.add(server);
  // The application may ask for the count too, and then no event follows.
  queueMicrotask(done);
}

function isRequest(value: unknown): value is IncomingMessage {
  return (
    typeof value === 'object' && value !== null && 'socket' in value && 'headers' in value && 'httpVersion' in value
  );
}

function restore(target: object, name: string, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor === undefined) Reflect.deleteProperty(target, name);
  else Object.defineProperty(target, name, descriptor);
}
