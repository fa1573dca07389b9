import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { exchange, runTraced, startSurroundings } from '../integration/traced.ts';
import { certificateFile } from '../support/backend.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { WebSocket } from 'ws';
import { closed, head, open, printed, read, startServer } from './server.ts';

const handshake = (target: string, ...headers: string[]): string =>
  head(`GET ${target}`, 'Connection: Upgrade', 'Upgrade: websocket', ...headers);

/** Answers by path; `/late` in pieces and after a 103. */
const RAW = `
  const server = http.createServer((request, response) => response.end('ordinary'));
  server.on('upgrade', (request, socket) => {
    socket.on('error', () => {});
    child('inside');
    const own = () => Object.getOwnPropertyNames(socket).filter((name) => name === 'write' || name === 'end').join();
    const { pathname } = new URL(request.url, 'http://h');
    if (pathname === '/ok') socket.write('HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n', () => console.log('own', own(), socket.listenerCount('close')));
    else if (pathname === '/refused') socket.end('HTTP/1.1 401 Unauthorized\\r\\n\\r\\n');
    else if (pathname === '/broken') socket.end(Buffer.from('HTTP/1.1 503 Unavailable\\r\\n\\r\\n'));
    else if (pathname === '/strange') socket.end('hello');
    else if (pathname === '/destroyed') socket.destroy();
    else if (pathname === '/failed') socket.destroy(new Error('no token=secret-value-1 here'));
    else if (pathname === '/hang') console.log('hanging');
    else if (pathname === '/late') setTimeout(() => {
      child('later');
      socket.write('HTTP/1.1 103 Early Hints\\r\\n\\r\\n');
      for (const piece of ['HTTP', '/1.1 1', '01 Switching Protocols\\r\\n\\r\\n']) socket.write(piece);
      socket.end();
    }, 5);
  });
  listen(server);`;

