// The other end of the fixture programs' http2 calls: a server in the test's process that notes what reached it.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  createSecureServer,
  createServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { certificateFile } from './backend.ts';

export interface Http2BackendRequest {
  headers: IncomingHttpHeaders;
  /** Names and values as they came, alternating: shows a header that came twice. */
  rawHeaders: string[];
}

export interface Http2Backend extends AsyncDisposable {
  port: number;
  /** For BACKEND2: `http://127.0.0.1:<port>`. */
  url: string;
  requests: Http2BackendRequest[];
}

const keyFile = new URL('../fixtures/tls/key.pem', import.meta.url);

/**
 * Starts a backend. By the first part of the path: `/stock` answers `<method> <path>`, `/echo` the body, `/status/<code>`, `/push` with a
 * push before, `/close/<code>` resets the stream, `/half` sends headers and half a body, `/cut` cuts the connection (`/half/cut` too), `/goaway`
 * closes the session for an internal error; anything else is never answered.
 */
export async function startHttp2Backend({ tls = false }: { tls?: boolean } = {}): Promise<Http2Backend> {
  const requests: Http2BackendRequest[] = [];
  const sockets = new Set<Socket>();
  const server = tls
    ? createSecureServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) })
    : createServer();
  const note = (socket: Socket): void => void sockets.add(socket.once('close', () => sockets.delete(socket)));
  server.on('connection', note);
  server.on('sessionError', () => {});
  server.on('session', (session: ServerHttp2Session) => session.on('error', () => {}));
  /** Only the connection of that session: other programs may be connected too. */
  const cut = (session?: Http2Session): void => {
    const port = session?.socket?.remotePort;
    for (const socket of sockets) if (session === undefined || socket.remotePort === port) socket.destroy();
  };
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
    const { session } = stream;
    stream.on('error', () => {});
    requests.push({ headers, rawHeaders: raw });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => answer(stream, headers, Buffer.concat(chunks), () => cut(session)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: Buffer, cut: () => void): void {
  if (stream.destroyed) return;
  const { ':path': path = '', ':method': method } = headers;
  const [, first, second] = path.split(/[/?]/);
  const respond = (text: string | Buffer, status = 200): void => {
    stream.respond({ ':status': status, 'content-type': 'text/plain' });
    stream.end(method === 'HEAD' ? undefined : text);
  };
  if (first === '' || first === 'stock') respond(`${method} ${path}`);
  else if (first === 'echo') respond(body);
  else if (first === 'status') respond('', Number(second));
  else if (first === 'close') stream.close(Number(second));
  else if (first === 'cut') cut();
  else if (first === 'goaway') stream.session?.goaway(2);
  else if (first === 'half') {
    stream.respond({ 'content-type': 'text/plain' });
    stream.write('half', () => second === 'cut' && setTimeout(cut, 20));
  } else if (first === 'push') {
    stream.pushStream({ ':path': '/pushed' }, (_error, pushed) => {
      pushed.respond({ ':status': 200 });
      pushed.end('pushed');
      respond('after a push');
    });
  }
}
