// The other end of the fixture programs' calls: an HTTP server in the test's process that notes what reached it.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const tlsFolder = new URL('../fixtures/tls/', import.meta.url);

/** The certificate of every TLS fixture, for NODE_EXTRA_CA_CERTS: CN localhost, also for 127.0.0.1. */
export const certificateFile: string = fileURLToPath(new URL('cert.pem', tlsFolder));

export interface BackendRequest {
  method: string;
  /** The request target as sent. */
  url: string;
  headers: IncomingHttpHeaders;
  /** Names and values as sent, alternating: shows a header that came twice. */
  rawHeaders: string[];
  body: string;
}

export interface Backend extends AsyncDisposable {
  port: number;
  /** For BACKEND: `http://127.0.0.1:<port>`. */
  url: string;
  /** In the order they ended. */
  requests: BackendRequest[];
  stop(): Promise<void>;
}

/**
 * Starts a backend. By the first part of the path: `/status/<code>`, `/delay/<millis>`, `/redirect/<times>`, `/hang` (never answers),
 * `/half` (headers, half a body, silence), `/reset` (cuts the connection), `/echo` (the body back); anything else answers 200
 * `<method> <url>`.
 */
export async function startBackend({ tls = false }: { tls?: boolean } = {}): Promise<Backend> {
  const requests: BackendRequest[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = request;
      const received = { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(received);
      answer(received, response);
    });
  };
  const server = tls
    ? createTlsServer(
        { key: readFileSync(new URL('key.pem', tlsFolder)), cert: readFileSync(certificateFile) },
        listener,
      )
    : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { port, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, requests, stop, [Symbol.asyncDispose]: stop };
}

function answer({ method, url, body }: BackendRequest, response: ServerResponse): void {
  const [, what, argument] = /^\/(\w+)(?:\/(\d+))?/.exec(url) ?? [];
  const number = Number(argument);
  const text = `${method} ${url}`;
  response.setHeader('content-type', 'text/plain');
  if (what === 'status') response.writeHead(number).end(text);
  else if (what === 'delay') setTimeout(() => response.end(text), number);
  else if (what === 'redirect' && number > 0) response.writeHead(302, { location: `/redirect/${number - 1}` }).end();
  else if (what === 'half') response.writeHead(200, { 'content-length': 1000 }).write('half');
  else if (what === 'reset') response.socket?.resetAndDestroy();
  else if (what === 'echo') response.end(body);
  else if (what !== 'hang') response.end(text);
}
