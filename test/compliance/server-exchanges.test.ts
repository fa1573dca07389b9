import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { exchange, rawGet } from '../integration/traced.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { closed, head, open, printed, read, startServer } from './server.ts';

const WATCHED = `
  const handle = (request, response) => {
    child('handler');
    const { pathname } = new URL(request.url, 'http://h');
    response.on('finish', () => child('finish'));
    const ways = {
      '/hints': () => { response.writeEarlyHints({ link: '</a.css>; rel=preload' }); setTimeout(() => response.end('x'), 1); },
      '/processing': () => { response.writeProcessing(); response.end('x'); },
      '/trailers': () => { response.writeHead(200, { trailer: 'x-sum' }); response.write('a'); response.addTrailers({ 'x-sum': '1' }); response.end(); },
      '/empty': () => response.writeHead(204).end(),
      '/cached': () => response.writeHead(304).end(),
      '/chunked': async () => { for (const piece of 'abc') { response.write(piece); await sleep(1); child(piece); } response.end(); },
      '/length': () => response.writeHead(200, { 'content-length': 1 }).end('x'),
      '/upload': () => { let size = 0; request.on('data', (data) => size += data.length).on('end', () => { child('end'); response.end(String(size)); }); },
    };
    ways[pathname]();
  };
`;

suite(
  'an exchange is one span, with the final status and the right context:',
  { concurrency: 3, timeout: 240_000 },
  () => {
    test('the status that was sent, whatever the application makes of it afterwards', async (t) => {
      const code = `listen(http.createServer((request, response) => {
        response.write('x', () => request.url === '/whole' ? response.end() : response.socket.destroy());
        response.statusCode = 500;
      }));`;
      const { sink, port } = await startServer(t, code);
      for (const path of ['/whole', '/broken']) assert.match(await exchange(port, rawGet(path)), /^HTTP\/1.1 200/);
      assertTrees(
        await sink.waitForSpans(2),
        `
        SERVER GET 200 url.path=/whole
        SERVER GET 200 destroyed ERROR url.path=/broken
        `,
        { attributes: ['url.path'] },
      );
    });

    test('interim answers, trailers, HEAD, no content, chunks', async (t) => {
      const { sink, port } = await startServer(t, `${WATCHED} listen(http.createServer(handle));`);
      const paths = ['/hints', '/processing', '/trailers', '/empty', '/cached', '/chunked', '/length'];
      const answers = [];
      for (const path of paths) answers.push(await exchange(port, rawGet(path)));
      answers.push(await exchange(port, rawGet('/length').replace('GET', 'HEAD')));
      assert.deepEqual(
        answers.map((answer) => answer.match(/HTTP\/1.1 \d+/g)?.map((line) => Number(line.slice(9)))),
        [[103, 200], [102, 200], [200], [204], [304], [200], [200], [200]],
      );
      const inside = '\n  INTERNAL finish\n  INTERNAL handler';
      assertTrees(
        await sink.waitForSpans(27),
        `
SERVER GET 200 url.path=/chunked
  INTERNAL a
  INTERNAL b
  INTERNAL c
  INTERNAL finish
  INTERNAL handler
SERVER GET 200 url.path=/hints${inside}
SERVER GET 200 url.path=/length${inside}
SERVER GET 200 url.path=/processing${inside}
SERVER GET 200 url.path=/trailers${inside}
SERVER GET 204 url.path=/empty${inside}
SERVER GET 304 url.path=/cached${inside}
SERVER HEAD 200 url.path=/length${inside}
`,
        { attributes: ['url.path'], order: 'text' },
      );
    });

    const post = (expectation: string): string =>
      head('POST /upload', `Expect: ${expectation}`, 'Content-Length: 4', 'Connection: close');

    for (const [name, listener, status] of [
      ['answered by Node', '', 200],
      [
        'checked by a listener',
        `server.on('checkContinue', (q, r) => { child('check'); setTimeout(() => { r.writeContinue(); handle(q, r); }, 1); });`,
        200,
      ],
      [
        'refused by a listener',
        `server.on('checkContinue', (q, r) => { child('check'); r.writeHead(401).end(); });`,
        401,
      ],
    ] as const) {
      test(`Expect: 100-continue, ${name}`, async (t) => {
        const { sink, port } = await startServer(
          t,
          `${WATCHED} const server = http.createServer(handle); ${listener} listen(server);`,
        );
        const socket = open(t, port, post('100-continue'));
        if (status === 200) {
          await read(socket, /100 Continue/);
          socket.write('body');
          await closed(socket);
        } else await read(socket, /401/);
        const check = listener === '' ? '' : '\n  INTERNAL check';
        const handled = status === 200 ? '\n  INTERNAL end\n  INTERNAL finish\n  INTERNAL handler' : '';
        const wanted = `SERVER POST ${status}${check}${handled}`;
        assertTrees(await sink.waitForSpans(wanted.split('\n').length), wanted, { order: 'text' });
      });
    }

    test('another expectation, refused by Node or checked by a listener', async (t) => {
      const { sink, port, program } = await startServer(
        t,
        `const server = http.createServer(() => {});
       listen(server);
       process.once('message', () => {
         server.on('checkExpectation', (request, response) => { child('check'); response.writeHead(202).end(); });
         console.log('listening');
       });`,
      );
      assert.match(await exchange(port, post('tea')), /^HTTP\/1.1 417/);
      program.send('listen');
      await printed(program, (text) => text.includes('listening'));
      assert.match(await exchange(port, post('coffee')), /^HTTP\/1.1 202/);
      assertTrees(await sink.waitForSpans(3), 'SERVER POST 417\nSERVER POST 202\n  INTERNAL check');
    });

    test('one that asks for more than a connection may have is dropped by Node with 503', async (t) => {
      const { sink, port } = await startServer(
        t,
        `const server = http.createServer((request, response) => response.end());
       server.maxRequestsPerSocket = 1;
       listen(server);`,
      );
      const answer = await exchange(port, head('GET /a') + head('GET /b'));
      assert.deepEqual(answer.match(/HTTP\/1.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 503']);
      assertTrees(await sink.waitForSpans(2), 'SERVER GET 200 url.path=/a\nSERVER GET 503 ERROR url.path=/b', {
        attributes: ['url.path'],
      });
    });
  },
);
