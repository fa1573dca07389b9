// Read by whoever needs a timer, a file or the process after the start: Node's own, taken before the program runs. An application under test that
// fakes its timers must not stop ours, and one that replaces functions of node:fs (a test's fake disk) must not get our spans.
import type http from 'node:http';

/** The time of day. */
export const wallClock = Date.now;

export const { process, setTimeout, clearTimeout, setImmediate, queueMicrotask } = globalThis;

export const { open, write, close, openSync, writeSync, closeSync, readSync, readFileSync, realpathSync } =
  process.getBuiltinModule('node:fs');

/** What the process is called before the program gives it another name. */
export const { title } = process;

/** Node's own client of HTTP. */
export type HttpClient = Pick<typeof http, 'request' | 'Agent'>;

const clients = new Map<string, HttpClient>();

/**
 * Node's own client, as it is when this is first called: a library that replaces http.request later (a test's mock server) must not catch our
 * spans. Not at the start, since it is half of Node's network; hooks/module-hooks.ts calls it when the program asks for the module.
 */
export function takeClient(name: 'node:http' | 'node:https'): HttpClient {
  const known = clients.get(name);
  if (known !== undefined) return known;
  const { request, Agent } = process.getBuiltinModule(name);
  const client = { request, Agent };
  clients.set(name, client);
  return client;
}
