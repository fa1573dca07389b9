// Between the agent of the main thread and those of its workers: what the first leaves for the others to find when they start.
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';
import type { Env } from '../../config/option.ts';

/** What a worker needs to know of the main thread's agent. */
export interface ThreadStart {
  /** The main thread's: a worker may be given another environment, and its file lies in another project. */
  readonly env: Env;
  readonly entry: string | undefined;
  readonly cwd: string;
  /** Whether somebody is told of spans when they start. */
  readonly wantsStarts: boolean;
  /** Whether log records are sent. */
  readonly sendsLogs: boolean;
  /** How much may be on its way to the main thread at once. */
  readonly maxItems: number;
  readonly traffic: Traffic;
  /** Where the contexts of messages are, if they have any. */
  readonly board: SharedArrayBuffer | undefined;
}

/** What is counted together by all threads, in shared memory. */
export interface Traffic {
  /** One number: spans and log records that are on their way to the main thread. */
  readonly items: Int32Array;
  /** By `toSlot(threadId)`: whether the thread that made a worker listens to it. */
  readonly listening: Uint8Array;
}

/** The states of `Traffic.listening`. */
export const HEARD = { notYet: 0, yes: 1, noMore: 2 } as const;

/** Node gives these to every worker that is made from now on, and to theirs; nobody finds them without the name. */
const KEY = '@tracing/agent';
const SLOTS = 4096;

/** Creates the memory that all threads share. */
export function createTraffic(): Traffic {
  return { items: new Int32Array(new SharedArrayBuffer(4)), listening: new Uint8Array(new SharedArrayBuffer(SLOTS)) };
}

/** Where a thread has its place; two share one only when thousands of threads have come and gone between them. */
export function toSlot(id: number): number {
  return id % SLOTS;
}

/** Of the channel between a worker and the thread that made it: two ends, so no third thread gets a copy. */
export function toChannelName(id: number): string {
  return `@tracing/agent:${id}`;
}

/** Leaves word for the workers that are made from now on, until disposed. */
export function announceToThreads(start: ThreadStart): Disposable {
  setEnvironmentData(KEY, start);
  return { [Symbol.dispose]: () => setEnvironmentData(KEY) };
}

/** What the main thread's agent left for this worker; undefined in the main thread, and where that one is not traced. */
export function readThreadStart(): ThreadStart | undefined {
  // Only announceToThreads() writes under this key.
  return isMainThread ? undefined : (getEnvironmentData(KEY) as ThreadStart | undefined);
}

/** This thread's number, as Node counts them. */
export const ownThreadId: number = threadId;
