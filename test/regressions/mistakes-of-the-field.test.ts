// What other tracers of Node and Python were seen to get wrong, one named test a mistake; each runs a real program.
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createProject } from '../config/project.ts';
import { startBackend, type Backend } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { closedPort, startSink, type Sink } from '../support/otlp-sink.ts';
import { patientFlags, runProgram, startProgram, type Exit } from '../support/run-program.ts';
import { assertTrees } from '../support/trace-tree.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const SECRET = 'hunter2secret';

interface Run {
  exit: Exit;
  sink: Sink;
  backend: Backend;
  spans: ReceivedSpan[];
  span(kind: ReceivedSpan['kind'], part?: string): ReceivedSpan;
}

/** What every program of this file begins with. */
const PRELUDE = `
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
const listen = async (server, ...at) => {
  server.listen(...(at.length > 0 ? at : [0, '127.0.0.1']));
  await once(server, 'listening');
  return server.address().port;
};
const get = (...args) => new Promise((resolve, reject) => {
  http.get(...args, (response) => {
    let text = '';
    response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text)).on('error', reject);
  }).on('error', reject);
});
/** Sends bytes as they are; resolves when the server closes. */
const send = (port, text) => new Promise((resolve) => {
  let answer = '';
  const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
  socket.on('data', (chunk) => (answer += chunk)).on('close', () => resolve(answer)).on('error', () => {});
});
const backend = process.env.BACKEND;
`;

/** Runs the lines as an ES module under the agent. */
async function run(t: TestContext, lines: string, env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const [sink, backend] = await Promise.all([closeAfter(t, startSink()), closeAfter(t, startBackend())]);
  const exit = await runProgram({
    code: PRELUDE + lines,
    flags: [...patientFlags, '--input-type=module'],
    cwd: root,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, BACKEND: backend.url, ...env },
    timeoutMillis: 120_000,
  });
  const { spans } = sink;
  return {
    exit,
    sink,
    backend,
    spans,
    span(kind, part = '') {
      const found = spans.find((span) => span.kind === kind && JSON.stringify(span.attributes).includes(part));
      assert.ok(found, `no ${kind} span of ${part}\n${exit.stderr}`);
      return found;
    },
  };
}

