// Called while the process is leaving (`exit`): the event loop is gone, so a worker thread sends and this thread waits for it.
// Imported, not read from the global scope: a program may put something else in its place.
import process from 'node:process';
import type { BlockingResult } from '../destination.ts';
import type { PostTarget } from './http-post.ts';
import { RETRYABLE_STATUS } from './judge-answer.ts';

/** How a body ended: not yet, taken, refused for good, or failed in a way that may pass. */
const WAITING = 0;
const TAKEN = 1;
const REFUSED = 2;
const FAILED = 3;

/** Runs in the worker; plain CommonJS text, since a worker of a bundle has no file of its own. */
const WORKER_SOURCE = `
const { workerData: { url, headers, tls, maxSockets, bodies, shared, retryable } } = require('node:worker_threads');
const { request, Agent } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
const agent = new Agent({ ...tls, keepAlive: true, maxSockets });
const [done, ...slots] = shared;
let open = bodies.length;
for (const [index, body] of bodies.entries()) {
  const slot = slots[index];
  let settled = false;
  const settle = (state, reason = '') => {
    if (settled) return;
    settled = true;
    const { written } = new TextEncoder().encodeInto(reason, new Uint8Array(slot.buffer, 8));
    slot[1] = written;
    Atomics.store(slot, 0, state);
    if (--open > 0) return;
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  };
  const outgoing = request(url, { agent, method: 'POST', headers: { ...headers, 'content-length': body.byteLength } }, (response) => {
    response.resume();
    const { statusCode } = response;
    settle(statusCode >= 200 && statusCode < 300 ? ${TAKEN} : retryable.includes(statusCode) ? ${FAILED} : ${REFUSED}, 'HTTP status ' + statusCode);
  });
  outgoing.on('error', (error) => settle(${FAILED}, error.message || error.code));
  outgoing.on('close', () => settle(${FAILED}, 'connection closed without an answer'));
  outgoing.end(body);
}
`;

const SLOT_BYTES = 256;

/**
 * Starts to post all bodies at once. What comes back blocks until each is answered, or `limitMillis` since then are over, and gives
 * back what became of each; between the two the caller may start others.
 */
export function startPostBlocking(
  target: PostTarget,
  bodies: readonly Uint8Array[],
  limitMillis: number,
): () => readonly BlockingResult[] {
  const done = new Int32Array(new SharedArrayBuffer(4));
  // For each body: how it ended, then the length of the reason and its bytes.
  const slots = bodies.map(() => new Int32Array(new SharedArrayBuffer(SLOT_BYTES)));
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  // No flags and no NODE_OPTIONS: the worker must load neither this agent nor what else the application preloads.
  const worker = new Worker(WORKER_SOURCE, {
    eval: true,
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
    workerData: {
      url: target.url,
      headers: target.headers,
      tls: target.tls,
      maxSockets: target.maxSockets,
      bodies,
      shared: [done, ...slots],
      retryable: [...RETRYABLE_STATUS],
    },
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
  if (state === WAITING) return { taken: false, reason: `no answer within ${limitMillis} ms of leaving`, again: true };
  return { taken: false, reason: Buffer.from(slot.buffer, 8, slot[1]).toString(), again: state === FAILED };
}
