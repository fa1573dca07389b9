import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { exchange, rawGet } from '../integration/traced.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { closed, head, open, printed, read, startServer } from './server.ts';

/** One path, one way to end; each prints its path once it is under way. */
const ENDINGS = `
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://h');
    response.on('error', () => {});
    request.on('error', () => {});
    const begin = () => response.writeHead(200, { 'content-length': 100 }).write('half');
    const ways = {
      '/hello': () => response.end('hello'),
      '/fails': () => { response.statusCode = 503; response.end(); },
      '/hang': () => {},
      '/head-only': () => response.writeHead(200),
      '/half': begin,
      '/body': () => request.resume(),
      '/destroy': () => response.destroy(),
      '/destroy-error': () => response.destroy(Object.assign(new Error('no token=secret-value-1'), { code: 'ESHOP' })),
      '/half-error': () => { begin(); setTimeout(() => response.destroy(new TypeError('half')), 5); },
      '/upstream': () => { begin(); setTimeout(() => response.destroy(Object.assign(new Error('upstream'), { code: 'ECONNRESET' })), 5); },
      '/pipeline': () => { begin(); require('node:stream').pipeline(fs.createReadStream('/does/not/exist'), response, () => {}); },
      '/socket': () => request.socket.destroy(),
      '/reset': () => request.socket.resetAndDestroy(),
      '/no-listeners': () => { response.removeAllListeners('finish'); response.end('x', () => request.socket.destroy()); },
      '/close-all': () => server.closeAllConnections(),
      '/twice': () => { response.end('once'); response.end('twice'); response.destroy(); },
      '/late-end': () => request.once('close', () => response.end('too late')),
    };
    ways[pathname]?.();
    console.log(request.url);
  });`;

