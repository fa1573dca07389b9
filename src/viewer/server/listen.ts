// Called by start-viewer.ts: one port that speaks HTTP/1.1 and, for gRPC, HTTP/2 without TLS, told apart by the first bytes of a connection.
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';

/** What every HTTP/2 connection begins with (RFC 9113, section 3.4). */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0');
/** A connection that says nothing is closed. */
const SILENCE_MILLIS = 30_000;
const MAX_CONNECTIONS = 512;

export interface Protocols {
  readonly http1: HttpServer;
  readonly http2: Http2Server;
}

/** A port that is open. Disposing it closes it with all its connections. */
export interface Port extends Disposable {
  readonly port: number;
}

/** Opens a port of the loopback, on IPv6 too where there is one; rejects with the reason when it is taken. */
export async function openPort(port: number, protocols: Protocols): Promise<Port> {
  // An http.Server begins to watch for requests that do not come to their end when it listens; this one gets its connections from here.
  protocols.http1.emit('listening');
  const sockets = new Set<Socket>();
  const four = await listen('127.0.0.1', port, protocols, sockets);
  const open = (four.address() as AddressInfo).port;
  // `localhost` means ::1 first to many programs. A machine without IPv6 does without.
  const six = await listen('::1', open, protocols, sockets).catch(() => undefined);
  return {
    port: open,
    [Symbol.dispose]() {
      four.close();
      six?.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listen(host: string, port: number, protocols: Protocols, sockets: Set<Socket>): Promise<Server> {
  const server = process.getBuiltinModule('node:net').createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Connections that break off are the sender's affair.
    socket.on('error', () => {});
    tellApart(socket, protocols);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen({ host, port, ipv6Only: true });
  await once(server, 'listening');
  return server;
}

function tellApart(socket: Socket, { http1, http2 }: Protocols): void {
  socket.setTimeout(SILENCE_MILLIS, () => socket.destroy());
  let start = Buffer.alloc(0);
  const look = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    start = Buffer.concat([start, chunk]);
    const isSame = HTTP2_PREFACE.subarray(0, start.length).equals(start.subarray(0, HTTP2_PREFACE.length));
    // The beginning of the preface may come in pieces.
    if (isSame && start.length < HTTP2_PREFACE.length) return;
    socket.off('readable', look);
    socket.setTimeout(0);
    socket.unshift(start);
    (isSame ? http2 : http1).emit('connection', socket);
  };
  socket.on('readable', look);
}
