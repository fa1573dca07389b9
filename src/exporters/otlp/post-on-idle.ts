// Called by http-transport.ts while the process is leaving: one request on a connection that is open already, without the event loop and without a
// thread. A worker takes 50 ms of CPU to start, and on a busy machine longer than the process is held.
import type { Agent } from 'node:http';
import { RETRYABLE_STATUS, UNREAD_STATUS } from './judge-answer.ts';
import { type BlockingPostResult, toBasic } from './transport.ts';
import { readSync, writeSync } from '../../natives.ts';

/** A pause between two looks at a connection that has nothing to read, or no room to write. */
const PAUSE_MILLIS = 1;
const MAX_HEAD_BYTES = 16 * 1024;

export interface IdlePost {
  readonly agent: Agent;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly limitMillis: number;
}

/**
 * Starts to write a request on an idle connection; what comes back waits for its answer, until `limitMillis` from now at most, and gives
 * undefined where the receiver had closed the connection meanwhile: then nobody has the request. Undefined where there is no such connection.
 */
export function startPostOnIdle({
  agent,
  url,
  headers,
  body,
  limitMillis,
}: IdlePost): (() => BlockingPostResult | undefined) | undefined {
  const descriptor = takeIdleDescriptor(agent);
  if (descriptor === undefined || Object.values(headers).some((value) => /[\r\n]/.test(value))) return undefined;
  const deadline = performance.now() + limitMillis;
  let rest: Uint8Array = Buffer.concat([Buffer.from(toHead(url, headers, body.length)), body]);
  let isBroken = false;
  const isLate = (): boolean => performance.now() > deadline;

  function write(): void {
    const written = attempt(() => writeSync(descriptor as number, rest));
    if (written === 'broken') isBroken = true;
    else if (written !== 'later') rest = rest.subarray(written);
  }

  write();
  return () => {
    while (rest.length > 0 && !isBroken && !isLate()) {
      pause();
      write();
    }
    let head = '';
    const chunk = Buffer.alloc(MAX_HEAD_BYTES);
    while (!isBroken && !isLate() && head.length < MAX_HEAD_BYTES) {
      const count = attempt(() => readSync(descriptor, chunk));
      if (count === 'later') pause();
      else if (count === 'broken' || count === 0) isBroken = true;
      else head += chunk.toString('latin1', 0, count);
      const status = readStatus(head);
      if (status !== undefined) return toResult(status);
    }
    if (isBroken && head === '') return undefined;
    return { taken: false, reason: `no answer within ${limitMillis} ms of leaving`, again: true };
  };
}

/** The system's number of a connection that no request is on. Not on Windows, and not of TLS: what is written there must be encrypted first. */
function takeIdleDescriptor(agent: Agent): number | undefined {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) {
      // Not public, but as old as Node's sockets; undefined or -1 where there is none.
      const descriptor: unknown = Reflect.get(Object(Reflect.get(socket, '_handle')), 'fd');
      if (typeof descriptor === 'number' && descriptor >= 0 && socket.writable && !socket.destroyed) return descriptor;
    }
  }
  return undefined;
}

function toHead(url: URL, headers: IdlePost['headers'], length: number): string {
  const basic = toBasic(url);
  const lines = Object.entries({
    host: url.host,
    ...(basic !== undefined && { authorization: basic }),
    ...headers,
    'content-length': String(length),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** The status of the final answer, once its head is there; 1xx come before it. */
function readStatus(head: string): number | undefined {
  const status = /(?:^|\r\n\r\n)HTTP\/1\.[01] ([2-5]\d\d)[^\n]*\r\n[\s\S]*?\r\n\r\n/.exec(head)?.[1];
  return status === undefined ? undefined : Number(status);
}

function toResult(status: number): BlockingPostResult {
  if (status < 300) return { taken: true };
  return {
    taken: false,
    reason: `HTTP status ${status}`,
    again: RETRYABLE_STATUS.has(status),
    unread: UNREAD_STATUS.has(status),
  };
}

function attempt(act: () => number): number | 'later' | 'broken' {
  try {
    return act();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 'later' : 'broken';
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MILLIS);
}
