import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Server as NetServer, connect, type AddressInfo } from 'node:net';
import { afterEach, suite, test } from 'node:test';
import { watchFirstWrites } from '../../src/hooks/first-writes.ts';
import { watchUncaught } from '../../src/hooks/uncaught.ts';
import { watchUpgrades } from '../../src/hooks/upgrades.ts';

const descriptors = (target: object): unknown =>
  ['listenerCount', 'emit', 'write', 'end'].map((name) => Object.getOwnPropertyDescriptor(target, name));
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

async function start(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  cleanups.push(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function send(port: number, headers: string): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write(`GET / HTTP/1.1\r\nHost: h\r\n${headers}\r\n`));
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

suite('the hook of upgrades', () => {
  test('leaves nothing behind when it is disposed of', () => {
    const before = descriptors(NetServer.prototype);
    const { length } = NetServer.prototype.listenerCount;
    const hook = watchUpgrades(() => {});
    const { listenerCount } = NetServer.prototype;
    assert.deepEqual([listenerCount.name, listenerCount.length], ['listenerCount', length]);
    hook[Symbol.dispose]();
    assert.deepEqual(descriptors(NetServer.prototype), before);
  });

  test('keeps the wrapper that somebody put around it, and is silent below it', async () => {
    const seen: string[] = [];
    const hook = watchUpgrades(() => void seen.push('upgrade'));
    const { listenerCount } = NetServer.prototype;
    const wrapper = function (this: NetServer, ...args: Parameters<typeof listenerCount>): number {
      return Reflect.apply(listenerCount, this, args);
    };
    NetServer.prototype.listenerCount = wrapper;
    cleanups.push(() => Reflect.deleteProperty(NetServer.prototype, 'listenerCount'));
    hook[Symbol.dispose]();
    assert.equal(NetServer.prototype.listenerCount, wrapper);
    const server = createServer().on('upgrade', (_request, socket) => socket.end('HTTP/1.1 101 Yes\r\n\r\n'));
    assert.match(await send(await start(server), 'Upgrade: x\r\nConnection: upgrade\r\n'), /101/);
    assert.deepEqual(seen, []);
  });

  test('is told of an upgrade before its listener is, once, and of ordinary requests never', async () => {
    const seen: string[] = [];
    const hook = watchUpgrades((request: IncomingMessage, socket) => {
      assert.equal(request.socket, socket);
      seen.push(`told ${request.headers.upgrade}`);
    });
    cleanups.push(() => hook[Symbol.dispose]());
    const server = createServer((_request, response) => response.end('ordinary'));
    const port = await start(server);
    assert.match(await send(port, 'Upgrade: a\r\nConnection: upgrade, close\r\n'), /ordinary/);
    server.on('upgrade', (request, socket) => {
      seen.push(`listener ${request.headers.upgrade} ${Object.hasOwn(server, 'emit')}`);
      socket.end('HTTP/1.1 101 Yes\r\n\r\n');
    });
    assert.match(await send(port, 'Upgrade: b\r\nConnection: upgrade\r\n'), /101/);
    assert.match(await send(port, 'Connection: close\r\n'), /ordinary/);
    assert.deepEqual(seen, ['told b', 'listener b false']);
  });

  test('costs ordinary requests nothing: none of them passes what is patched', async () => {
    let calls = 0;
    const hook = watchUpgrades(() => {});
    cleanups.push(() => hook[Symbol.dispose]());
    const server = createServer((_request, response) => response.end(String(Object.hasOwn(server, 'emit'))));
    const { listenerCount } = server;
    server.listenerCount = function (this: Server, ...args: Parameters<typeof listenerCount>): number {
      calls++;
      return Reflect.apply(listenerCount, this, args);
    };
    server.on('upgrade', () => {});
    const port = await start(server);
    for (let count = 0; count < 3; count++) assert.match(await send(port, 'Connection: close\r\n'), /false$/);
    assert.equal(calls, 0);
  });

  test('does not mind an application that asks for the count, that emits by itself, or whose server is frozen', () => {
    const hook = watchUpgrades(() => assert.fail('told of no upgrade'));
    cleanups.push(() => hook[Symbol.dispose]());
    const seen: unknown[] = [];
    const server = createServer().on('upgrade', (...args: unknown[]) => void seen.push(args));
    assert.equal(server.listenerCount('upgrade'), 1);
    assert.equal(server.emit('other', 1), false);
    assert.equal(Object.hasOwn(server, 'emit'), false);
    assert.equal(server.listenerCount('upgrade'), 1);
    assert.equal(server.emit('upgrade', 'no', 'request'), true);
    assert.deepEqual(seen, [['no', 'request']]);
    const own = (): boolean => true;
    Object.assign(server, { emit: own });
    assert.equal(server.listenerCount('upgrade'), 1);
    assert.equal(server.emit('upgrade'), true);
    assert.equal(server.emit, own);
    const frozen = Object.freeze(createServer().on('upgrade', () => {}));
    assert.equal(frozen.listenerCount('upgrade'), 1);
  });
});

suite('the watch over first writes', () => {
  test('sees text and bytes of write and end, then takes itself away', async () => {
    const seen: string[] = [];
    const server = createServer().on('upgrade', (_request, socket) => {
      const before = descriptors(socket);
      watchFirstWrites(socket as never, (chunk) => {
        seen.push(String(chunk));
        return seen.length === 2;
      });
      assert.deepEqual([socket.write.name, socket.end.name], ['write', 'end']);
      assert.equal(socket.write('a'), true);
      socket.write(Buffer.from('b'));
      assert.deepEqual(descriptors(socket), before);
      socket.end('c');
    });
    assert.equal(await send(await start(server), 'Upgrade: x\r\nConnection: upgrade\r\n'), 'abc');
    assert.deepEqual(seen, ['a', 'b']);
  });

  test('stops when it is disposed of, and leaves alone who wrapped it since', async () => {
    const server = createServer().on('upgrade', (_request, socket) => {
      const watch = watchFirstWrites(socket as never, () => assert.fail('disposed of'));
      const { write } = socket;
      const wrapper = ((...args: Parameters<typeof write>) => Reflect.apply(write, socket, args)) as typeof write;
      socket.write = wrapper;
      watch[Symbol.dispose]();
      assert.equal(socket.write, wrapper);
      assert.equal(Object.hasOwn(socket, 'end'), false);
      socket.write('a');
      socket.end();
    });
    assert.equal(await send(await start(server), 'Upgrade: x\r\nConnection: upgrade\r\n'), 'a');
  });
});

test('the watch over uncaught exceptions is one listener of the monitor, and goes when it is disposed of', () => {
  const before = process.listenerCount('uncaughtExceptionMonitor');
  const watch = watchUncaught(() => {});
  assert.equal(process.listenerCount('uncaughtExceptionMonitor'), before + 1);
  watch[Symbol.dispose]();
  assert.equal(process.listenerCount('uncaughtExceptionMonitor'), before);
});
