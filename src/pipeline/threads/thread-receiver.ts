// Made by start-pipeline.ts in every thread: listens to the workers that this thread makes, once it makes one.
import { AsyncLocalStorage } from 'node:async_hooks';
import { BroadcastChannel, type MessagePort, type Worker, receiveMessageOnPort } from 'node:worker_threads';
import { guard } from '../../log/guard.ts';
import type { ThreadMessage } from './span-message.ts';
import { HEARD, type Traffic, toChannelName, toSlot } from './thread-start.ts';

interface Listener {
  readonly slot: number;
  readonly worker: WeakRef<Worker>;
  readonly channel: BroadcastChannel;
}

/** Keeps no thread alive: what is not read when this one ends is drained. */
export class ThreadReceiver {
  readonly #onMessage: (message: ThreadMessage) => void;
  readonly #traffic: Traffic;
  readonly #outside = AsyncLocalStorage.snapshot();
  #listeners: Listener[] = [];
  #isClosed = false;

  constructor(traffic: Traffic, onMessage: (message: ThreadMessage) => void) {
    this.#traffic = traffic;
    this.#onMessage = guard('the spans of a thread', onMessage);
  }

  /** Told of every worker as it is made, long before it says anything. */
  listenTo(worker: Worker): void {
    if (this.#isClosed) return;
    this.#sweep();
    const { threadId } = worker;
    const channel = this.#outside(() => {
      const opened = new BroadcastChannel(toChannelName(threadId));
      // As a property: a listener that is added keeps the thread alive until it is told not to.
      opened.onmessage = (event) => this.#take((event as MessageEvent).data);
      opened.unref();
      return opened;
    });
    const slot = toSlot(threadId);
    this.#listeners.push({ slot, worker: new WeakRef(worker), channel });
    Atomics.store(this.#traffic.listening, slot, HEARD.yes);
  }

  /** Reads what has been posted until now. */
  drain(): void {
    for (const { channel } of this.#listeners) this.#read(channel);
  }

  /** Reads the rest, and listens no more. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) this.#forget(listener, HEARD.noMore);
    this.#listeners = [];
  }

  /** Nothing tells of a worker's end that the application could not notice; so the dead are found when the next is made. */
  #sweep(): void {
    this.#listeners = this.#listeners.filter((listener) => {
      const isAlive = (listener.worker.deref()?.threadId ?? -1) !== -1;
      if (!isAlive) this.#forget(listener, HEARD.notYet);
      return isAlive;
    });
  }

  #forget({ channel, slot }: Listener, heard: number): void {
    this.#read(channel);
    channel.close();
    Atomics.store(this.#traffic.listening, slot, heard);
  }

  #read(channel: BroadcastChannel): void {
    // Node takes a channel as well, which its types do not say.
    const port = channel as unknown as MessagePort;
    let read = receiveMessageOnPort(port);
    while (read !== undefined) {
      this.#take(read.message);
      read = receiveMessageOnPort(port);
    }
  }

  #take(message: unknown): void {
    // Only a ThreadSender posts to this name.
    const { items } = message as ThreadMessage;
    Atomics.sub(this.#traffic.items, 0, items.length);
    this.#onMessage(message as ThreadMessage);
  }
}
