// Made by start-pipeline.ts in a worker, in the place of destinations: gives what has ended to the thread that made this one, at once.
import { AsyncLocalStorage } from 'node:async_hooks';
import { BroadcastChannel } from 'node:worker_threads';
import { diag } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { guard, reportInternalError } from '../../log/guard.ts';
import { stopwatch } from '../../log/stopwatch.ts';
import { isSampled } from '../../processors/sampled-only.ts';
import { TokenBucket } from '../token-bucket.ts';
import { type ThreadItem, type ThreadMessage, toLogMessage, toSpanMessage, toStartMessage } from './span-message.ts';
import { HEARD, type ThreadStart, ownThreadId, toChannelName, toSlot } from './thread-start.ts';
import { setTimeout, queueMicrotask } from '../../natives.ts';

/** More often than this many times a second, what ends waits for the next millisecond and goes together. */
const POSTS_PER_SECOND = 1000;
const MAX_WAITING = 100;
const LATER_MILLIS = 1;

/**
 * Posts in the microtask after a span has ended, so that `process.exit()` loses nothing and `terminate()` next to nothing. Nothing is kept
 * here: what the other thread does not take, because it is busy and has enough to read, is dropped and counted.
 */
export class ThreadSender implements SpanProcessor {
  readonly #start: ThreadStart;
  readonly #posts = new TokenBucket({ perSecond: POSTS_PER_SECOND, now: stopwatch });
  /** As outside of every request: a channel and a timer keep the context that they are made in. */
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #post = guard('the spans of a thread', () => {
    this.#isScheduled = false;
    if (this.#heard() !== HEARD.notYet) this.flush();
    else if (this.#items.length > 0) this.#postLater();
  });
  #channel: BroadcastChannel | undefined;
  #items: ThreadItem[] = [];
  #isScheduled = false;
  #isClosed = false;
  #lost = 0;

  constructor(start: ThreadStart) {
    this.#start = start;
  }

  onStart(span: ReadableSpan): void {
    if (this.#start.wantsStarts && isSampled(span)) this.#add({ start: toStartMessage(span) });
  }

  onEnd(span: ReadableSpan): void {
    if (isSampled(span)) this.#add({ end: toSpanMessage(span) });
  }

  addLog(record: ReadableLogRecord): void {
    this.#add({ log: toLogMessage(record) });
  }

  /** Passes on what a worker of this thread says. */
  relay(message: ThreadMessage): void {
    this.#postNow(message);
  }

  /** Posts what waits. */
  flush(): void {
    const items = this.#items;
    if (items.length === 0) return;
    this.#items = [];
    if (this.#heard() === HEARD.noMore) return;
    const { traffic, maxItems } = this.#start;
    if (Atomics.load(traffic.items, 0) + items.length > maxItems) this.#lose(items.length);
    else this.#send(items);
  }

  forceFlush(): Promise<void> {
    this.flush();
    return Promise.resolve();
  }

  /**
   * The last post, when the thread ends. Where the other thread does not listen yet it is about to: on a busy machine a short worker may be over
   * before the one that made it has come back from making it. That is waited for, `limitMillis` at most.
   */
  leave(limitMillis: number): void {
    const deadline = stopwatch() + limitMillis;
    while (this.#items.length > 0 && this.#heard() === HEARD.notYet && stopwatch() < deadline) pause();
    void this.shutdown();
  }

  shutdown(): Promise<void> {
    this.flush();
    if (this.#lost > 0) diag.warn(`${toText(this.#lost)} of a worker thread lost: the main thread was too busy`);
    this.#lost = 0;
    this.#isClosed = true;
    this.#channel?.close();
    return Promise.resolve();
  }

  #add(item: ThreadItem): void {
    if (this.#isClosed) return;
    this.#items.push(item);
    if (this.#items.length >= MAX_WAITING && this.#heard() !== HEARD.notYet) return this.flush();
    if (this.#isScheduled) return;
    if (!this.#posts.take()) return this.#postLater();
    this.#isScheduled = true;
    queueMicrotask(this.#post);
  }

  #postLater(): void {
    this.#isScheduled = true;
    this.#outside(() => setTimeout(this.#post, LATER_MILLIS).unref());
  }

  /** A channel keeps nothing for those who are not there yet, and who made this thread may be held up in the middle of it. */
  #heard(): number {
    return Atomics.load(this.#start.traffic.listening, toSlot(ownThreadId));
  }

  #send(items: readonly ThreadItem[]): void {
    try {
      this.#postNow({ threadId: ownThreadId, items });
    } catch (error) {
      // An attribute that cannot be cloned costs its own span, and no other.
      if (items.length === 1) reportInternalError('the spans of a thread', error);
      else for (const item of items) this.#send([item]);
    }
  }

  /** Counted after the post: a thread that is terminated in between must not count for ever. */
  #postNow(message: ThreadMessage): void {
    this.#open().postMessage(message);
    Atomics.add(this.#start.traffic.items, 0, message.items.length);
  }

  #lose(count: number): void {
    if (this.#lost === 0)
      diag.warn('the main thread is too busy to take the spans of a worker thread; new ones are dropped');
    this.#lost += count;
  }

  #open(): BroadcastChannel {
    this.#channel ??= this.#outside(() => {
      const channel = new BroadcastChannel(toChannelName(ownThreadId));
      channel.unref();
      return channel;
    });
    return this.#channel;
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LATER_MILLIS);
}

const toText = (count: number): string => (count === 1 ? '1 span was' : `${count} spans were`);
