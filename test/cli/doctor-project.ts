// The tests of doctor run it with this: a copy of a fixture project, in which packages are installed, and receivers that fail in every way.
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBlackHole } from '../support/black-hole.ts';
import { certificateFile } from '../support/backend.ts';
import { closedPort } from '../support/otlp-sink.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const fixtures = fileURLToPath(new URL('../fixtures/doctor/', import.meta.url));
export const tracing = join(root, 'bin/tracing.js');

/** Copies a fixture; its folders called packages become node_modules, and `links` are installed from ours. */
export function installFixture(cause: string, links: readonly string[]): { readonly folder: string; remove(): void } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tracing-cause-')));
  cpSync(join(fixtures, cause), folder, { recursive: true });
  renamePackages(folder);
  for (const name of links) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(name === '@tracing/agent' ? root : join(root, 'node_modules', name), link);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function renamePackages(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) renamePackages(join(folder, entry.name));
  }
  const packages = join(folder, 'packages');
  if (existsSync(packages)) renameSync(packages, join(folder, 'node_modules'));
}

/** Addresses of receivers, as variables of the fixtures. */
export interface Receivers extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

const DAY_MILLIS = 24 * 60 * 60 * 1000;

/**
 * RECEIVER answers by the first part of the path: `/status/<code>`, `/page` (a web page), `/only/v1/traces/v1/traces` (404), `/yesterday` (its clock
 * is a day behind), `/picky` (takes nothing but doctor's test span); anything else is taken. TLS has a certificate that nobody trusts, GRPC
 * speaks HTTP/2 only, SILENT never answers, CLOSED is not there.
 */
export async function startReceivers(): Promise<Receivers> {
  const receiver = createServer((request, response) => {
    const [, what, argument] = /^\/(\w+)(?:\/(\d+))?/.exec(request.url ?? '') ?? [];
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (what === 'status') response.writeHead(Number(argument)).end();
      else if (what === 'page')
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>Sign in</html>');
      else if (what === 'only') response.writeHead(404).end();
      else if (what === 'yesterday')
        response.writeHead(200, { date: new Date(Date.now() - DAY_MILLIS).toUTCString() }).end();
      else if (what === 'picky') response.writeHead(Buffer.concat(chunks).includes('tracing doctor') ? 200 : 400).end();
      else response.end();
    });
  });
  const key = readFileSync(new URL('../fixtures/tls/key.pem', import.meta.url));
  const tls = createTlsServer({ key, cert: readFileSync(certificateFile) });
  const grpc = createHttp2Server();
  const silent = await startBlackHole();
  const servers = [receiver, tls, grpc];
  const [http, https, http2] = await Promise.all(servers.map(listen));
  return {
    env: {
      RECEIVER: `http://127.0.0.1:${http}`,
      TLS: `https://127.0.0.1:${https}`,
      GRPC: `http://127.0.0.1:${http2}`,
      SILENT: silent.url,
      CLOSED: `http://127.0.0.1:${await closedPort()}`,
    },
    async [Symbol.asyncDispose]() {
      receiver.closeAllConnections();
      for (const server of servers) server.close();
      await silent[Symbol.asyncDispose]();
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