suite('a server span says how its request ended:', { concurrency: 3, timeout: 240_000 }, () => {
  test('by an answer, or by the server itself', async (t) => {
    const { sink, port } = await startServer(t, `${ENDINGS} listen(server);`);
    const paths = [
      '/hello',
      '/fails',
      '/destroy',
      '/destroy-error',
      '/half-error',
      '/upstream',
      '/pipeline',
      '/socket',
      '/reset',
      '/no-listeners',
      '/close-all',
      '/twice',
    ];
    for (const path of paths) await closed(open(t, port, rawGet(path)));
    assertTrees(
      await sink.waitForSpans(paths.length),
      `
      SERVER GET 200 url.path=/hello
      SERVER GET 503 ERROR url.path=/fails
      SERVER GET destroyed ERROR url.path=/destroy
      SERVER GET ESHOP ERROR "no token=REDACTED" url.path=/destroy-error
        * exception ESHOP: "no token=REDACTED"
      SERVER GET 200 TypeError ERROR half url.path=/half-error
        * exception TypeError: half
      SERVER GET 200 ECONNRESET ERROR upstream url.path=/upstream
        * exception ECONNRESET: upstream
      SERVER GET 200 ENOENT ERROR … url.path=/pipeline
        * exception ENOENT: …
      SERVER GET destroyed ERROR url.path=/socket
      SERVER GET destroyed ERROR url.path=/reset
      SERVER GET 200 url.path=/no-listeners
      SERVER GET destroyed ERROR url.path=/close-all
      SERVER GET 200 url.path=/twice
      `
        .replace('ERROR half', 'ERROR "half"')
        .replace('ERROR upstream', 'ERROR "upstream"'),
      { attributes: ['url.path'], events: true },
    );
    assert.doesNotMatch(sink.rawText(), /secret-value/);
  });

  test('by a client that went away', async (t) => {
    const { sink, port, program } = await startServer(t, `${ENDINGS} listen(server);`);
    const post = (path: string): string => head(`POST ${path}`, 'Content-Length: 100');
    for (const [text, leave] of [
      [rawGet('/hang'), 'end'],
      [rawGet('/hang?reset'), 'resetAndDestroy'],
      [rawGet('/head-only'), 'end'],
      [rawGet('/half'), 'end'],
      [rawGet('/half?reset'), 'resetAndDestroy'],
      [`${post('/body')}ten bytes.`, 'end'],
      [`${post('/body?reset')}ten bytes.`, 'resetAndDestroy'],
      [rawGet('/late-end'), 'resetAndDestroy'],
    ] as const) {
      const [, path = ''] = / (\S+)/.exec(text) ?? [];
      const before = program.stdout().length;
      const socket = open(t, port, text);
      if (path.startsWith('/half')) await read(socket, /half/);
      await printed(program, (text) => text.slice(before).includes(`${path}\n`));
      socket[leave]();
      await closed(socket);
    }
    assertTrees(
      await sink.waitForSpans(8),
      `
      SERVER GET aborted url.path=/hang
      SERVER GET aborted url.path=/hang url.query=reset
      SERVER GET aborted url.path=/head-only
      SERVER GET 200 aborted url.path=/half
      SERVER GET 200 aborted url.path=/half url.query=reset
      SERVER POST aborted url.path=/body
      SERVER POST aborted url.path=/body url.query=reset
      SERVER GET aborted url.path=/late-end
      `,
      { attributes: ['url.path', 'url.query'] },
    );
  });

  test('by a time limit of Node, and by a request that breaks off into nonsense', async (t) => {
    const serve = (limits: string) =>
      startServer(
        t,
        `const server = http.createServer(${limits}, (request, response) => {
           request.on('error', () => {}).resume();
         });
         listen(server);`,
      );
    const [limited, patient] = await Promise.all([
      serve('{ requestTimeout: 250, headersTimeout: 200, connectionsCheckingInterval: 20 }'),
      serve('{}'),
    ]);
    const chunked = head('POST /late', 'Transfer-Encoding: chunked');
    assert.match(await exchange(limited.port, chunked), /^HTTP\/1.1 408/);
    assert.match(await exchange(patient.port, `${chunked.replace('late', 'nonsense')}zzz\r\n`), /^HTTP\/1.1 400/);
    // What is no request, or not a whole one, is no span.
    assert.match(await exchange(limited.port, 'GET /half-a-head HTTP/1.1\r\nHost: h\r\n'), /^HTTP\/1.1 408/);
    assert.match(await exchange(patient.port, 'nonsense\r\n\r\n'), /^HTTP\/1.1 400/);
    assert.match(
      await exchange(patient.port, `GET / HTTP/1.1\r\nHost: h\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`),
      /^HTTP\/1.1 431/,
    );
    assert.match(await exchange(patient.port, 'GET /no-host HTTP/1.1\r\n\r\n'), /^HTTP\/1.1 400/);
    assertTrees(await limited.sink.waitForSpans(1), 'SERVER POST ERR_HTTP_REQUEST_TIMEOUT url.path=/late', {
      attributes: ['url.path'],
    });
    assertTrees(
      await patient.sink.waitForSpans(2),
      'SERVER POST HPE_INVALID_CHUNK_SIZE url.path=/nonsense\nSERVER GET 400 url.path=/no-host',
      { attributes: ['url.path'] },
    );
  });

  test('by a server that closes with requests open, and by a connection that ends between two', async (t) => {
    const { sink, port, program } = await startServer(
      t,
      `${ENDINGS}
       server.keepAliveTimeout = 1; server.keepAliveTimeoutBuffer = 1;
       listen(server);
       process.once('message', () => {
         server.close(() => { console.log('closed'); process.disconnect(); });
         setTimeout(() => server.closeAllConnections(), 20);
       });`,
    );
    const idle = open(t, port, head('GET /hello'));
    await closed(idle);
    const hanging = open(t, port, head('GET /hang'));
    await printed(program, (text) => text.includes('/hang'));
    program.send('stop');
    await closed(hanging);
    assert.equal((await program.exited).code, 0);
    assertTrees(sink.spans, 'SERVER GET 200 url.path=/hello\nSERVER GET destroyed ERROR url.path=/hang', {
      attributes: ['url.path'],
    });
  });

  for (const [name, leave, wanted] of [
    ['process.exit()', 'process.exit(3)', { code: 3, signal: null }],
    ['a signal', `process.kill(process.pid, 'SIGTERM')`, { code: null, signal: 'SIGTERM' }],
  ] as const) {
    test(`by ${name} in the middle: nothing that was open is lost`, async (t) => {
      const { sink, port, program } = await startServer(
        t,
        `let waiting = 0;
         const server = http.createServer((request, response) => {
           if (request.url === '/half') response.write('half');
           if (request.url === '/done') response.end('done');
           if (request.url === '/leave') ${leave};
           else console.log(++waiting);
         }).on('upgrade', () => console.log(++waiting));
         listen(server);`,
      );
      open(t, port, head('GET /hang'));
      await printed(program, (text) => text.includes('1\n'));
      await read(open(t, port, head('GET /half')), /half/);
      await printed(program, (text) => text.includes('2\n'));
      open(t, port, head('GET /upgrade', 'Connection: upgrade', 'Upgrade: x'));
      await printed(program, (text) => text.includes('3\n'));
      open(t, port, head('GET /leave'));
      const { code, signal } = await program.exited;
      assert.deepEqual({ code, signal }, wanted);
      assertTrees(
        await sink.waitForSpans(4),
        `
        SERVER GET process_exit ERROR url.path=/hang
        SERVER GET 200 process_exit ERROR url.path=/half
        SERVER GET process_exit ERROR url.path=/upgrade
        SERVER GET process_exit ERROR url.path=/leave
        `,
        { attributes: ['url.path'] },
      );
    });
  }

  test('each once, in a storm of all endings', async (t) => {
    const { sink, port, program } = await startServer(
      t,
      `${ENDINGS}
       server.on('upgrade', (request, socket) => { console.log(request.url); socket.on('error', () => {}); request.url.startsWith('/half?') ? undefined : socket.end('HTTP/1.1 401 No\\r\\n\\r\\n'); });
       server.on('request', () => {});
       listen(server);
       process.once('message', () => { server.close(); server.closeAllConnections(); process.disconnect(); });`,
    );
    const paths = [
      '/hello',
      '/hang',
      '/half',
      '/destroy',
      '/destroy-error',
      '/half-error',
      '/socket',
      '/reset',
      '/twice',
    ];
    const rounds = 12;
    await Promise.all(
      Array.from({ length: rounds }, async (_, round) => {
        for (const [index, path] of paths.entries()) {
          const target = `${path}?n=${round}-${index}`;
          const text = index % 4 === 3 ? head(`GET ${target}`, 'Connection: upgrade', 'Upgrade: x') : rawGet(target);
          const socket = open(t, port, text);
          if (/hang|half$/.test(path)) {
            await printed(program, (all) => all.includes(`${target}\n`));
            socket.destroy();
          }
          await closed(socket);
        }
      }),
    );
    program.send('stop');
    assert.equal((await program.exited).code, 0);
    const queries = sink.spans.map(({ attributes }) => String(attributes['url.query']));
    assert.equal(new Set(queries).size, queries.length);
    assert.equal(queries.length, rounds * paths.length);
    // At the end of the process nothing was open any more.
    assert.deepEqual(
      sink.spans.filter(({ attributes }) => attributes['error.type'] === 'process_exit'),
      [],
    );
  });
});