suite('an upgrade:', { concurrency: 3, timeout: 240_000 }, () => {
  test('ends with the answer that the application writes, whatever it is', async (t) => {
    const { sink, port, program } = await startServer(t, RAW);
    const ok = open(t, port, handshake('/ok?token=secret-value-2'));
    await read(ok, /101/);
    // The connection lives on; its span does not wait for it.
    await sink.waitForSpans(2);
    for (const path of ['/late', '/refused', '/broken', '/strange']) await exchange(port, handshake(path));
    await printed(program, (text) => text.includes('own'));
    assertTrees(
      await sink.waitForSpans(11),
      `
      SERVER GET 101 url.path=/ok url.query=token=REDACTED
        INTERNAL inside
      SERVER GET 101 url.path=/late
        INTERNAL inside
        INTERNAL later
      SERVER GET 401 url.path=/refused
        INTERNAL inside
      SERVER GET 503 ERROR url.path=/broken
        INTERNAL inside
      SERVER GET url.path=/strange
        INTERNAL inside
      `,
      { attributes: ['url.path', 'url.query'] },
    );
    // What the application has now is its socket, and nothing of ours on it: one listener of `close` is Node's own.
    const plain = /own (.*)/.exec(program.stdout())?.[1];
    assert.equal(plain, ' 0');
    assert.equal(ok.destroyed, false);
  });

  test('without an answer says who closed the connection', async (t) => {
    const { sink, port, program } = await startServer(t, RAW);
    for (const path of ['/destroyed', '/failed']) await closed(open(t, port, handshake(path)));
    const hanging = open(t, port, handshake('/hang'));
    await printed(program, (text) => text.includes('hanging'));
    hanging.resetAndDestroy();
    assertTrees(
      await sink.waitForSpans(6),
      `
      SERVER GET destroyed ERROR url.path=/destroyed
        INTERNAL inside
      SERVER GET Error ERROR "no token=REDACTED here" url.path=/failed
        * exception Error: "no token=REDACTED here"
        INTERNAL inside
      SERVER GET aborted url.path=/hang
        INTERNAL inside
      `,
      { attributes: ['url.path'], events: true },
    );
    assert.doesNotMatch(sink.rawText(), /secret-value/);
  });

  test('that nobody listens for is an ordinary request', async (t) => {
    const { sink, port } = await startServer(
      t,
      `listen(http.createServer((request, response) => { child('inside'); response.end(); }));`,
    );
    await exchange(port, handshake('/', 'Connection: close'));
    assertTrees(await sink.waitForSpans(2), 'SERVER GET 200\n  INTERNAL inside');
  });

  test('that is ignored makes no span, nor does its handler', async (t) => {
    const { sink, port } = await startServer(t, RAW, { env: { TRACING_IGNORE_URLS: '/refused' } });
    await exchange(port, handshake('/refused'));
    await exchange(port, handshake('/broken'));
    assertTrees(await sink.waitForSpans(2), 'SERVER GET 503 ERROR\n  INTERNAL inside');
  });

  test('of CONNECT ends as the tunnel opens, and is an ordinary destroyed connection without a listener', async (t) => {
    const { sink, port } = await startServer(
      t,
      `const server = http.createServer((request, response) => response.end());
       server.on('connect', (request, socket, first) => {
         child('inside');
         socket.write(request.url.startsWith('no') ? 'HTTP/1.1 403 Forbidden\\r\\n\\r\\n' : 'HTTP/1.1 200 Connection Established\\r\\n\\r\\n');
         socket.end('through the tunnel ' + first);
       });
       listen(server);`,
    );
    assert.match(await exchange(port, `${head('CONNECT h.example:443')}hello`), /200.*through the tunnel hello/s);
    assert.match(await exchange(port, head('CONNECT no.example:443')), /403/);
    assertTrees(
      await sink.waitForSpans(4),
      `
      SERVER CONNECT 200 http.request.method=CONNECT
        INTERNAL inside
      SERVER CONNECT 403 http.request.method=CONNECT
        INTERNAL inside
      `,
      { attributes: ['http.request.method'] },
    );
  });

  for (const tls of [false, true])
    test(`a WebSocket of ws over ${tls ? 'https' : 'http'} is one span with status 101, and messages pass`, async (t) => {
      const { sink, port } = await startServer(
        t,
        `const { WebSocketServer } = require('ws');
         const options = ${tls} ? { key: fs.readFileSync(process.env.KEY), cert: fs.readFileSync(process.env.CERT) } : {};
         const server = ${tls ? 'https' : 'http'}.createServer(options);
         const sockets = new WebSocketServer({ server, verifyClient: ({ req }) => req.url !== '/no' });
         sockets.on('connection', (socket) => { child('connection'); socket.on('message', (data) => socket.send(String(data).toUpperCase())); });
         listen(server);`,
        { env: { CERT: certificateFile, KEY: certificateFile.replace('cert.pem', 'key.pem') } },
      );
      const url = `${tls ? 'wss' : 'ws'}://127.0.0.1:${port}`;
      const client = new WebSocket(`${url}/chat?token=secret-value`, { rejectUnauthorized: false });
      await once(client, 'open');
      client.send('hello');
      const [message] = (await once(client, 'message')) as [Buffer];
      assert.equal(message.toString(), 'HELLO');
      client.close();
      const refused = new WebSocket(`${url}/no`, { rejectUnauthorized: false });
      await once(refused, 'error');
      assertTrees(
        await sink.waitForSpans(3),
        `
        SERVER GET 101 url.scheme=${tls ? 'https' : 'http'} url.path=/chat url.query=token=REDACTED
          INTERNAL connection
        SERVER GET 401 url.scheme=${tls ? 'https' : 'http'} url.path=/no
        `,
        { attributes: ['url.scheme', 'url.path', 'url.query'] },
      );
    });

  test('leaves servers as they were: counts, names, own properties, an emit of their own', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const code = `
      const http = require('node:http'), net = require('node:net');
      const seen = [];
      class Server extends http.Server {
        emit(name, ...args) { if (name === 'upgrade') seen.push('emit ' + args.length); return super.emit(name, ...args); }
      }
      const server = new Server();
      const look = (when) => console.log(when, server.listenerCount('upgrade'), server.listenerCount('upgrade', look), server.listenerCount.name,
        server.listenerCount.length, server.emit.name, server.emit.length, server.listeners('upgrade').length);
      const keys = () => Object.getOwnPropertyNames(server).join();
      server.on('upgrade', (request, socket) => { seen.push(keys()); socket.end('HTTP/1.1 101 Yes\\r\\n\\r\\n'); });
      server.once('upgrade', function () { seen.push(this === server); });
      server.listen(0, () => {
        const before = keys();
        look('before');
        queueMicrotask(() => console.log(keys() === before));
        const client = net.connect(server.address().port, () => client.write(${JSON.stringify(handshake('/'))}));
        client.resume().on('close', () => {
          console.log(keys() === before, seen[0], seen[1] === before, seen[2]);
          look('after');
          const all = []; for (const name in server) all.push(name);
          console.log(all.filter((name) => /emit|listenerCount/.test(name)).join());
          server.close();
        });
      });`;
    const { stdout } = await runTraced({ code, env });
    assert.match(stdout, /before 2 .*\ntrue\ntrue emit 3 true true\nafter 1/);
    assertTrees(await sink.waitForSpans(1), 'SERVER GET 101');
  });
});
