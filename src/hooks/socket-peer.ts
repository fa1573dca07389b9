// Called by instrumentations for `network.peer.*`: who is at the other end of a connection.
import type { Socket } from 'node:net';

export interface SocketPeer {
  readonly address: string | undefined;
  readonly port: number | undefined;
}

/** What a Socket asks itself: a TCP, pipe or TLS handle; none once it is closed. */
interface Handle {
  /** Fills `peer`; an error number where there is none. */
  getpeername?: (peer: { address?: string; port?: number }) => number;
}

/** A handle is one connection, whatever becomes of the Socket around it. */
const peers = new WeakMap<Handle, SocketPeer>();

/**
 * Reads address and port of the peer, once per connection.
 * @note The getters `remoteAddress` and `remotePort` leave something behind: the answer stays on the socket, and an application that asks after
 * the connection is gone gets it, where it would have got undefined. So the handle is asked, as they do it themselves.
 */
export function readPeer(socket: Socket): SocketPeer {
  // Internal, but in this shape since the first versions; the getters answer if it ever goes.
  const { _handle: handle } = socket as Socket & { _handle?: Handle | null };
  // Libraries that read PROXY headers define the address on the socket itself.
  if (!handle?.getpeername || Object.hasOwn(socket, 'remoteAddress')) {
    return { address: socket.remoteAddress, port: socket.remotePort };
  }
  const known = peers.get(handle);
  if (known !== undefined) return known;
  const found: { address?: string; port?: number } = {};
  if (handle.getpeername(found) !== 0) return { address: undefined, port: undefined };
  const peer = { address: found.address, port: found.port };
  peers.set(handle, peer);
  return peer;
}