suite('none of the mistakes of the field:', { concurrency: 3, timeout: 240_000 }, () => {
  test('1. fetch and undici redact, `sig` too, and url.query has no question mark', async (t) => {
    const { sink, span } = await run(
      t,
      `
      const { request } = await import('undici');
      const server = http.createServer((request, response) => response.end());
      const port = await listen(server);
      await (await fetch(backend + '/by-fetch?sig=${SECRET}&page=1')).text();
      await (await request(backend + '/by-undici?sig=${SECRET}&page=1')).body.text();
      await get({ port, host: '127.0.0.1', path: '/served?sig=${SECRET}&page=1', agent: false });
      server.close();
      `,
    );
    assert.match(String(span('CLIENT', 'by-fetch').attributes['url.full']), /\?sig=REDACTED&page=1$/);
    assert.match(String(span('CLIENT', 'by-undici').attributes['url.full']), /\?sig=REDACTED&page=1$/);
    assert.equal(span('SERVER').attributes['url.query'], 'sig=REDACTED&page=1');
    assert.doesNotMatch(sink.rawText(), new RegExp(SECRET));
  });

  test('2. token, SIG, access_token, path secrets, Location, Referer and error messages are redacted', async (t) => {
    const { sink, spans, span } = await run(
      t,
      `
      const server = http.createServer((request, response) =>
        response.writeHead(302, { location: '/next?token=${SECRET}' }).end());
      const port = await listen(server);
      const headers = { referer: 'https://shop.example/?access_token=${SECRET}' };
      await get({ port, host: '127.0.0.1', path: '/x?token=${SECRET}&SIG=${SECRET}&access_token=${SECRET}', headers, agent: false });
      await get({ port, host: '127.0.0.1', path: '/reset-password/4f9d${SECRET}77aa01', headers, agent: false });
      await get('http://nowhere.invalid/?token=${SECRET}').catch(() => {});
      await fetch('http://127.0.0.1:${await closedPort()}/?token=${SECRET}').catch(() => {});
      server.close();
      `,
      {
        OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST: 'referer',
        OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE: 'location',
      },
    );
    assert.equal(spans.length, 6);
    assert.doesNotMatch(sink.rawText(), new RegExp(SECRET));
    const { attributes } = span('SERVER', '/x');
    assert.equal(attributes['url.query'], 'token=REDACTED&SIG=REDACTED&access_token=REDACTED');
    assert.deepEqual(attributes['http.request.header.referer'], ['https://shop.example/?access_token=REDACTED']);
    assert.deepEqual(attributes['http.response.header.location'], ['/next?token=REDACTED']);
    assert.equal(span('SERVER', 'reset').attributes['url.path'], '/reset-password/REDACTED');
  });

  test('3. a query with nothing to hide, or one thing, keeps every other byte', async (t) => {
    const query = 'a%20b=c+d;e=1&x=1&x=2&%7Ey=%zz&empty=&flag';
    const { span } = await run(
      t,
      `
      const server = http.createServer((request, response) => response.end());
      const port = await listen(server);
      await get({ port, host: '127.0.0.1', path: '/clean?${query}', agent: false });
      await get({ port, host: '127.0.0.1', path: '/one?${query}&token=${SECRET}&z=a%20b', agent: false });
      server.close();
      `,
    );
    for (const kind of ['CLIENT', 'SERVER'] as const) {
      const name = kind === 'CLIENT' ? 'url.full' : 'url.query';
      const queryOf = (part: string): string | undefined =>
        String(span(kind, part).attributes[name]).replace(/^[^?]*\?/, '');
      assert.equal(queryOf('/clean'), query);
      assert.equal(queryOf('/one'), `${query}&token=REDACTED&z=a%20b`);
    }
  });

  test('4. a target that starts with two slashes stays a path, of the host that was called', async (t) => {
    const { span, backend } = await run(
      t,
      `
      const server = http.createServer((request, response) => response.end());
      const port = await listen(server);
      await send(port, 'GET //x?sig=${SECRET} HTTP/1.1\\r\\nHost: shop.example\\r\\nConnection: close\\r\\n\\r\\n');
      await (await fetch(backend + '//evil.example/x')).text();
      server.close();
      `,
    );
    const served = span('SERVER').attributes;
    assert.deepEqual(
      [served['url.path'], served['url.query'], served['server.address']],
      ['//x', 'sig=REDACTED', 'shop.example'],
    );
    const called = span('CLIENT').attributes;
    assert.deepEqual(
      [called['url.full'], called['server.address'], called['server.port']],
      [`${backend.url}//evil.example/x`, '127.0.0.1', backend.port],
    );
  });

  test('5. a URL that no parser accepts is redacted all the same', async (t) => {
    const { sink, spans } = await run(
      t,
      `
      const server = http.createServer((request, response) => response.end());
      const port = await listen(server);
      for (const target of ['http://[bad?token=${SECRET}', '/%zz%?token=${SECRET}', '/a?token=${SECRET}%', '*'])
        await send(port, 'GET ' + target + ' HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n');
      await get({ host: '127.0.0.1', port, path: 'http://[bad?token=${SECRET}', agent: false });
      server.close();
      `,
    );
    assert.equal(spans.length, 6);
    assert.doesNotMatch(sink.rawText(), new RegExp(SECRET));
  });

  test('6. a made-up method is no span name, and the case of a method stays', async (t) => {
    const { spans } = await run(
      t,
      `
      const server = http.createServer((request, response) => response.end());
      const port = await listen(server);
      await get({ port, host: '127.0.0.1', method: 'PURGE', agent: false });
      await (await fetch(backend + '/x', { method: 'patch' })).text();
      server.close();
      `,
    );
    assertTrees(
      spans,
      `
      CLIENT HTTP 200 http.request.method=_OTHER http.request.method_original=PURGE
        SERVER HTTP 200 http.request.method=_OTHER http.request.method_original=PURGE
      CLIENT HTTP … http.request.method=_OTHER http.request.method_original=patch
      `,
      { attributes: ['http.request.method', 'http.request.method_original'] },
    );
  });

  test('7. error.type is a code and a text: ECONNREFUSED, TimeoutError', async (t) => {
    const port = await closedPort();
    const { spans } = await run(
      t,
      `
      await get('http://127.0.0.1:${port}/by-http').catch(() => {});
      await fetch('http://127.0.0.1:${port}/by-fetch').catch(() => {});
      await fetch(backend + '/hang', { signal: AbortSignal.timeout(50) }).catch(() => {});
      await get(backend + '/hang', { signal: AbortSignal.timeout(50) }).catch(() => {});
      `,
    );
    assert.deepEqual(
      spans.map(({ attributes, status }) => [attributes['error.type'], status.code]),
      [
        ['ECONNREFUSED', 'ERROR'],
        ['ECONNREFUSED', 'ERROR'],
        ['TimeoutError', 'ERROR'],
        ['TimeoutError', 'ERROR'],
      ],
    );
  });

  test("8. aborting one's own request is no error", async (t) => {
    const { spans } = await run(
      t,
      `
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      await Promise.allSettled([
        fetch(backend + '/hang', { signal: controller.signal }),
        get(backend + '/hang', { signal: controller.signal }),
      ]);
      const request = http.get(backend + '/hang').on('error', () => {});
      setTimeout(() => request.destroy(), 50);
      await once(request, 'close');
      `,
    );
    assert.equal(spans.length, 3);
    for (const { attributes, status } of spans) {
      assert.deepEqual([attributes['error.type'], status.code], [undefined, 'UNSET']);
    }
  });

  test('9. a client that leaves before any response has no status code, and the span says so', async (t) => {
    const { span } = await run(
      t,
      `
      let came;
      const arrived = new Promise((resolve) => (came = resolve));
      const server = http.createServer((request, response) => {
        request.on('close', () => server.close());
        came();
      });
      const port = await listen(server);
      const socket = net.connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'));
      await arrived;
      socket.destroy();
      await once(server, 'close');
      `,
    );
    const { attributes, status } = span('SERVER');
    assert.deepEqual(
      [attributes['http.response.status_code'], attributes['error.type'], status.code],
      [undefined, 'aborted', 'UNSET'],
    );
  });

  test('10. X-Forwarded-Proto decides the scheme, and of a list the first element counts', async (t) => {
    const { span } = await run(
      t,
      `
      const server = http.createServer((request, response) => response.end());
      const port = await listen(server);
      const headers = {
        'x-forwarded-proto': 'https, http',
        'x-forwarded-host': 'shop.example:8443, inner.example',
        'x-forwarded-for': '192.0.2.7, 10.0.0.1',
      };
      await get({ port, host: '127.0.0.1', headers, agent: false });
      server.close();
      `,
    );
    const { attributes } = span('SERVER');
    assert.deepEqual(
      ['url.scheme', 'server.address', 'server.port', 'client.address'].map((name) => attributes[name]),
      ['https', 'shop.example', 8443, '192.0.2.7'],
    );
  });

  test('11. `new ClientRequest` is traced, a unix socket is no localhost:80, redirects are counted', async (t) => {
    const { folder } = createProject({});
    const { spans, span } = await run(
      t,
      `
      const request = new http.ClientRequest(backend + '/by-class').end();
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'close');
      const server = http.createServer((request, response) => response.end());
      await listen(server, '${folder}/s');
      await get({ socketPath: '${folder}/s', path: '/by-socket', agent: false });
      await (await fetch(backend + '/redirect/2')).text();
      server.close();
      `,
    );
    assert.equal(span('CLIENT', 'by-class').attributes['http.response.status_code'], 200);
    const bySocket = span('CLIENT', 'by-socket').attributes;
    assert.deepEqual([bySocket['server.address'], bySocket['server.port']], [`${folder}/s`, undefined]);
    assert.deepEqual(
      spans
        .filter(({ attributes }) => String(attributes['url.full']).includes('/redirect/'))
        .map(({ attributes }) => attributes['http.request.resend_count']),
      [undefined, 1, 2],
    );
  });

  test('12. http2 is traced, as client and as server, in one trace', async (t) => {
    const { spans } = await run(
      t,
      `
      import http2 from 'node:http2';
      const server = http2.createServer((request, response) => response.end('ok'));
      const port = await listen(server);
      const session = http2.connect('http://127.0.0.1:' + port);
      const stream = session.request({ ':path': '/x?token=${SECRET}' });
      stream.resume();
      await once(stream, 'close');
      session.close();
      server.close();
      `,
    );
    assertTrees(
      spans,
      `
      CLIENT GET 200 url.full=http://127.0.0.1:<port>/x?token=REDACTED network.protocol.version=2
        SERVER GET 200 network.protocol.version=2 url.query=token=REDACTED
      `,
      { attributes: ['url.full', 'network.protocol.version', 'url.query'] },
    );
  });

  test('13. upgrades and CONNECT are traced on both sides', async (t) => {
    const { spans } = await run(
      t,
      `
      const server = http.createServer();
      server.on('upgrade', (request, socket) =>
        socket.end('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: chat\\r\\n\\r\\n'));
      server.on('connect', (request, socket) => socket.end('HTTP/1.1 200 Connection Established\\r\\n\\r\\n'));
      const port = await listen(server);
      const at = { port, host: '127.0.0.1', agent: false };
      for (const [event, options] of [
        ['upgrade', { path: '/chat', headers: { connection: 'Upgrade', upgrade: 'chat' } }],
        ['connect', { method: 'CONNECT', path: 'shop.example:443' }],
      ]) {
        const request = http.request({ ...at, ...options }).end();
        const [, socket] = await once(request, event);
        socket.resume().end();
        await once(socket, 'close');
      }
      server.close();
      `,
    );
    assertTrees(
      spans,
      `
      CLIENT GET 101
        SERVER GET 101
      CLIENT CONNECT 200
        SERVER CONNECT 200
      `,
    );
  });

  test('14. a pure ES module program under --import has its spans', async (t) => {
    const { spans } = await run(
      t,
      `
      import { createServer, get as named } from 'node:http';
      const server = createServer((request, response) => response.end());
      const port = await listen(server);
      await new Promise((resolve) => named({ port, host: '127.0.0.1', agent: false }, (response) => response.resume().on('close', resolve)));
      server.close();
      `,
    );
    assertTrees(
      spans,
      `
      CLIENT GET 200
        SERVER GET 200
      `,
    );
  });

  test('14. under --import, an ES module program with express has its routes', async (t) => {
    const { spans } = await run(
      t,
      `
      import express from 'express';
      const app = express();
      app.get('/users/:id', (request, response) => response.send('ok'));
      const server = http.createServer(app);
      const port = await listen(server);
      await get({ port, host: '127.0.0.1', path: '/users/7', agent: false });
      server.close();
      `,
    );
    assertTrees(
      spans,
      `
      CLIENT GET 200
        SERVER GET /users/:id 200 http.route=/users/:id
      `,
      { attributes: ['http.route'] },
    );
  });

  suite('15. leaving and a dead endpoint:', () => {
    const SERVER = `
      import http from 'node:http';
      const server = http.createServer((request, response) => response.end());
      server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
    `;

    test('a plain server dies of SIGTERM', async (t) => {
      const sink = await closeAfter(t, startSink());
      const program = await closeAfter(
        t,
        startProgram({
          code: SERVER,
          flags: [...patientFlags, '--input-type=module'],
          env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url },
        }),
      );
      await (await fetch(`http://127.0.0.1:${program.port}/`)).text();
      const { signal } = await program.kill('SIGTERM');
      assert.equal(signal, 'SIGTERM');
      assert.equal(sink.spans.length, 1);
    });

    test('process.exit() loses nothing that was batched', async (t) => {
      const { exit, spans } = await run(
        t,
        `for (let call = 0; call < 20; call++) await get(backend + '/' + call); process.exit(7);`,
        { OTEL_BSP_SCHEDULE_DELAY: '60000' },
      );
      assert.deepEqual([exit.code, spans.length], [7, 20]);
    });

    for (const [name, env, expected] of [
      ['a dead endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, /^tracing: .*127\.0\.0\.1/],
      ['a misspelt exporter', { OTEL_TRACES_EXPORTER: 'oltp' }, /^tracing: OTEL_TRACES_EXPORTER: .*"?otlp/m],
    ] as const) {
      test(`${name} is said in a line, and the program is well`, async (t) => {
        const dead = `http://127.0.0.1:${await closedPort()}`;
        const { exit } = await run(t, `await get(backend + '/x'); console.log('done');`, {
          ...env,
          ...('OTEL_EXPORTER_OTLP_ENDPOINT' in env && { OTEL_EXPORTER_OTLP_ENDPOINT: dead }),
        });
        assert.deepEqual([exit.code, exit.stdout], [0, 'done\n']);
        assert.match(exit.stderr, expected);
      });
    }
  });

  suite('16. filters, nesting, exceptions, messages:', () => {
    test("a url.filter that throws does not touch the user's request", async (t) => {
      const { folder } = createProject({
        'tracing.config.mjs': `export default { url: { filter: () => { throw new Error('no') } } };`,
      });
      const { exit, span } = await run(t, `console.log(await get(backend + '/x?page=1'));`, {
        TRACING_CONFIG: `${folder}/tracing.config.mjs`,
      });
      assert.equal(exit.stdout, 'GET /x?page=1\n');
      assert.match(String(span('CLIENT').attributes['url.full']), /^http:\/\/127\.0\.0\.1:\d+\/REDACTED$/);
    });

    test('a request that passes through nested servers of one process is one server span', async (t) => {
      const { spans } = await run(
        t,
        `
        const inner = http.createServer((request, response) => response.end('inner'));
        const outer = http.createServer((request, response) => inner.emit('request', request, response));
        const port = await listen(outer);
        await get({ port, host: '127.0.0.1', agent: false });
        outer.close();
        `,
      );
      assertTrees(
        spans,
        `
        CLIENT GET 200
          SERVER GET 200
        `,
      );
    });

    test('an unhandled exception of a handler is on the span', async (t) => {
      const { exit, span } = await run(
        t,
        `
        const server = http.createServer(() => {
          throw new TypeError('no such thing ?token=${SECRET}');
        });
        const port = await listen(server);
        await get({ port, host: '127.0.0.1', agent: false });
        `,
      );
      assert.equal(exit.code, 1);
      const { attributes, status } = span('SERVER');
      assert.deepEqual([attributes['error.type'], status.code], ['TypeError', 'ERROR']);
    });

    test('the readable message shows no parameter that was hidden', async (t) => {
      const { exit } = await run(t, `await get(backend + '/x?token=${SECRET}&page=2');`, {
        TRACING_CONSOLE: 'line',
      });
      assert.match(exit.stderr, /\/x\?token=REDACTED&page=2/);
      assert.doesNotMatch(exit.stdout + exit.stderr, new RegExp(SECRET));
    });
  });
});
