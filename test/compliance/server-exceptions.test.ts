import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { exchange, rawGet, runTraced, startSurroundings } from '../integration/traced.ts';
import { casesOf } from '../support/every-case.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { closed, head, open, printed, startServer } from './server.ts';

/** A program that asks itself for one path, whose handler throws in the way that the path says. */
const crashing = (path: string): string => `
  const http = require('node:http'), net = require('node:net');
  const { setTimeout: sleep } = require('node:timers/promises');
  const { trace, context } = require('@opentelemetry/api');
  const fail = (name) => { throw new TypeError(name + ' failed at /pay?token=secret-value-1'); };
  const ways = {
    '/sync': () => fail('sync'),
    '/timer': () => setTimeout(() => fail('timer'), 1),
    '/async': async () => { await sleep(1); fail('async'); },
    '/child': () => trace.getTracer('app').startActiveSpan('child', () => setTimeout(() => fail('child'), 1)),
    '/text': () => setImmediate(() => { throw 'a text with token=secret-value-2'; }),
    '/after': (response) => { response.end('fine'); fail('after'); },
  };
  const server = http.createServer((request, response) => { ways[request.url]?.(response, request); });
  server.on('upgrade', (request) => setTimeout(() => fail('upgrade'), 1));
  // Another one is under way, that has nothing to do with it.
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    const send = (target) => net.connect(port, () => {}).on('error', () => {}).resume().write('GET ' + target + ' HTTP/1.1\\r\\nHost: h\\r\\n${path === '/upgrade' ? 'Connection: upgrade\\r\\nUpgrade: x\\r\\n' : ''}\\r\\n');
    ${path === '/upgrade' ? '' : `server.once('request', () => send('${path}'));`}
    send('/other');
  });`;

suite('an exception that nobody catches', { concurrency: 3, timeout: 240_000 }, () => {
  const rows: ReadonlyArray<readonly [path: string, type: string, message: string, status?: string]> = [
    ['/sync', 'TypeError', 'sync failed at /pay?token=REDACTED'],
    ['/timer', 'TypeError', 'timer failed at /pay?token=REDACTED'],
    ['/async', 'TypeError', 'async failed at /pay?token=REDACTED'],
    ['/child', 'TypeError', 'child failed at /pay?token=REDACTED'],
    ['/after', 'TypeError', 'after failed at /pay?token=REDACTED', '200 '],
    ['/text', '_OTHER', 'a text with token=REDACTED'],
  ];
  for (const [path, type, message, status = ''] of casesOf(rows, 2)) {
    test(`ends the process as without us, and is on the span of its request: ${path}`, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const { code, stderr } = await runTraced({ code: crashing(path), env });
      assert.equal(code, 1);
      assert.match(stderr, /secret-value/);
      assertTrees(
        sink.spans.filter(({ kind }) => kind === 'SERVER'),
        `
        SERVER GET process_exit ERROR url.path=/other
        SERVER GET ${status}${type} ERROR "${message}" url.path=${path}
        ${type === '_OTHER' ? '' : `  * exception TypeError: "${message}"`}
        `.replace(/\n\s+\n/, '\n'),
        { attributes: ['url.path'], events: true },
      );
      const [exception] = sink.spans.flatMap(({ events }) => events);
      if (type !== '_OTHER')
        assert.match(String(exception?.attributes['exception.stacktrace']), /^TypeError: .*REDACTED\n\s+at fail/);
      assert.doesNotMatch(sink.rawText(), /secret-value/);
    });
  }

  test('of an upgrade handler is on its span', async (t) => {
    const { sink, env } = await startSurroundings(t);
    await runTraced({ code: crashing('/upgrade'), env });
    assertTrees(
      sink.spans,
      `
      SERVER GET TypeError ERROR "upgrade failed at /pay?token=REDACTED" url.path=/other
        * exception TypeError: "upgrade failed at /pay?token=REDACTED"
      `,
      { attributes: ['url.path'], events: true },
    );
  });

  for (const [how, survive] of [
    ['a handler of uncaughtException', `process.on('uncaughtException', (error) => answer(error));`],
    ['a domain', `const domain = require('node:domain').create(); domain.on('error', (error) => answer(error));`],
  ] as const) {
    test(`that ${how} survives stays on the span, with the answer`, async (t) => {
      const { sink, port, program } = await startServer(
        t,
        `let current;
         const answer = (error) => { current.statusCode = 500; current.end(error.message); };
         ${survive}
         const handle = (request, response) => {
           current = response;
           if (request.url === '/throw') setTimeout(() => { throw new RangeError('thrown'); }, 1);
           else if (request.url === '/throw-now') throw new RangeError('thrown');
           else response.end('fine');
         };
         listen(http.createServer((request, response) => {
           if (${how === 'a domain'}) domain.run(handle, request, response);
           else handle(request, response);
         }));`,
      );
      for (const path of ['/throw', '/fine', '/throw-now', '/fine']) await exchange(port, rawGet(path));
      assertTrees(
        await sink.waitForSpans(4),
        `
        SERVER GET 500 RangeError ERROR "thrown" url.path=/throw
          * exception RangeError: thrown
        SERVER GET 200 url.path=/fine
        SERVER GET 500 RangeError ERROR "thrown" url.path=/throw-now
          * exception RangeError: thrown
        SERVER GET 200 url.path=/fine
        `,
        { attributes: ['url.path'], events: true },
      );
      assert.equal(program.stderr(), '');
    });
  }

  test("that the application's own listener of unhandledRejection takes is not on it", async (t) => {
    const { sink, port, program } = await startServer(
      t,
      `process.on('unhandledRejection', () => {});
       const fail = async () => { throw new Error('rejected'); };
       listen(http.createServer((request, response) => {
         if (request.url === '/answered') response.end('fine');
         fail();
         console.log(request.url);
       }));`,
    );
    await exchange(port, rawGet('/answered'));
    const hanging = open(t, port, head('GET /hang'));
    await printed(program, (text) => text.includes('/hang'));
    hanging.end();
    await closed(hanging);
    assertTrees(await sink.waitForSpans(2), 'SERVER GET 200 url.path=/answered\nSERVER GET aborted url.path=/hang', {
      attributes: ['url.path'],
      events: true,
    });
  });
});
