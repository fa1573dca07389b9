// Called by a transport while the process is leaving (`exit`): the event loop is gone, so a worker thread sends and this thread waits for it.
// Imported, not read from the global scope: a program may put something else in its place.
import process from 'node:process';
import type { BlockingResult } from '../destination.ts';

/** Runs in the worker; plain CommonJS text, since a worker of a bundle has no file of its own. The transport's own text follows it. */
const WORKER_SOURCE = `
const { workerData: { target, bodies, shared } } = require('node:worker_threads');
const [done, ...slots] = shared;
let open = bodies.length;
const settles = slots.map((slot) => {
  let settled = false;
  return (taken, reason = '') => {
    if (settled) return;
    settled = true;
    const { written } = new TextEncoder().encodeInto(reason, new Uint8Array(slot.buffer, 8));
    slot[1] = written;
    Atomics.store(slot, 0, taken ? 1 : 2);
    if (--open > 0) return;
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  };
});
`;

const WAITING = 0;
const TAKEN = 1;
const SLOT_BYTES = 256;

/**
 * Starts to post all bodies at once. What comes back blocks until each is answered, or `limitMillis` since then are over, and gives
 * back what became of each; between the two the caller may start others.
 * @param source what the transport does in the worker: it posts each of `bodies` to `target`, a copy of the one given here, and calls
 * `settles[index](taken, reason)` for each, with a reason that quotes nothing of the answer
 */
export function startPostBlocking(
  source: string,
  target: object,
  bodies: readonly Uint8Array[],
  limitMillis: number,
): () => readonly BlockingResult[] {
  const done = new Int32Array(new SharedArrayBuffer(4));
  // For each body: how it ended, then the length of the reason and its bytes.
  const slots = bodies.map(() => new Int32Array(new SharedArrayBuffer(SLOT_BYTES)));
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  // No flags and no NODE_OPTIONS: the worker must load neither this agent nor what else the application preloads.
  const worker = new Worker(WORKER_SOURCE + source, {
    eval: true,
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
    workerData: { target, bodies, shared: [done, ...slots] },
  });
  worker.unref();
  const deadline = performance.now() + limitMillis;
  return () => {
    Atomics.wait(done, 0, 0, Math.max(0, deadline - performance.now()));
    return slots.map((slot) => readSlot(slot, limitMillis));
  };
}

function readSlot(slot: Int32Array, limitMillis: number): BlockingResult {
  const state = Atomics.load(slot, 0);
  if (state === TAKEN) return { taken: true };
  if (state === WAITING) return { taken: false, reason: `no answer within ${limitMillis} ms of leaving` };
  return { taken: false, reason: Buffer.from(slot.buffer, 8, slot[1]).toString() };
}
