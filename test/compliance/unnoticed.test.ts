// What the test suites of other projects taught: small programs that look where an application seldom looks, and see the same with the agent.
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { runTraced, startSurroundings } from '../integration/traced.ts';

/** Runs the program without and with the agent; what it printed is the same, and the agent saw `count` requests. */
async function compare(
  t: TestContext,
  code: string,
  count: number,
): Promise<{ printed: string; spans: ReceivedSpan[] }> {
  const { sink, env } = await startSurroundings(t);
  const { stdout } = await runTraced({ code: `const http = require('node:http');\n${code}`, env });
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
});
