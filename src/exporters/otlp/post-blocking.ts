// Called by a transport while the process is leaving (`exit`): the event loop is gone, so a worker thread sends and this thread waits for it.
import type { Worker } from 'node:worker_threads';
import type { BlockingPostResult } from './transport.ts';
import { process } from '../../natives.ts';

/** How a body ended: not yet, taken, refused for good, failed in a way that may pass, or refused perhaps for its compression. */
const WAITING = 0;
const TAKEN = 1;
const REFUSED = 2;
const FAILED = 3;
const UNREAD = 4;

const SLOT_BYTES = 256;

/** Runs in the worker; plain CommonJS text, since a worker of a bundle has no file of its own. */
const WORKER_SOURCE = `
require('node:worker_threads').parentPort.on('message', ({ source, target, bodies, shared: [done, ...slots] }) => {
  let open = bodies.length;
  const settles = slots.map((slot) => {
    let settled = false;
    return (taken, reason = '', again = true, unread = false) => {
      if (settled) return;
      settled = true;
      const { written } = new TextEncoder().encodeInto(reason, new Uint8Array(slot.buffer, 8));
      slot[1] = written;
      Atomics.store(slot, 0, taken ? ${TAKEN} : again ? ${FAILED} : unread ? ${UNREAD} : ${REFUSED});
      if (--open > 0) return;
      Atomics.store(done, 0, 1);
      Atomics.notify(done, 0);
    };
  });
  try {
    new Function('require', 'target', 'bodies', 'settles', source)(require, target, bodies, settles);
  } catch (error) {
    for (const settle of settles) settle(false, String(error));
  }
});
`;

/** One for all destinations: what a thread costs is paid once. */
let worker: Worker | undefined;

/**
 * Starts to post all bodies at once. `source` is what the transport does in the worker: it posts each of `bodies` to `target`, which is copied to
 * it, and calls `settles[index](taken, reason, again, unread)` for each, with a reason that quotes nothing of the answer. What comes back blocks until
 * each is answered, or `limitMillis` since then are over, and gives back what became of each; between the two the caller may start others.
 */
export function startPostBlocking(
  source: string,
  target: object,
  bodies: readonly Uint8Array[],
  limitMillis: number,
): () => readonly BlockingPostResult[] {
  const done = new Int32Array(new SharedArrayBuffer(4));
  // For each body: how it ended, then the length of the reason and its bytes.
  const slots = bodies.map(() => new Int32Array(new SharedArrayBuffer(SLOT_BYTES)));
  worker ??= startWorker();
  worker.postMessage({ source, target, bodies, shared: [done, ...slots] });
  const deadline = performance.now() + limitMillis;
  return () => {
    Atomics.wait(done, 0, 0, Math.max(0, deadline - performance.now()));
    return slots.map((slot) => readSlot(slot, limitMillis));
  };
}

function startWorker(): Worker {
  const { Worker: WorkerClass } = process.getBuiltinModule('node:worker_threads');
  // No flags and no NODE_OPTIONS: the worker must load neither this agent nor what else the application preloads.
  const started = new WorkerClass(WORKER_SOURCE, { eval: true, execArgv: [], env: {}, stdout: true, stderr: true });
  started.unref();
  return started;
}

function readSlot(slot: Int32Array, limitMillis: number): BlockingPostResult {
  const state = Atomics.load(slot, 0);
  if (state === TAKEN) return { taken: true };
  if (state === WAITING)
    return { taken: false, reason: `no answer within ${Math.round(limitMillis)} ms of leaving`, again: true };
  const reason = Buffer.from(slot.buffer, 8, slot[1]).toString();
  return { taken: false, reason, again: state === FAILED, unread: state === UNREAD };
}
