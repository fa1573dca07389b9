// What the test suites of other projects taught: small programs that look where an application seldom looks, and see the same with the agent.
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { casesOf } from '../support/every-case.ts';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { runTraced, startSurroundings } from '../integration/traced.ts';

/** Runs the program without and with the agent; what it printed is the same, and the agent saw `count` requests. */
async function compare(
  t: TestContext,
  code: string,
  count: number,
  more: Record<string, string> = {},
): Promise<{ printed: string; spans: ReceivedSpan[] }> {
  const { sink, env } = await startSurroundings(t);
  const program = `const http = require('node:http');\n${code}`;
  const { stdout } = await runTraced({ code: program, env: { ...env, ...more } });
  return { printed: stdout, spans: await sink.waitForSpans(count) };
}

suite('an application does not notice the agent', { concurrency: 4 }, () => {
  test('in the address of a connection that is gone, which nobody had asked for before', async (t) => {
    const { printed, spans } = await compare(
      t,
      `const server = http.createServer((request) => {
        const { socket } = request;
        request.destroy();
        socket.once('close', () => {
          console.log('server', socket.remoteAddress, socket.remotePort);
          server.close();
        });
      });
      server.listen(0, '127.0.0.1', () => {
        http.get({ port: server.address().port, agent: false }).on('error', ({ code }) => console.error(code));
      });`,
      2,
    );
    assert.equal(printed, 'server undefined undefined\n');
    assert(spans.some(({ attributes }) => attributes['network.peer.address'] === '127.0.0.1'));
  });

  test('in the address that a client asks for when its connection is gone', async (t) => {
    const { printed, spans } = await compare(
      t,
      `const server = http.createServer((request, response) => response.end('hello'));
      server.listen(0, '127.0.0.1', () => {
        http.get({ port: server.address().port, agent: false }, (response) => {
          const { socket } = response;
          socket.once('close', () => {
            console.log('client', socket.remoteAddress, socket.remotePort);
            server.close();
          });
          response.resume();
        });
      });`,
      2,
    );
    assert.equal(printed, 'client undefined undefined\n');
    assert.equal(spans.filter(({ attributes }) => attributes['network.peer.address'] === '127.0.0.1').length, 2);
  });

  /** Prints the head of every kind of request as it reached a server, without what SKIP names. */
  const heads = `const server = http.createServer((request, response) => {
    const kept = request.rawHeaders.filter((_, at, all) => all[at - (at % 2)] !== process.env.SKIP);
    console.log(request.method, kept.join('|').replaceAll(/:\\d+/g, ''));
    response.end('hello');
  });
  const send = (options, body) =>
    new Promise((resolve) => {
      const { port } = server.address();
      const request = http.request({ host: '127.0.0.1', port, ...options }, (response) => response.resume().on('end', resolve));
      request.on('continue', () => request.end(body));
      if (options.headers?.Expect === undefined) request.end(body);
    });
  server.listen(0, '127.0.0.1', async () => {
    await send({});
    await send({ method: 'POST', headers: { 'X-Own': ['a', 'b'] } }, 'body');
    await send({ headers: [['X-Own', 'a'], ['x-OWN', 'b'], ['Host', 'own.example']] });
    await send({ headers: { Expect: '100-continue' } }, 'body');
    await send({ method: 'DELETE', agent: false });
    await (await fetch('http://127.0.0.1:' + server.address().port, { method: 'PUT', body: 'body' })).text();
    server.closeAllConnections();
    server.close();
  });`;

  /** The same of http2, and what the client itself finds to have been sent. */
  const http2Heads = `const http2 = require('node:http2');
  const list = (pairs) => pairs.filter((_, at) => pairs[at - (at % 2)] !== process.env.SKIP).join('|').replaceAll(/:\\d+/g, '');
  const server = http2.createServer().on('stream', (stream, headers, flags, raw) => {
    console.log('got', list(raw));
    stream.respond();
    stream.end('hello');
  });
  server.listen(0, '127.0.0.1', async () => {
    const session = http2.connect('http://127.0.0.1:' + server.address().port);
    const send = async (headers) => {
      const stream = session.request(headers);
      for await (const chunk of stream);
      console.log('sent', list(Object.entries(stream.sentHeaders).flat()), Object.getPrototypeOf(stream.sentHeaders));
    };
    await send();
    await send({ 'x-Own': ['a', 'b'], ':path': '/own' });
    await send({ host: 'own.example', secret: 'a', [http2.sensitiveHeaders]: ['secret'] });
    session.close();
    server.close();
  });`;

  const noHeaders = fileURLToPath(new URL('suites/no-trace-headers.yml', import.meta.url));
  const settings = [
    ['but for one header', { SKIP: 'traceparent' }],
    ['with OTEL_PROPAGATORS=none', { OTEL_PROPAGATORS: 'none' }],
    ['with an empty propagation.to', { TRACING_CONFIG: noHeaders }],
  ] as const;
  for (const [how, env] of casesOf(settings, 1)) {
    test(`in the head of a request, ${how}`, async (t) => {
      const { printed } = await compare(t, heads, 12, env);
      assert.match(printed, /^GET X-Own\|a\|x-OWN\|b\|Host\|own\.example\|/m);
      assert.equal(printed.split('\n').length, 7);
    });

    test(`in the head of a request of http2, ${how}`, async (t) => {
      const { printed } = await compare(t, http2Heads, 6, env);
      assert.equal(printed.split('\n').length, 7);
    });
  }

  /** Asks a server for an upgrade or a tunnel, and both sides print what is on the socket that they get; `FIRST`: after an ordinary request. */
  const handedOver = `const print = (side, socket) => {
      const events = ['close', 'data', 'drain', 'end', 'error', 'timeout'];
      console.log(side, events.map((name) => socket.listenerCount(name)).join(), Object.keys(socket).includes('emit'));
    };
    const server = http.createServer((request, response) => response.end('ordinary'));
    const over = (kind, answer) => (request, socket) => {
      print('server, ' + kind, socket);
      setImmediate(() => {
        socket.write('HTTP/1.1 ' + answer + '\\r\\n\\r\\n');
        console.log('answered', Object.hasOwn(socket, 'emit'), Object.hasOwn(socket, 'write'), socket.listenerCount('close'));
        socket.end();
      });
    };
    server.on('upgrade', over('upgrade', '101 Switching Protocols\\r\\nConnection: upgrade\\r\\nUpgrade: own'));
    server.on('connect', over('connect', '200 Connection established'));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const send = (options, kind) => new Promise((resolve) => {
      const request = http.request({ host: '127.0.0.1', port: server.address().port, agent, ...options });
      request.on('response', (response) => response.resume().on('close', resolve));
      request.on(kind, (response, socket) => {
        print('client, ' + kind, socket);
        socket.on('close', resolve).resume().end();
      });
      request.end();
    });
    server.listen(0, '127.0.0.1', async () => {
      for (const [kind, options] of [
        ['upgrade', { headers: { Connection: 'upgrade', Upgrade: 'own' } }],
        ['connect', { method: 'CONNECT', path: 'a.example:443' }],
      ]) {
        if (process.env.FIRST) await send({}, kind);
        await send(options, kind);
      }
      agent.destroy();
      server.close();
    });`;

  test('in the listeners of a socket that is handed over', async (t) => {
    const { printed } = await compare(t, handedOver, 4);
    assert.match(printed, /^server, upgrade 0,0,0,1,0,0 false\nanswered false false 0\nclient, upgrade /);
    assert.equal(printed.split('\n').length, 7);
  });

  test('in the listeners of a socket that is handed over after ordinary requests', async (t) => {
    const { printed } = await compare(t, handedOver, 8, { FIRST: 'yes' });
    assert.match(printed, /^server, upgrade 0,0,0,1,0,0 false\nanswered false false 0\nclient, upgrade /);
  });

  test('when it dies of a request that nobody listens to', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const { stderr, code } = await runTraced({
      code: `require('node:http').get({ host: '127.0.0.1', port: 1 });`,
      env,
    });
    assert.match(stderr, /Emitted 'error' event on ClientRequest instance at:\n    at emitErrorEvent/);
    assert.equal(code, 1);
    assert.equal((await sink.waitForSpans(1))[0]?.attributes['error.type'], 'ECONNREFUSED');
  });

  test('in what fastify prints of its plugins, its routes and their hooks', async (t) => {
    const { printed, spans } = await compare(
      t,
      `const app = require('node:module').createRequire(${JSON.stringify(import.meta.filename)})('fastify')();
      app.addHook('onRequest', async () => {});
      app.register(async (inner) => inner.get('/users/:id', async () => 'hello'));
      app.listen({ port: 0, host: '127.0.0.1' }, () => {
        console.log(app.printPlugins().replaceAll(/\\d+ ms/g, ''));
        console.log(app.printRoutes({ includeHooks: true }));
        http.get({ port: app.server.address().port, path: '/users/7', agent: false }, (response) => {
          response.resume().on('end', () => app.close());
        });
      });`,
      2,
    );
    assert.match(printed, /users\/[^]*onRequest/);
    assert(spans.some(({ attributes }) => attributes['http.route'] === '/users/:id'));
  });

  test('when it replaces the global process', async (t) => {
    const { printed } = await compare(
      t,
      `const real = process;
      const server = http.createServer((request, response) => response.end('hello'));
      server.listen(0, '127.0.0.1', () => {
        globalThis.process = {};
        real.on('beforeExit', () => console.log('before exit'));
        real.on('SIGTERM', () => {});
        http.get({ port: server.address().port, agent: false }, (response) => {
          response.resume().on('end', () => {
            real.removeAllListeners('SIGTERM');
            server.close(() => console.log('closed'));
          });
        });
      });`,
      2,
    );
    assert.match(printed, /^closed\nbefore exit\n$/);
  });

  test('when it interrupts what runs in a REPL', async () => {
    const { stdout, code } = await runTraced({
      flags: ['-i'],
      env: { TRACING_CONSOLE: 'off' },
      input: `a = 1001; process.kill(process.pid, 'SIGINT'); while (true) {}\na * 42\n`,
    });
    assert.match(stdout, /Script execution was interrupted by `SIGINT`[^]*42042/);
    assert.equal(code, 0);
  });
});
