// Enabled by instrumentations/threads where it is asked for: numbers the messages between a worker and the thread that made it, on both sides.
// The messages themselves stay as they are, so it does not matter whether the other side has an agent.
import { syncBuiltinESMExports } from 'node:module';
import type { MessagePort, Worker } from 'node:worker_threads';
import { guard, reportInternalError } from '../log/guard.ts';
import { process } from '../natives.ts';

/** One direction between a worker and the thread that made it. */
export interface Lane {
  readonly threadId: number;
  readonly towards: 'worker' | 'maker';
}

export interface MessageWatch {
  /** Called right before a message is posted; what comes back takes it back, where the message could not be posted. */
  readonly onPost: (lane: Lane, number: number) => (() => void) | undefined;
  /** Called in place of the listeners of a message, which `deliver` runs. */
  readonly onDeliver: (lane: Lane, number: number, deliver: () => void) => void;
  /** Called for a message that goes to no listener. */
  readonly onSkip: (lane: Lane, number: number) => void;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The object that every `require` gives: functions of it are replaced. */
const workerThreads = process.getBuiltinModule('node:worker_threads');

/** Node calls a port by this, whatever kind of listener there is. */
const DISPATCH = Symbol.for('nodejs.internal.kHybridDispatch');

export interface ThreadMessages extends Disposable {
  /** To be told of every worker as it is made. */
  onWorker(worker: Worker): void;
}

/** Watches the messages of this thread and its workers. Disposing it ends the watch of this thread's own port and of `postMessage`. */
export function watchThreadMessages(watch: MessageWatch): ThreadMessages {
  const restores: (() => void)[] = [];
  const posted = new WeakMap<object, number>();
  const { Worker: WorkerClass, isMainThread, parentPort, threadId } = workerThreads;

  /** Puts a counting function in front of a method that posts. */
  function watchPosts(target: object, laneOf: (self: unknown) => Lane): void {
    const restore = replace(target, 'postMessage', (original) => {
      const wrapper = {
        postMessage(this: unknown, ...args: unknown[]): unknown {
          if (typeof this !== 'object' || this === null) return Reflect.apply(original, this, args);
          const number = posted.get(this) ?? 0;
          const takeBack = contain(() => watch.onPost(laneOf(this), number));
          try {
            const result = Reflect.apply(original, this, args);
            posted.set(this, number + 1);
            return result;
          } catch (error) {
            contain(() => takeBack?.());
            throw error;
          }
        },
      };
      return wrapper.postMessage;
    });
    restores.push(restore);
  }

  /** Puts a counting function in front of what Node calls when a message is there, or one that cannot be read. */
  function watchDeliveries(port: object, lane: Lane): { skip(): void; restore(): void } {
    let number = 0;
    const restore = replace(port, DISPATCH, (original) => {
      return function dispatch(this: unknown, ...args: unknown[]): unknown {
        const type = args[1];
        if (type !== 'message' && type !== 'messageerror') return Reflect.apply(original, this, args);
        let isDelivered = false;
        let result: unknown;
        const deliver = (): void => {
          isDelivered = true;
          result = Reflect.apply(original, this, args);
        };
        watch.onDeliver(lane, number++, deliver);
        if (!isDelivered) deliver();
        return result;
      };
    });
    return { skip: () => watch.onSkip(lane, number++), restore };
  }

  /** What comes back undoes it. */
  function replace(target: object, name: string | symbol, make: (original: Method) => Method): () => void {
    const original: unknown = Reflect.get(target, name);
    if (typeof original !== 'function') return () => {};
    const before = Object.getOwnPropertyDescriptor(target, name);
    // It is called with what Node's own function is called with.
    const method = make(original as Method);
    for (const property of ['name', 'length'] as const)
      Object.defineProperty(method, property, { value: original[property], configurable: true });
    Object.defineProperty(target, name, {
      value: method,
      writable: true,
      configurable: true,
      enumerable: before?.enumerable ?? false,
    });
    return () => {
      if (Reflect.get(target, name) !== method) return;
      if (before === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, before);
    };
  }

  watchPosts(WorkerClass.prototype, (self) => ({ threadId: (self as Worker).threadId, towards: 'worker' }));
  if (!isMainThread && parentPort !== null) {
    watchPosts(parentPort, () => ({ threadId, towards: 'maker' }));
    const own = watchDeliveries(parentPort, { threadId, towards: 'worker' });
    const restore = replace(workerThreads, 'receiveMessageOnPort', (original) => {
      return function receiveMessageOnPort(this: unknown, ...args: unknown[]): unknown {
        const received = Reflect.apply(original, this, args);
        if (received !== undefined && args[0] === parentPort) contain(() => own.skip());
        return received;
      };
    });
    restores.push(own.restore, restore);
    syncBuiltinESMExports();
  }
  return {
    onWorker: guard('the messages of a worker', (worker: Worker) => {
      const port = findPort(worker);
      // Never undone: a list of what to undo would keep every worker's port.
      if (port !== undefined) watchDeliveries(port, { threadId: worker.threadId, towards: 'maker' });
    }),
    [Symbol.dispose]() {
      for (const restore of restores.toReversed()) restore();
      syncBuiltinESMExports();
    },
  };
}

/** The port by which a Worker talks to its thread; where Node keeps it elsewhere, messages from there carry no context. */
function findPort(worker: Worker): MessagePort | undefined {
  const key = Object.getOwnPropertySymbols(worker).find(({ description }) => description === 'kPublicPort');
  const port: unknown = key === undefined ? undefined : Reflect.get(worker, key);
  return port instanceof workerThreads.MessagePort ? port : undefined;
}

/** What goes wrong in here is not the business of who posts a message. */
function contain<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    reportInternalError('the messages of a worker', error);
    return undefined;
  }
}
