// Called by the http client instrumentation for requests without a Host header: finds the port that their options named.
import type { ClientRequest } from 'node:http';

/** What Node's types leave out. */
interface Sending {
  readonly host: string;
  /** Null or undefined without an agent; a library may bring one of its own making. */
  readonly agent?: (Partial<Record<'sockets' | 'requests', object>> & { readonly defaultPort?: unknown }) | null;
}

/** `host:port` of a request as its options said it; without a port where that cannot be told, or is the scheme's own. */
export function readAuthority(request: ClientRequest): string {
  const kept = readKept(request);
  if (kept !== undefined) return kept;
  const { host, agent } = request as Sending;
  const authority = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  // The agent has the request in one of its lists by now; their names begin with host and port.
  const names = [...Object.keys(agent?.sockets ?? {}), ...Object.keys(agent?.requests ?? {})];
  const ports = new Set(names.flatMap((name) => readPort(name, host)));
  const [port] = ports;
  return port === undefined || ports.size > 1 || port === agent?.defaultPort ? authority : `${authority}:${port}`;
}

/** @note Node 24 keeps the authority for perf_hooks, under a symbol; Node 22 does not. */
function readKept(request: ClientRequest): string | undefined {
  const key = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'kAuthority');
  const kept: unknown = key === undefined ? undefined : Reflect.get(request, key);
  return typeof kept === 'string' ? kept : undefined;
}

function readPort(name: string, host: string): number[] {
  if (!name.startsWith(`${host}:`)) return [];
  const port = /^\d+/.exec(name.slice(host.length + 1))?.[0];
  return port === undefined ? [] : [Number(port)];
}
