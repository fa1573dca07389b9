// Clients are tested against this: a server that speaks raw TCP or TLS, so that it can answer as no HTTP library would.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type ListenOptions, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const tlsFolder = new URL('../fixtures/tls/', import.meta.url);

export interface UnrulyServer extends AsyncDisposable {
  port: number;
  url: string;
  /** Request lines with their `traceparent`, as they came. */
  requests: { line: string; traceparent: string | undefined }[];
}

/** The rest of the exchange is the behaviour's own; `head` is the request line and its headers. */
type Behaviour = (socket: Socket, head: string) => void;

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';
const HALF_CHUNK = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n';
const write =
  (text: string): Behaviour =>
  (socket) =>
    void socket.write(text);

/** By the first segment of the path; anything else is answered with 200. */
const behaviours: Readonly<Record<string, Behaviour>> = {
  silent: () => {},
  hangup: (socket) => void socket.end(),
  reset: (socket) => void socket.resetAndDestroy(),
  half: write(HALF),
  'half-hangup': (socket) => void socket.end(HALF),
  'chunk-hangup': (socket) => void socket.end(HALF_CHUNK),
  // A client that does not run meanwhile finds the reset before what was written.
  'half-reset': (socket) => void socket.write(HALF, () => setTimeout(() => socket.resetAndDestroy(), 400)),
  garbage: write('this is not HTTP\r\n\r\n'),
  'bad-chunk': write(`${HALF_CHUNK}zz\r\n`),
  hints: write(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`),
  continue: write(`HTTP/1.1 100 Continue\r\n\r\n${OK}`),
  expectation: write('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n'),
  trailers: write(`${HALF_CHUNK}0\r\nX-Sum: 1\r\n\r\n`),
  close: (socket) => void socket.end('HTTP/1.0 200 OK\r\n\r\nuntil the end'),
  head: write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n'),
  204: write('HTTP/1.1 204 No Content\r\n\r\n'),
  304: write('HTTP/1.1 304 Not Modified\r\n\r\n'),
  503: write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'),
  once: write(OK),
  redirect: (socket, head) => {
    const query = /^\S+ \S*\?(\S*)/.exec(head)?.[1] ?? 'redirected';
    socket.write(`HTTP/1.1 302 Found\r\nLocation: /ok?${query}\r\nContent-Length: 0\r\n\r\n`);
  },
  upgrade(socket, head) {
    const key = /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1];
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const protocol = key === undefined ? 'echo' : `websocket\r\nSec-WebSocket-Accept: ${accept}`;
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
    // A close frame without a status.
    if (key !== undefined) socket.once('data', () => socket.end(Buffer.from([0x88, 0])));
  },
  refuse: (socket) =>
    void socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
};

/** Starts it on the loopback or where `listen` says, with TLS where `tls` says so. */
export async function startUnrulyServer({
  tls,
  listen = { host: '127.0.0.1', port: 0 },
}: { tls?: TlsOptions | true; listen?: ListenOptions } = {}): Promise<UnrulyServer> {
  const requests: UnrulyServer['requests'] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    let text = '';
    let served = 0;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Whoever breaks the connection is the one under test.
    socket.on('error', () => {});
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      // The first byte of TLS.
      if (text.startsWith('\u0016')) socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end + 4);
        text = text.slice(end + 4);
        const line = /^(\S+ \S+) HTTP\/1\.1\r\n/.exec(head)?.[1];
        if (line === undefined) return;
        requests.push({ line, traceparent: /^traceparent: (\S+)\r$/im.exec(head)?.[1] });
        served += 1;
        answer(line, { socket, head, served });
      }
    });
  };
  const server =
    tls === undefined
      ? createServer(serve)
      : createTlsServer({ key: readTls('key.pem'), cert: readTls('cert.pem'), ...(tls === true ? {} : tls) }, serve);
  server.on('tlsClientError', () => {});
  server.listen(listen);
  await once(server, 'listening');
  // A text where it listens on a path.
  const { port = 0 } = server.address() as Partial<AddressInfo>;
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const readTls = (name: string): Buffer => readFileSync(fileURLToPath(new URL(name, tlsFolder)));

function answer(line: string, { socket, head, served }: { socket: Socket; head: string; served: number }): void {
  if (line.startsWith('CONNECT ')) {
    const refused = line.includes('refused.example');
    socket.write(`HTTP/1.1 ${refused ? '407 Proxy Authentication Required' : '200 Connection Established'}\r\n\r\n`);
    return;
  }
  const name = /^\S+ (?:http:\/\/[^/]+)?\/([\w-]*)/.exec(line)?.[1] ?? '';
  // A keep-alive connection that dies when it is used again.
  if (name === 'once' && served > 1) socket.resetAndDestroy();
  else (behaviours[name] ?? write(OK))(socket, head);
}
