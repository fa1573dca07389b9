// The peer of a connection, read without a trace on the socket.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { readPeer } from '../../src/hooks/socket-peer.ts';
import { certificateFile } from '../support/backend.ts';

/** Both ends of one connection. */
async function open(
  t: TestContext,
  server: Server,
  event: 'connection' | 'secureConnection',
  dial: () => Socket,
): Promise<{ accepted: Socket; dialled: Socket }> {
  const accepting = once(server, event) as Promise<[Socket]>;
  const dialled = dial();
  const [accepted] = await accepting;
  t.after(() => {
    dialled.destroy();
    accepted.destroy();
    server.close();
  });
  return { accepted, dialled };
}

async function openTcp(t: TestContext) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return open(t, server, 'connection', () => connect(port, '127.0.0.1'));
}

suite('reads the peer of', { concurrency: true }, () => {
  test('a TCP connection, as the getters do', async (t) => {
    const { accepted, dialled } = await openTcp(t);
    assert.deepEqual(readPeer(accepted), { address: '127.0.0.1', port: dialled.localPort });
    assert.deepEqual(readPeer(accepted), { address: accepted.remoteAddress, port: accepted.remotePort });
  });

  test('a TLS connection', async (t) => {
    const cert = readFileSync(certificateFile);
    const key = readFileSync(new URL('../fixtures/tls/key.pem', import.meta.url));
    const server = createTlsServer({ cert, key }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { accepted, dialled } = await open(t, server, 'secureConnection', () =>
      connectTls({ port, host: '127.0.0.1', ca: cert, servername: 'localhost' }),
    );
    assert.deepEqual(readPeer(accepted), { address: '127.0.0.1', port: dialled.localPort });
  });

  test('a unix socket, which has none', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'peer-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const { accepted } = await open(t, server, 'connection', () => connect(path));
    assert.deepEqual(readPeer(accepted), { address: undefined, port: undefined });
  });

  test('a connection whose address a library has set', async (t) => {
    const { accepted } = await openTcp(t);
    Object.defineProperty(accepted, 'remoteAddress', { value: '203.0.113.9' });
    assert.equal(readPeer(accepted).address, '203.0.113.9');
  });
});

test('leaves the socket as it was, and knows nothing of a connection that is gone', async (t) => {
  const { accepted } = await openTcp(t);
  const before = Object.getOwnPropertyDescriptors(accepted);
  readPeer(accepted);
  assert.deepEqual(Object.keys(Object.getOwnPropertyDescriptors(accepted)), Object.keys(before));
  accepted.destroy();
  assert.equal(accepted.remoteAddress, undefined);
  assert.deepEqual(readPeer(accepted), { address: undefined, port: undefined });
});
